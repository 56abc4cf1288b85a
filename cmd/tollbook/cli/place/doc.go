// Package place knows the files of a workspace and of a lake that no result of a command may replace.
//
//	PLACE-1  Of protects files in any lake, and the settings, books, run ledger and keys of any workspace, not only
//	         of the command's own. It follows links.
package place

// Package place knows the files of a workspace and of a lake that no result of a command may replace.
//
//	PLACE-1  Of names a file by where it is, with links followed, whatever the command's own workspace is: in a
//	         lake, the settings of a workspace, in its books, its run ledger, or its keys.
package place

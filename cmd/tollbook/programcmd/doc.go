// Package programcmd holds the commands about the program itself: version, completion and man.
//
//	MANUAL-1  The manual is generated from the commands: every command that can be called has a page, and two builds
//	          of one source generate identical bytes.
package programcmd

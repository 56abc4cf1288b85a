// Package programcmd is the commands about the program itself: its version, its completion for shells, its manual.
//
//	MANUAL-1  The manual is made of the commands themselves: every command that can be called has a page, and two
//	          builds of one source make the same bytes.
package programcmd

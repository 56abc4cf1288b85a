// Package commands assembles the tree of all commands and runs it.
//
//	CMD-1  Main reads only the arguments, input, variables and clock that it is given, never those of the process.
//	       Paths are relative to the current folder of the process.
package commands

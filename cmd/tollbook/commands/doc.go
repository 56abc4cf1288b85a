// Package commands puts the commands together: the program as a tree of commands, and as a function of its arguments.
//
//	CMD-1  Main reads the arguments, the input, the variables and the clock that it is given, and those of the process
//	       nowhere. Paths are relative to the current folder of the process.
package commands

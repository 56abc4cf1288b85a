// Package workspace opens a workspace: the folder with settings, books, inbox and lake (spec §2). It also holds what a
// run is given (Options) and what it returns (Report, RefusedError), for those who start runs and those who only read.
//
//	WORKSPACE-1  Open reports everything that is wrong with settings and books at once.
//	WORKSPACE-2  Nothing here writes, except that a missing inbox folder is made.
package workspace

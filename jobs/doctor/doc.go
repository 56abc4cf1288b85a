// Package doctor looks whether a workspace and what is around it are fit for runs.
//
//	DOC-1  Every check is told: ok, warn, fail or skipped, what was found, and what to do.
//	DOC-2  Nothing is written to the lake, the inbox or a server. A file is made and removed where it has to be seen
//	       whether one can be.
//	DOC-3  A check that cannot be made fails by itself, and the others are made all the same.
package doctor

// Package workspace opens a workspace: the folder with settings, books, inbox and lake (§2). It also defines what a
// run receives (Options) and returns (Report, RefusedError), for packages that start runs and packages that only read.
//
//  1. Open reports all errors of settings and books at once.
//  2. Nothing here writes, except that a missing inbox folder is created, and the cache of books that OpenOne is given.
//
// OpenOne reads less than Open:
//
//	BOOKS-1  What it reads from the cache is what it would read from the books: this build read them with these
//	         settings without a problem, and each file has the stamp with which it was read, which any change changes.
//	BOOKS-2  A cache that is damaged, or that cannot be read or written, costs time and changes nothing else.
package workspace

// Package workspace opens a workspace: the folder with settings, books, inbox and lake (§2). It also defines what a
// run receives (Options) and returns (Report, RefusedError), for packages that start runs and packages that only read.
//
//  1. Open reports all errors of settings and books at once.
//  2. The package writes nothing, except that it creates a missing inbox folder and the cache of books of OpenOne.
//
// OpenOne reads less than Open:
//
//	BOOKS-1  Books from the cache are those that would be read from the files: this build read them with these
//	         settings without a problem, and each file has the stamp with which it was read, which any change changes.
//	BOOKS-2  A cache that is damaged, or that cannot be read or written, costs only time.
package workspace

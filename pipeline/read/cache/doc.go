// Package cache keeps files of a server for those who ask again: exports that are resumed, partner statements of open
// cycles.
//
//	SHELF-1  A file is made once for all who ask for its tag meanwhile, and is there whole or not at all.
//	SHELF-2  The oldest files go when all together are too large, but never the one that was made last. Who has one
//	         open reads it to its end.
package cache

// Package cache keeps files of a server for repeated requests: exports that are resumed, and partner statements of
// open cycles.
//
//	CACHE-1  A file is made once for all concurrent requests of its tag, and exists completely or not at all.
//	CACHE-2  The oldest files are deleted when the total is too large, but never the newest. A request that has a
//	         file open reads it to its end.
package cache

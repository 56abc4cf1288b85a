// Package heap sets the garbage collector of a process for batch work, and requests huge pages for its heap.
//
//	HEAP-1  Values that GOGC and GOMEMLIMIT set are kept. If both are set, no huge pages are requested.
//	HEAP-2  The last settings chosen are in force, also if earlier ones were postponed. No limit is derived from a
//	          request for huge pages.
package heap

// Package heap sets the garbage collector of a process for batch work, and requests huge pages for its heap.
//
//	HEAP-1  Values that GOGC and GOMEMLIMIT set are kept. If both are set, no huge pages are requested.
//	HEAP-2  The last settings chosen are in force, also if earlier ones were postponed. No limit is derived from a
//	          request for huge pages.
//
// # Huge pages
//
// This part requests huge pages for the heap of the process. Where a page fault is expensive, as on a virtual
// machine, this saves a fifth of the processor time of a night.
//
//	HUGE-1  A request uses no memory before the heap does. It is made only if the system gives such pages on request,
//	        in the usual size, and allows the process that many addresses.
package heap

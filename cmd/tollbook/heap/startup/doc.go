// Package startup sets the heap while the packages of the program are initialized, which allocates several MiB: it
// requests huge pages and avoids a collection.
//
//	STARTUP-1  It is enough to import this package. It imports little, and Go initializes a package as soon as its
//	             imports are initialized: it comes before the packages of other modules that build large tables.
package startup

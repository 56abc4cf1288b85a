// Package records looks up one customer's consumption records in a committed state, one page at a time, and sums them.
//
//	REC-1  An answer is of one committed state. The same state gives the same answer until its files are deleted;
//	       then the error is a *lakeerr.MovedError and no row was returned.
//	REC-2  Rows have the order of §8 within the customer, so that pages of one state neither skip nor repeat a row.
//
// The cost of a page depends on its rows: the bounds of pages locate the customer's rows, and only pages of a column
// that contain rows of the answer are read. Counting reads no amount. Caches are keyed by the content of files, which
// never change, and bounded by Options, like the number of open files. Everything may be used from several goroutines.
package records

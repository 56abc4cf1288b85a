// Package records looks one customer's consumption records up in a committed state, a page at a time, and adds them up.
//
//	REC-1  An answer is of one committed state. The state stays the same however often it is asked, until its files
//	       are gone; then the error is a *lake.MovedError and nothing was given.
//	REC-2  Rows come in the order of spec §8 within the customer, so that pages of one state neither skip nor repeat a
//	       row.
//	REC-3  A page costs what its rows cost: where the customer's rows lie is found by the bounds of pages, and pages
//	       of a column are read that hold rows of the answer and no others. Counting reads no amount.
//	REC-4  What is kept between questions is known by the content of files, which never change; it is bounded by
//	       Options, as is the number of open files.
//	REC-5  Everything may be used from several goroutines.
package records

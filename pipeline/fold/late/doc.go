// Package late rates what is billed after its cycle was closed (spec §4.11): it knows records, meters, fillings of
// packages and sums of lines, but neither files nor runs.
//
//	LATE-1  What comes out is a function of the records in their order, what was billed before them, and the books.
//	LATE-2  The records of an open cycle are taken in order of usage_start and record_id; a reversal directly before
//	        the record in whose place it stands. A chain of records that were never billed leads to the billed one at
//	        its root.
//	LATE-3  Σ usage_amount of late lines = Σ quantity of late records − Σ quantity of what they take back.
//	LATE-4  A meter goes on from where what is billed has left it; so does the filling of a package that was in force
//	        at usage_start.
//	LATE-5  A difference is one line per customer, sku, region and resource, of all lines of a cycle that are due now
//	        less all that were billed; none where every sum is zero.
//	LATE-6  What late records and re-rating made of a package is laid over the positions a cycle opens with, cycle by
//	        cycle, the shifts of each before its states, which hold them: a state takes the place of what the package
//	        stood at, a shift moves what was drawn of its own filling and never below 0. A filling is laid over an
//	        older one of its package and never over a newer.
package late

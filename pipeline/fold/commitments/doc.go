// Package commitments makes the lines of minimums, maximums and commits (§10.4) from the lines that they count.
//
//	FCOMMIT-1  The lines of an open cycle are a function of the lines of that and earlier cycles, the books and the
//	           run's clock. Without commitments in the books nothing is read or written.
//	FCOMMIT-2  Every run calculates a commitment of a closed cycle again if a line that the earliest open cycle bills
//	           is in one of its windows (a late record or a difference by its origin_cycle, a line of a cost file by
//	           its usage_start), or if the cycle was re-rated since the open one began. The difference from all that
//	           was billed is one line per commitment and scope in the earliest open cycle: what was billed is reversed
//	           in the scope of its line. Rows of a commitment that one billed line spans are calculated together.
//	FCOMMIT-3  Orders, manual adjustments and lines of other commitments do not count, except the lines of commitments
//	           that come earlier in the order of §10.4.
//	FCOMMIT-4  No amount is calculated from archived lines. The commitments of a customer that end in a cycle are
//	           final once the first cycle that they count is archived. For an open cycle this is an error.
package commitments

// Package commitments makes the lines of minimums, maximums and commits (§10.4) from the lines that they count.
//
//	FCOMMIT-1  The lines of an open cycle are a function of the lines of that and earlier cycles, the books and the
//	           run's clock. Without commitments in the books nothing is read or written.
//	FCOMMIT-2  A closed cycle is calculated again if a line that is billed after its close is in one of its windows: a
//	           late record or a difference by its origin_cycle, a line of a cost file by its usage_start.
//	           The difference from all that was billed is one line per commitment and scope in the earliest open
//	           cycle: what was billed is reversed in the scope of its line. Rows of a commitment that one billed line
//	           spans are calculated together.
//	FCOMMIT-3  Orders, manual adjustments and lines of other commitments do not count, except the lines of commitments
//	           that come earlier in the order of §10.4.
//	FCOMMIT-4  No amount is calculated from archived lines. The commitments of a customer that end in a cycle are
//	           final once the first cycle that they count is archived. For an open cycle this is an error.
//	FCOMMIT-5  Re-rating a closed cycle calculates all its commitments by the books of the re-rating, and those of
//	           later closed cycles that count the changes. What they owe is stored in table reratings, with its
//	           partner. Later books do not change it. It is a line of the earliest open cycle until a line billed
//	           there is in one of their windows: then FCOMMIT-2 calculates them, also after such a line is gone. What
//	           only such a line caused is posted if the row of the commitment is gone.
package commitments

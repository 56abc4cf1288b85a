// Package verify checks a committed state of the lake against itself: what a run wrote can be counted again by anybody.
//
//	VERIFY-1  Every named file has the size and hash it was written with, and every manifest is the parent its child names (LAKE-1,
//	          LAKE-3, LAKE-6).
//	VERIFY-2  Rows and sums that the manifest keeps are those of the files; every row lies in the file of its cycle, day and bucket,
//	          in order.
//	VERIFY-3  official = discount + truncated + payment, and payment = the sum of its kinds, for every line (spec §4.2, §6.3).
//	VERIFY-4  Σ lines = Σ statements per customer and amount column; payment = rounding + due (spec §6.6).
//	VERIFY-5  Rows read = accepted + duplicate + rejected for every feed file, every reject is kept, and every accepted usage record,
//	          order and adjustment is in the lake once (spec §3.20).
//	VERIFY-6  What was accepted and not replaced is in lines, or waits for the month's end in the positions, to the last digit
//	          (spec §6.6).
//	VERIFY-7  Every check is told, and a difference with the smallest group that differs. Nothing is changed.
//	VERIFY-8  Memory is bounded by the customers of a bucket and the workers, not by the rows.
package verify

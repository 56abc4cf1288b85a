// Package verify checks a committed state of the lake against itself: what a run wrote can be counted again by anybody.
//
//	VERIFY-1  Every named file has the size and hash it was written with, and every manifest is the parent its child
//	          names (LAKE-1, LAKE-3, LAKE-6).
//	VERIFY-2  Rows and sums that the manifest keeps are those of the files; every row lies in the file of its cycle,
//	          day and bucket, in order.
//	VERIFY-3  official = discount + truncated + payment, and payment = the sum of its kinds, for every line (spec
//	          §4.2, §6.3).
//	VERIFY-4  Σ lines = Σ statements per customer and amount column; payment = rounding + due (spec §6.6).
//	VERIFY-5  Rows read = accepted + duplicate + rejected for every feed file, every reject is kept, and every
//	          accepted usage record, order, adjustment, transfer, account event and incentive event is in the lake
//	          once (spec §3.20). Events that a run refused count as rejects.
//	VERIFY-6  What was accepted and not replaced is in lines, or waits for the month's end in the positions, to the
//	          last digit (spec §6.6).
//	VERIFY-7  Every check is told, and a difference with the smallest group that differs. Nothing is changed.
//	VERIFY-8  Memory is bounded by the customers of a bucket and the workers, not by the rows.
//	VERIFY-9  In a closed cycle the rows of partner statements that are not about a reseller come to the lines that
//	          have a partner, per customer, in number and in official, discount, truncated and payment; each row adds
//	          up; what resellers owe distributors is the distributors' revenue, and margin = revenue − cost (spec
//	          §6.4, §6.6).
//	VERIFY-10 Each entry of accounts follows from the one before of the same balance, across days and cycles, and no
//	          balance but what a lowered credit limit leaves is below zero (spec §6.3).
package verify

// Package quota shows what is left of a customer's prepaid packages and what drew on them (§4.3), from the positions
// and the lines of the lake.
//
//	QUOTA-1  What is left of a quota period is its opening minus its draws: what its records drew, day by day, as
//	         stored in the lake, and what was billed late.
//	QUOTA-2  For the period that was drawn on last, the closing positions of the last folded day must be equal. If
//	         they are not, Agrees is false.
//	QUOTA-3  A draw counts once, for its record: month-end lines, which repeat the draws of their records, do not
//	         count. Late billing (§4.11) and re-rating (§4.12) draw on a period that continues into the cycle that
//	         bills them, before that cycle's own records, and do not change a closed cycle. The stored effect gives
//	         the amount; the lines are listed.
//	QUOTA-4  What cost files drew (§11.3) counts in the quota of the cycle that bills them, even if usage_start is
//	         outside the cycle. It is only in lines, including month-end lines; there is no position to compare.
//
// All data comes from one snapshot. Nothing here writes to the lake.
package quota

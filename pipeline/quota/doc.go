// Package quota tells what is left of a customer's prepaid packages and what drew on them (spec §4.3), from the positions and
// the lines that the lake holds.
//
// Contract:
//
//	QUOTA-1  What is left is what the closing positions of the last folded day say; what they do not hold (an earlier quota
//	         period of the cycle) follows from its opening and the draws.
//	QUOTA-2  Opening − Left of a quota period is the sum of its draws, in lines and in gathered meters. Where the lake says
//	         otherwise, Agrees is false.
//	QUOTA-3  A draw for a month-end product has no line of its own: it counts in the position of its meter, without a time.
//	QUOTA-4  Everything comes from one snapshot. Nothing here writes to the lake.
package quota

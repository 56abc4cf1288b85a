// Package quota tells what is left of a customer's prepaid packages and what drew on them (spec §4.3), from the
// positions and the lines that the lake holds.
//
// Contract:
//
//	QUOTA-1  What is left of a quota period is its opening less its draws: what its records drew, day by day, as the
//	         lake holds it, and what was billed late.
//	QUOTA-2  Of the period that was drawn on last the closing positions of the last folded day must say the same.
//	         Where they do not, Agrees is false.
//	QUOTA-3  A draw counts once, for the record that made it: month-end lines, which repeat the draws of their
//	         records, do not count. What was billed late (spec §4.11) and by re-rating (spec §4.12) draws on a period
//	         that goes on into the cycle it was billed in, there, and before that cycle's own records; it leaves a
//	         closed cycle as it was. How much it drew is what it left behind says; its lines are listed.
//	QUOTA-4  Everything comes from one snapshot. Nothing here writes to the lake.
package quota

// Package question contains the finance queries: what each answers, its columns, its order, and how the lake answers
// it. pipeline/out/published has their SQL over the views in ClickHouse.
//
//	ASK-1  The answer to a question is one row for each value of its keys, with the exact sums of its sum columns.
//	       Rows have the question's order, in which no two rows are equal.
//	ASK-2  The same state gives the same table to the last digit, whatever the workers, buckets, days and files, and
//	       whether the lake's files or the published copy answer.
//	ASK-3  Totals and the count of rows are of all rows, also of those that a limit omits. Quantities have different
//	       measures and no total, and neither has a value that several rows contain.
//
// An answer is of one committed state and names it. Only the columns of the lake that a question needs are read.
// Memory is bounded by the number of rows of the answer before its limit, times the workers, not by the number of
// lines.
package question

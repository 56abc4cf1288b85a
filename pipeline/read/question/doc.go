// Package question holds the questions that finance asks of bills again and again, each once: what it answers, its
// columns, its order, and how the lake answers it. pipeline/out/published holds its SQL over the views in ClickHouse.
//
//	ASK-1  A question is rows that are told apart by its keys, and of each the exact sums of its sums. Rows come in
//	       the question's order, which leaves no two of them equal.
//	ASK-2  The same state gives the same table, whatever the workers, buckets, days and files, and whether it is
//	       counted from the lake's files or asked of the published copy: to the last digit.
//	ASK-3  Totals and the count of rows are of all rows, also of those that a limit leaves out. Quantities are of
//	       different measures and have no total, nor has what several rows count again.
//	ASK-4  An answer is of one committed state, and says of which.
//	ASK-5  Of the lake only the columns are read that a question needs. Memory is bounded by the number of rows of the
//	       answer before its limit, times the workers; not by the number of lines.
package question

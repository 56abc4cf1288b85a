// Package ask answers finance questions from one committed state of the lake. It defines a question (the rows of the
// lake that it adds up, and its keys), a request with limits and currencies, the answer with its totals, and the
// series of an answer that a chart shows. Package question lists the questions; pipeline/out/published has the SQL
// over the views in ClickHouse by which a published copy answers them.
//
//	ASK-1  The answer to a question is one row for each value of its keys, with the exact sums of its sum columns.
//	       Rows have the question's order, in which no two rows are equal.
//	ASK-2  The same state gives the same table to the last digit, whatever the workers, buckets, days and files, and
//	       whether the lake's files or the published copy answer.
//	ASK-3  Totals and the count of rows are of all rows, also of those that a limit omits, by currency.
//	       Quantities have different measures and no total, and neither has a value that several rows contain.
//	ASK-4  A limit of a request removes rows before they are added up: a row counts if it fits every limit. A question
//	       whose table has no column for a limit refuses it.
//	ASK-5  Where customers or partners have several currencies, the currency is a key, and rows, limits and totals are
//	       of each currency. Payments of the customers of partners in other currencies have no total.
//
// An answer is of one committed state and names it. Only the columns of the lake that a question needs are read.
// Memory is bounded by the number of rows of the answer before its limit, times the workers, not by the number of
// lines.
package ask

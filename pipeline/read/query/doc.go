// Package query reads committed states of the lake for people: the lines of a cycle, statements, rejects and totals, each in the
// order in which they leave (spec §8), and the story of one record.
//
//	QUERY-1  Everything comes from one snapshot: a run that commits meanwhile is not seen, or the reading starts over (LAKE-4).
//	QUERY-2  Rows come in the order of spec §8, whatever the number of buckets, days and files. A file that is out of order is an
//	         error, never a silently wrong order.
//	QUERY-3  Memory is bounded by Limits, not by the number of rows or files: what does not fit is merged in passes over scratch
//	         files.
//	QUERY-4  Before the first row is given every lake file it may come from is open or copied: no row is given twice.
//	QUERY-5  Nothing here writes to the lake.
//	QUERY-6  What is explained is rated again where the lake holds all that it was rated from; where it does not, after the close, the
//	         story says so and shows what was posted.
package query

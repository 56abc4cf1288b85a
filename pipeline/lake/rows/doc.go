// Package rows reads the tables of one committed state of the lake as rows: lines, statements, rejects and totals,
// each in the order of its exported table (§8).
//
//	ROWS-1  All rows come from one snapshot. If a run commits meanwhile, the reader does not see it, or starts again
//	        (LAKE-4).
//	ROWS-2  The order of rows is that of §8, unless the reader asks for none. It does not depend on the number of
//	        buckets, days and files. Rows of a file that are read in order and are out of order are an error.
//	ROWS-4  Every lake file that rows can come from is open or copied before the first row is returned. No row is
//	        returned twice.
//
// Limits bound the memory, whatever the number of rows and files. Files that do not fit are merged in passes over
// scratch files. The package does not write to the lake.
package rows

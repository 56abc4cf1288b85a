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
//
// # Sorting beyond memory
//
// This part sorts any number of records by byte keys. Records beyond a memory limit are written to temporary
// files of the lake as sorted runs, which are merged when the records are read.
//
//	XSORT-1  Records are returned in bytewise order of their keys, those of equal keys in the order in which they were
//	         added.
//	XSORT-2  Memory is bounded by the limit and a read buffer per run, not by the number of records.
//	XSORT-3  Without more records than the limit holds, no file is created.
//
// # Files of lines
//
// This part writes files of lines that are made one by one: lines of orders and adjustments, and lines that a
// close or a re-rating adds to a cycle.
//
//  1. A file's lines are in the order of §8. Its bytes are a function of the set of lines, of the key and of the books.
//  2. For every file of lines there is a file of table sums with their sums per customer. The manifest keeps the sums
//     of its columns of amounts and quantities.
//  3. The columns that depend on customer, sku and price version alone are taken from the books when the line is
//     written.
//  4. In a file of the lines of a day, a row group also ends after a slot of the clock in which a customer has many
//     lines (Slots).
//
// # Files of a table
//
// This part reads and writes the files of one table of the lake, a row group at a time.
//
//	TFILE-1  The bytes of a file are a function of its rows and of the sizes of the batches that were written.
//	TFILE-2  A file that has no rows is not written: the key has no entry.
//	TFILE-3  Errors of reading name the file.
//	TFILE-4  A Writer keeps its memory from one file to the next.
//	TFILE-5  A file has the same bytes if spare cores wrote some of its row groups.
package rows

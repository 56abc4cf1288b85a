// Package parquet reads and writes columns of Parquet files: the lake's tables as package schemas/table defines them,
// in typed slices without pointers, with dictionaries if the caller has codes.
//
//	COL-1  All columns of a batch have N entries when it is written; a constant column has one.
//	COL-2  The same batches in the same order give the same bytes. They do not depend on time, map order or memory.
//	COL-3  Slices that a reader returns are valid until its next call, and the caller never writes to them.
//	COL-4  Files are plain Parquet: pages of version 1, and codecs and encodings that every reader supports. A zstd
//	       frame that is built here can be read by any decoder of RFC 8878.
//	COL-5  A column that was added to a table later is 0 or empty in rows of files that do not have it. A file without
//	       any other column is refused.
//	COL-6  A batch that is full ends its row group: it has the caller's number of rows, or 64 MiB of texts and words.
//	       More than 2 GiB in a column, whose offsets have 32 bits, is an error of Write.
//
// # The end of a file
//
// This part writes the end of a Parquet file: the page index and the metadata. It also takes over the row groups
// of another file of the same table, without decoding their pages.
//
//	FOOT-1  The end of a file that took over the row groups of another is the one that it has if the same groups were
//	        written to it.
//
// # Distinct texts
//
// This part numbers the distinct texts of a column. Names and tags occur in every record of a resource, and
// looking up a text by its hash is faster than searching a page for it.
//
//  1. Codes are given in the order in which texts first occur.
//
// # Where pages are
//
// This part reads where the row groups, columns and pages of a Parquet file of the lake are: a Layout, from the
// footer and the page index of the file, without a page of data.
//
//  1. A Layout does not change after it was read. Goroutines may share it.
//  2. Pages of a chunk are in the order of their rows, and the first one begins at row 0 of its group. A file for which
//     this does not hold is an error.
//  3. A column that was added to the table after the file was written has no pages. The file has every other column
//     that the caller wants.
package parquet

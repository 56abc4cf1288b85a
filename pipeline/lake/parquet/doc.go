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
package parquet

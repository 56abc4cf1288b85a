// Package parquet moves columns between memory and Parquet files: the lake's tables as package schemas/table defines
// them, held in typed slices without pointers, written with dictionaries where the caller already has codes and read
// back the same way.
//
//	COL-1  A batch's columns all have N entries when it is written; a constant column has one.
//	COL-2  The same batches in the same order give the same bytes: nothing depends on time, map order or memory.
//	COL-3  Slices got from a reader are valid until its next call and are never written to by the caller.
//	COL-4  Files are plain Parquet: pages of version 1, and codecs and encodings that every reader has. A zstd frame
//	       that is put together here is one that any decoder of RFC 8878 reads.
package parquet

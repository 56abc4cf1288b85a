// Package table moves columns between memory and Parquet files: the lake's tables as package schemas/table defines them, held
// in typed slices without pointers, written with dictionaries where the caller already has codes and read back the same way.
//
//	COL-1  A batch's columns all have N entries when it is written; a constant column has one.
//	COL-2  The same batches in the same order give the same bytes: nothing depends on time, map order or memory.
//	COL-3  Slices got from a reader are valid until its next call and are never written to by the caller.
package table

// Package extsort sorts any number of records by byte keys. Records beyond a memory limit are written to temporary
// files of the lake as sorted runs, which are merged when the records are read.
//
//	XSORT-1  Records are returned in bytewise order of their keys, those of equal keys in the order in which they were
//	         added.
//	XSORT-2  Memory is bounded by the limit and a read buffer per run, not by the number of records.
//	XSORT-3  Without more records than the limit holds, no file is created.
package extsort

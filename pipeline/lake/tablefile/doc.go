// Package tablefile reads and writes the files of one table of the lake, a row group at a time.
//
//	TFILE-1  The bytes of a file are a function of its rows and of the sizes of the batches that were written.
//	TFILE-2  A file that has no rows is not written: the key has no entry.
//	TFILE-3  Errors of reading name the file.
//	TFILE-4  A Writer keeps its memory from one file to the next.
//	TFILE-5  A file has the same bytes if spare cores wrote some of its row groups.
package tablefile

// Package sorting sorts any number of usage records and bandwidth samples into the order in which they are rated.
// Chunks of a bounded size are sorted in memory, written to scratch files of the lake as runs, and merged one (bucket,
// day) at a time.
//
//	SORT-1  Rows of one partition are returned by customer, usage_start, record id, content, file, row (§4.1).
//	        Samples are returned by customer, slot, link, content, file, row.
//	SORT-3  A row that is read points into the merger's memory and is valid until the next one is requested.
//	SORT-4  A run that is stored in a file has the words of its region codes. A reader gets its rows with the codes of
//	        its own, in the order that these give.
//	SORT-5  A run that is stored in a file has a checksum of each segment and of its footer. They are compared before
//	        the first row of a segment is parsed. A footer or a segment that has another one is an error.
//	SORT-6  A range of a part has the rows of the part whose customer and start are in it, in the order of SORT-1. A
//	        run has a segment for each part and for every 32,768 rows of it, and only segments that can have rows of
//	        the range are read. All rows of one customer and start are in one segment.
//	SORT-7  A segment of a run that is stored in a file is read once for all merges of a worker's task, with others of
//	        its bucket that are next to it. Merges read a copy in a temporary file.
//
// Memory is bounded by the chunk size, the number of workers and a read buffer per run, not by the number of rows.
package sorting

// Package rebucket distributes the customers of a lake over more buckets: a lake that has grown gets smaller tasks.
//
//	REBUCKET-1  The new number must be a multiple of the old one. Each bucket is then divided by itself, and its rows
//	            keep their order.
//	REBUCKET-2  All files of all buckets are written again in one transaction (LAKE-19). Killed at any point, the lake
//	            has the old number or the new one.
//	REBUCKET-3  Rows and sums of each table, cycle and day must be the same before and after, and the index of record
//	            ids that lines and usage give must be the one that is stored. Otherwise nothing is committed.
//	REBUCKET-4  The files of rating, payment and statements must be those of a lake that had the new number from the
//	            beginning: positions only of days on which the new bucket has a record, balances only of days on which
//	            one of its balances moved.
//	REBUCKET-5  performances of a closed cycle keep their amounts, in the first of the new buckets that has lines of
//	            the day. Those of an open cycle are removed; the next run calculates them from the lines.
//	REBUCKET-6  The clock of the lake does not change.
//	REBUCKET-7  Of an archived cycle, the index of its last day and its performances stay as they are, in the bucket
//	            of that number: the lines that divide them are in the archive. No record is compared with this index
//	            any more, performances of all buckets are added up, and positions alone say which day is the last.
package rebucket

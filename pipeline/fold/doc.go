// Package fold turns the accepted records of a bucket into lines, day by day:
//
//	(opening positions, the day's accepted records, the books)  ->  (lines, closing positions)
//
//	FOLD-1  The closing positions of a day are the opening positions of the next day that has records.
//	FOLD-2  A day is folded again when its records, the books or its opening positions changed, and for no other
//	        reason: a late record's effect ends at the first day whose closing positions come out as they were. Of
//	        changed books only what package mend finds touched counts.
//	FOLD-3  Buckets are independent of each other: the same bytes whatever the number of workers and the order of
//	        buckets. What one reads of others, samples whose link the books gave to a customer of its own, is of the
//	        state that the run began with.
//	FOLD-4  An accepted record is stored once: in its lines, or in the usage table where lines do not hold it, one of
//	        a closed cycle in the table late.
//	FOLD-5  What comes after its cycle was closed is billed in the earliest open cycle, before that cycle's own
//	        records, and changes no closed one. Its lines are a function of all late records accepted by then. The
//	        late records of a bucket are held in memory.
//	FOLD-6  Re-rating a cycle bills its records once more in the order in which they were billed. Each finds of a
//	        package what all records billed before it left: its own cycle's as they draw now, those of other cycles as
//	        they were billed or last re-rated.
package fold

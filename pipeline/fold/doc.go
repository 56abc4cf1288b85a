// Package fold turns the accepted records of a bucket into lines, day by day:
//
//	(opening positions, the day's accepted records, the books)  ->  (lines, closing positions)
//
//	FOLD-1  The closing positions of a day are the opening positions of the next day that has records.
//	FOLD-2  A day is folded again only if its records, the books or its opening positions changed. The effect of a
//	        late record ends at the first day whose closing positions are equal to the stored ones. Of changed books
//	        only the scope found by package state counts.
//	FOLD-3  Buckets are independent of each other: the bytes do not depend on the number of workers or the order of
//	        buckets. A bucket reads data of other buckets only for samples whose link the books gave to one of its
//	        customers, and reads them from the state with which the run began.
//	FOLD-4  An accepted record is stored once: in its lines, or in table usage if lines do not contain it, or in
//	        table late if its cycle was closed.
//	FOLD-5  Late records are billed in the earliest open cycle, before that cycle's own records, and change no closed
//	        cycle. Their lines are a function of all late records accepted so far. The late records of a bucket are
//	        held in memory.
//	FOLD-6  Re-rating a cycle bills its records again in the order in which they were billed. Each draws from what
//	        all records billed before it left of a package: those of its own cycle as they draw now, those of other
//	        cycles as they were billed or last re-rated.
package fold

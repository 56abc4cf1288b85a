// Package change says what a change of the books can touch, so that a run rates again only that. It compares the books
// that open cycles were rated with, of which a copy is kept beside the run ledger, with today's.
//
//	MEND-1  A copy is believed only where it hashes to what the lake says a cycle was rated with, settings included.
//	        Lost, damaged or not writable, it costs time and changes nothing else.
//	MEND-2  Usage that no scope of a change holds, on a day of a bucket that opens with the same positions, has the
//	        same lines and leaves the same positions by the old books and by the new ones. What is not known to be so
//	        counts as touched.
//	MEND-3  A nil *Change touches everything. That is what Compare gives where a customer, product, partner or
//	        programme went, and where a product is another.
//	MEND-4  What is touched is found from rows as they hold, not as they are written: a price that was ended and
//	        followed by a dearer one touches usage from then on, and a row that says the same in other words touches
//	        nothing.
//	MEND-5  A book with rows in the copy that is missing from the workspace is a mistake of the books: it is not read
//	        as an empty one.
package change

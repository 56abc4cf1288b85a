// Package costs reads the vendors' cost files: FOCUS 1.0 to 1.3, as CSV or Parquet, in deliveries below
// inbox/costs/SOURCE/YYYY-MM/DELIVERY/ (§11.1).
//
//	COSTS-1  Each row is accepted or rejected on its own. A delivery with a rejected row is held until a person
//	         accepts it. A delivery with an unreadable file or with mixed currencies fails.
//	COSTS-2  For each source and period one delivery counts: the last, by the bytes of its name, that is complete, did
//	         not fail and is not held. It depends on the inbox, not on the order in which deliveries came.
//	COSTS-3  Everything that is read although FOCUS does not allow it is counted by name (Tolerance).
//	COSTS-4  The result does not depend on the order or the split of files, except row numbers in rejects.
//	COSTS-5  The first 10,000 rejects of a delivery, or 64 MiB of them, are kept one by one; the others as a number of
//	         rows for each file, column and reason. Their sum is the number of rejects.
//	COSTS-6  Months, days, times without an offset, ends and nulls of a file are what Found.Reading says (§11.8).
package costs

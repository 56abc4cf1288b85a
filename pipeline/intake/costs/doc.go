// Package costs reads the vendors' cost files: FOCUS 1.0 to 1.3, as CSV or Parquet, in deliveries below
// inbox/costs/SOURCE/YYYY-MM/DELIVERY/ (§11.1).
//
//	COSTS-1  A row is accepted or rejected, by itself alone. A delivery with a rejected row is held until a person
//	         accepts that; one of which a file cannot be read, or that mixes currencies, fails.
//	COSTS-2  Of a source and period the last complete delivery, by the bytes of its name, counts that did not fail and
//	         is not held. Which one counts follows from the inbox, not from the order in which deliveries came.
//	COSTS-3  Everything that is read although FOCUS does not allow it so is counted by name (Tolerance).
//	COSTS-4  Nothing that is read depends on the order or the split of files but the numbers of rows in rejects.
//	COSTS-5  The first 10,000 rejects of a delivery are kept one by one; the others as a number of rows for each file,
//	         column and reason. Their sum is the number of rejects.
package costs

// Package closed bills what concerns closed cycles: records that arrive after their cycle was closed, in the earliest
// open cycle (§4.11), and the differences of a re-rating (§4.12). record.go,
// meter.go, state.go and difference.go define records, meters, quota periods of packages and sums of lines. The other
// files read and write the lake.
//
//	LATE-1  The result is a function of the records in their order, what was billed before them, and the books.
//	LATE-2  The records of an open cycle are processed in the order of usage_start and record_id, a reversal directly
//	        before the record that replaces it. A chain of records that were never billed leads to the billed record
//	        at its root.
//	LATE-3  Σ usage_amount of late lines = Σ quantity of late records − Σ quantity of the records that they reverse.
//	        For a period-level meter and a product of LATE-7: Σ quantity of all its records that count − Σ
//	        usage_amount that was billed of it.
//	LATE-4  A meter continues from where billing ended, and so does the quota period of a package that was in force
//	        at usage_start.
//	LATE-5  A difference is one line per place and part (LATE-9): all lines of a cycle that are due now
//	        minus all that were billed, under any model. There is none if every sum is zero.
//	LATE-7  If a product counts otherwise than when its cycle was closed or last re-rated, or has had a difference
//	        since for that reason, all records of the customer's product are rated again in the order of billing, late
//	        ones last, with the draws that they have, and the difference is billed. Otherwise the positions that
//	        billing left are of the product's meters.
//	LATE-8  A quote of late records is the lines of all late records of the open cycle with them, less the lines
//	        without them.
//	LATE-9  Where by the books association, its type, the parent, terms or taxes change within a month, a place is
//	        divided there by the own times of its lines. A part's first instant gives partner, terms and tax.
//
// # Re-rating
//
// This part rates a closed cycle again and posts the differences into the open one (§4.12).
//
//  1. Rating a cycle again with the books that it was billed with gives no difference.
//  2. A difference is between all that is due now and all that was billed: by the close, by late billing and by earlier
//     re-rates.
//  3. A customer is rated record by record only if records or positions differ from what was billed.
//  4. A cycle before the first closed one of the lake owes only for its late records: for links with samples, and for
//     commitments whose windows contain a line. Recurring charges, fees at zero and idle links are not owed.
//  5. Records of an archived cycle are not read. What they draw from a package that lasts longer than their cycle is
//     in positions, in shifts of earlier re-rates and in late lines, which stay in the lake.
package closed

// Package rerate rates a closed cycle again and posts the differences into the open one (§4.12).
//
//  1. Rating a cycle again with the books that it was billed with gives no difference.
//  2. A difference is between all that is due now and all that was billed: by the close, by late billing and by earlier
//     re-rates.
//  3. A customer is rated record by record only if records or positions differ from what was billed.
//  4. A cycle before the first closed one of the lake owes only for its late records: for links with samples, and for
//     commitments whose windows contain a line. Recurring charges, fees at zero and idle links are not owed.
//  5. Records of an archived cycle are not read. What they draw from a package that lasts longer than their cycle is
//     in positions, in shifts of earlier re-rates and in late lines, which stay in the lake.
package rerate

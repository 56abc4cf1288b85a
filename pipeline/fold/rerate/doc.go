// Package rerate rates a closed cycle again and posts the differences into the open one (§4.12).
//
//  1. Rating a cycle again with the books that it was billed with gives no difference.
//  2. A difference is between all that is due now and all that was billed: by the close, late, and by earlier
//     re-rates.
//  3. A customer is rated record by record only if records or positions differ from what was billed.
package rerate

// Package retry writes open rejects out again as feed files, for a run that tries them with the books of today (§3.20).
//
//  1. Each record is as it came, below the header of its file, and keeps the name and the row that it came with.
//  2. A reject that no books and no other record can correct is not tried, and stays. A bad_row is tried only in a
//     column whose values are looked up in the books, a number and a missing value only if the books decide on it.
package retry

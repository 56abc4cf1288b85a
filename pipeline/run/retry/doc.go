// Package retry writes open rejects as feed files again, for a run that tries them with today's books (§3.20).
//
//  1. Each record is unchanged, follows the header of its file, and keeps its original file name and row.
//  2. A reject that no books and no other record can correct is not tried, and stays. A bad_row is tried only in a
//     column whose values are looked up in the books, a number and a missing value only if the books decide on it.
package retry

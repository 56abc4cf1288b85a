// Package day folds the days of a cycle: (opening positions, accepted records, books) -> (lines, closing positions).
//
//  1. Records are rated in the order of start and record_id within a customer. Customers without records keep
//     their positions.
//  2. The lines of a day hold exactly what its records used, or the run stops.
//  3. Lines that paying writes, and their sums, are not written here: package pay writes them (CASH-9).
package day

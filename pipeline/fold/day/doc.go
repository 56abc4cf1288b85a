// Package day folds the days of a cycle: (opening positions, accepted records, books) -> (lines, closing positions).
//
//  1. Records are rated in the order of start and record_id within a customer. Customers without records keep
//     their positions.
//  2. The lines of a day hold exactly the quantities of its records, or the run stops.
//  3. Package pay writes the lines that are paid, and their sums; this package does not (CASH-9).
//  4. A part of a large customer's day, a slice, can be rated before the rest of its bucket, with the positions that
//     its rows are expected to open with. The fold takes it over only if rating the rows in order would give the same
//     lines, positions and decisions; else it rates them. The files are the same.
package day

// Package lines writes lines of usage and their sums by customer.
//
//  1. The sums of a file are the sums of its lines: one place adds them up.
//  2. Columns that repeat are written from dictionaries: a line allocates nothing.
package lines

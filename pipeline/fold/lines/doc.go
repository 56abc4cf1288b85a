// Package lines writes lines of usage and their sums by customer.
//
//  1. The sums of a file are the sums of its lines, added up in one place.
//  2. Repeated values are written from dictionaries: writing a line allocates nothing.
package lines

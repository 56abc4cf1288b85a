// Package tally adds up the decimal columns of a table's rows for the audit, with the exact totals of package money.
//
//  1. Sums are exact, or an error reports that they are out of range.
//  2. A value is read from a column with all its digits.
package tally

// Package querycmd holds the command query, which answers ready questions.
//
//  1. Totals are of all rows, listed or not.
package querycmd

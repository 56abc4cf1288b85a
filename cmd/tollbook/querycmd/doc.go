// Package querycmd holds the command query, which runs predefined queries.
//
//  1. Totals include all rows, also those that --limit omits.
package querycmd

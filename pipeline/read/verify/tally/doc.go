// Package tally adds up the decimal columns of a table's rows for the audit, which shares no sum with what it audits.
//
//  1. Sums are exact, or an error says that they are out of range.
package tally

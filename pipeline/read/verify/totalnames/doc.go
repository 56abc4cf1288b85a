// Package totalnames lists for the audit the control totals that a state must have (§6.6).
//
//  1. For each feed with files there are four totals of rows; for each cycle with statements that is not archived the
//     rows of lines, statements and margins, and each column of lines and statements that its files have sums of, in
//     the currency of the workspace or in several; and the rows of each table of partners' money.
package totalnames

// Package statements adds up the days of a cycle to what each customer owes (§4.2).
//
//  1. A statement is the sum of the customer's lines. Its total is rounded once, unless lines are rounded.
//  2. Updating statements by the changed days gives the same result as adding up all days.
package statements

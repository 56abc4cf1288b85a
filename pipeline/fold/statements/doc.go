// Package statements adds up the days of a cycle to what each customer owes (§4.2).
//
//  1. A statement is the sum of the customer's lines. Its total is rounded once, if lines are not.
//  2. Statements that are changed by the days that differ are the same as statements added up from all days.
package statements

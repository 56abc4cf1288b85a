// Package operating shows the program's work to its operators: runs of jobs, rejected records, and why sums changed
// (docs/console.md).
//
//  1. The pages of runs and rejects are for the vendor and for finance.
//  2. Why sums changed is an answer of package question, whose amounts add up.
package operating

// Package groups stores the groups of cost rows of closed cycles in the open cycle that bills their differences.
//
//  1. The open cycle has the groups of its postings, and those whose costs, payment or low margin differ from what was
//     stored up to the last close. The costs of the last states of all groups therefore add up to those of customers
//     in the margins of all cycles.
//  2. A group of which nothing is due any more has no rows, costs and payment.
package groups

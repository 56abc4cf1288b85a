// Package bill adds up the lines of a customer's cycle to a bill: sections by service, items by product, tier and
// price.
//
//  1. A bill comes from one snapshot, and its totals are the sums of its lines.
//  2. Items have a fixed order that does not depend on the order of lines.
package bill

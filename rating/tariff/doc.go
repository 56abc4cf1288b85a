// Package tariff is the price side of the books. Compile builds a Book from the books once; workers share it. A Client
// works for one customer: it finds the price version (§3.2) and the discounts (§4.10) at an instant, splits a quantity
// at the tiers of a version (§4.5), and computes the amounts of a charge (§4.2).
//
//	TARIFF-1  The price version at an instant is the first of its chain that is in force: the customer's list before
//	          `standard`, and in a list the region before `*`.
//	TARIFF-2  A Book does not change after Compile.
//
// If a customer's rows have a gap at the cycle's first instant, the first row that reaches into the cycle gives the
// price list. Tiers of percentile prices may have flat fees, charged as for graduated. A Client belongs to one
// goroutine.
package tariff

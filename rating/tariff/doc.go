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
//
// # Derivations
//
// This part describes how an amount was calculated, step by step: a Step is one decision with its numbers, and
// its String is the sentence that `tollbook explain` shows. The packages that calculate make the steps.
//
//	DERIV-1  The text of a step is a function of the step. It shows each number as the calculation used it, without
//	         zeros at the end.
package tariff

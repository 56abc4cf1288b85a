// Package ordering calculates the lines of orders: Price returns the official amount, the discount and the payment of
// an order (§4.8), RefundAllowed and Refund handle an unsubscribe (§4.9), and PriceChange prices a change of a running
// order.
//
//	ORDERING-1  A refund is between 0 and what was paid, rounded to the currency's digits, is all of it before the
//	            order takes effect, and never grows with time. (A change that paid the customer, paid below 0, is
//	            returned completely before it takes effect, and not at all afterwards.)
//
// The line of an order has tier 1. A given official_amount is kept to its last digit, at tier 0 with unit price 0 and
// no version; the difference by rounding its payment is in the discount amount. An order may name a discount of any
// kind; one that is unknown, not in force, above the official amount, or lowers nothing is ignored. A change has no
// discount, whatever its sign. A refund counts fractions of a second; with whole seconds the ratio is that of seconds.
// It is at most what was paid, except that it can exceed it by less than half of the currency's last digit if coupons
// paid a part that is finer. Its line names no discount; a caller may name the base's.
package ordering

// Package trade answers the vendor-compatible operations about orders, and about what moved partners' accounts: the
// orders that partners paid and what they allocated to their customers.
//
//	TRADE-1  An order is shown as it was billed: its amounts are those of its lines.
package trade

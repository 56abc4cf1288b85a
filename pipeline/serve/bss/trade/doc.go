// Package trade answers the vendor-compatible operations about orders and about changes of partners' accounts: the
// orders that partners paid and the amounts that they allocated to their customers.
//
//	TRADE-1  An order is shown as it was billed: its amounts are those of its lines.
//	TRADE-2  An order that was not paid is shown with what it would cost at the last run, or at its cancellation. Its
//	         partner is that of its creation.
//	TRADE-3  The coupons and discounts of an order are those that fit it at the last run by the rules of billing. An
//	         order that was paid or cancelled has none.
//	TRADE-4  A resource is in use from its first order on until the last of its orders expires, without those that
//	         were unsubscribed; if all were, it is unsubscribed.
package trade

// Package costs answers ListCosts: a customer's costs by dimensions and by day or month, added up from its lines.
//
//	DIMENSIONS-1  A line counts in the month of its cycle, or on its bill date.
//	DIMENSIONS-2  PAYMENT_AMOUNT is the payment; NET_AMOUNT is the payment without what coupons and stored value paid.
package costs

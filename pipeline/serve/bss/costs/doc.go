// Package costs answers the vendor-compatible operations about a customer's costs: ListCosts adds up its lines by
// dimensions and by day or month; ListCustomerBillsMonthlyBreakDown spreads payments over the period that they pay for.
//
//	DIMENSIONS-1  A line counts in the month of its cycle, or on its bill date, which is a day of that month.
//	DIMENSIONS-2  PAYMENT_AMOUNT is the payment; NET_AMOUNT is the payment without what coupons, flexi coupons
//	              and stored value paid.
//	DIMENSIONS-3  In the breakdown, the payments of orders and of recurring charges are spread over their days as in
//	              deferred revenue. The amounts of all months add up to the payment. A line counts from its cycle on,
//	              and the rest of a refunded one is in the month of the refund.
package costs

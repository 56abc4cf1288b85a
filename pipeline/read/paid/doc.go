// Package paid determines, as of the last run, what has been paid of a customer's bill, and what is still to be paid to
// the issuer of its lines.
//
//	PAID-1  Coupon, StoredValue, Flexi, Cash, Partners, Repaid and Open of an issuer add up to the payment amounts of
//	        the lines that it sold the customer.
//	PAID-2  Cash is what the customer's balance paid. It excludes manual adjustments, which change no balance, and
//	        orders that a partner paid. What the issuer itself paid for such an order is open.
//	PAID-3  Debt and credit of a cycle are open until they are cleared. Refunds first reduce what their own orders and
//	        charges used. Other refunds are repayments, which clear the oldest cycle first (payment.ClearOldest), and
//	        within one cycle first the issuer that began to sell first. Over all cycles the open amounts add up to the
//	        debt and the used credit.
package paid

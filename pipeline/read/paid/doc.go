// Package paid says what of a customer's bill is paid already, as far as the last run knows, and what is still to be
// paid to the issuer of its lines.
//
//	PAID-1  Coupon, StoredValue, Flexi, Cash, Partners, Repaid and Open of an issuer add up to the payment amounts of
//	        the lines that it sold the customer.
//	PAID-2  Cash is what the customer's balance paid: no manual adjustment, which moves no balance, and no order that
//	        a partner paid. What the issuer itself paid for such an order is open.
//	PAID-3  Debt and credit of a cycle are open as far as nothing has cleared them. Refunds take off what their own
//	        orders and charges used; the others are repayments, which clear the oldest cycle first
//	        (payment.ClearOldest), and of one cycle the issuer first that began to sell first. Over all cycles the
//	        open amounts add up to the debt and the used credit.
package paid

// Package currencies finds the currency of the amounts of a row of the lake: that of the customer or the partner whose
// money it is (§10.7). Most tables have no column of it.
//
//	CURRENCY-1  The currency of a customer is that of its statements of cycles with several currencies, else that of
//	            today's books; the currency of a partner is that of today's books.
//	CURRENCY-2  Amounts of partners' money are in the currency of the partner, those of coupons in that of the
//	            customer, those of invoices and taxes in that of the recipient.
//	CURRENCY-3  Books that lack a customer whom a cycle billed in another currency than the workspace's are refused
//	            where amounts are read that do not say their currency.
package currencies

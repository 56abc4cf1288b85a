// Package currencies finds the currency of the amounts of a row of the lake: that of the customer or partner to whom
// the money belongs (§10.7). Most tables have no currency column.
//
//	CURRENCY-1  The currency of a customer is that of its statements of cycles with several currencies, else that of
//	            today's books; the currency of a partner is that of today's books.
//	CURRENCY-2  Amounts of partners' money are in the currency of the partner, those of coupons in that of the
//	            customer, those of invoices and taxes in that of the recipient.
//	CURRENCY-3  Reading amounts without a currency column fails if the books lack a customer that a cycle billed in a
//	            currency other than the workspace's.
package currencies

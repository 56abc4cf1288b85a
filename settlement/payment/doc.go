// Package payment says what pays a line: coupons, then a customer's balances in their order, then credit, and the rest
// is debt (spec §6.3). A Wallet is one customer's balances; it is carried through the customer's lines and account
// events in the order of time, which is its caller's to keep.
//
//	PAY-1  The parts of a line's payment add up to its payment_amount, always.
//	PAY-2  No stored balance goes below zero: stored value, flexi coupons, cash, the credit used, the debt, what a
//	       coupon has paid.
//	PAY-3  Every entry says the balance after it: that before it plus its amount. The entries of a customer, from the
//	       first, give the wallet.
//	PAY-4  Money is neither made nor lost: what lines and events put in and take out is what the balances differ by,
//	       credit used and debt counted as negative.
//	PAY-5  A coupon never pays more than its amount, and only lines that it fits.
//	PAY-6  With assume_cash no balance moves and there are no entries; what coupons leave is cash.
//	PAY-7  Opening a wallet with the rows that another one closed with gives the same wallet.
//	PAY-8  A row that is there once stays, with an amount of 0 at least: no rows at all means that nothing ever moved.
//	PAY-9  Pay and Apply allocate nothing once a wallet has grown to its customer.
//	PAY-10 After an error, and after an event that was refused, the wallet is as it was.
//	PAY-11 A refund of everything gives each balance exactly what it gave, in all its digits.
package payment

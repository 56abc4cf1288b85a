// Package payment calculates what pays a line: coupons, then a customer's balances in their order, then credit, and
// the rest is debt (§6.3). A Wallet contains one customer's balances; its caller passes the customer's lines and
// account events in the order of time.
//
//	PAY-1  The parts of a line's payment always add up to its payment_amount.
//	PAY-2  No stored balance is below zero: stored value, flexi coupons, cash, the used credit, the debt, what a
//	       coupon has paid.
//	PAY-3  Every entry has the balance after it: the previous balance plus its amount. The entries of a customer,
//	       from the first, give the wallet.
//	PAY-4  No money appears or disappears: what lines and events add and take is the difference of the balances, with
//	       used credit and debt counted as negative.
//	PAY-5  A coupon never pays more than its amount, and only lines that it fits.
//	PAY-6  With assume_cash no balance changes and there are no entries; what coupons leave is cash.
//	PAY-7  Opening a wallet with the closing rows of another one gives the same wallet.
//	PAY-8  A row that exists once remains, at least with an amount of 0: no rows at all means that nothing ever
//	       changed.
//	PAY-9  Pay and Apply allocate nothing once a wallet has grown to its customer.
//	PAY-10  After an error, and after a refused event, the wallet is unchanged.
//	PAY-11  A refund of everything returns to each balance exactly what it paid, in all its digits.
package payment

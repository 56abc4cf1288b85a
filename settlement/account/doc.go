// Package account replays partners' accounts: cash, rebate, credit and frozen money, the layers of cash to which
// withdrawals return, and what is unpaid of statements (§9.1, §9.6). It is pure: it reads no clock, no file and no
// environment.
//
//	ACCT-1  A replay is a function of the entries and the settings. Entries take effect by instant, own time, rank of
//	        the type, order of the line and id; an entry that comes in another order is an error.
//	ACCT-2  A posting is the change of one balance. Each balance follows from the previous one: after = before +
//	        amount.
//	ACCT-3  An event counts only if its balance is sufficient; a fact always counts and can make cash negative. Later
//	        receipts first bring it back to zero.
//	ACCT-4  Σ layers of cash = max(cash, 0) after every entry.
//	ACCT-5  An allocation or reclaim between partners posts the same amount on both sides, so all allocations add up
//	        to zero.
//	ACCT-6  Σ parts of a withdrawal = its amount; they are fixed at the request, and final with it.
//	ACCT-7  A rejected event posts nothing. An event with a final verdict keeps it.
//
// The rules do not define these cases; this package does. A posting of 0 has no row. A recharge first covers negative
// cash, then repays credit, then adds cash. If the used credit exceeds a lowered limit, repayments down to the limit
// change no balance. Money that a withdrawal gives back while cash is negative returns to its layers; the negative cash
// then uses up the oldest layers. `decided` of a withdrawal is empty until an event after the request.
package account

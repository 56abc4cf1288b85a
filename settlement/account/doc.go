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
//
// # Coupons
//
// This part decides which coupons partners issue from quotas and solutions receive (§9.2, §9.3), and computes the
// table of coupons with their states. It is pure: it reads no clock, no file and no environment. Package payment
// calculates what coupons pay.
//
//	COUPON-1  Issues and applications are decided by the books, the events before them and what closed cycles took
//	          back. Uses by lines and reclaims of open cycles affect no decision.
//	COUPON-2  At every instant, what is left of a quota is its amount minus what was issued from it, minus the amounts
//	          of the quotas that were handed down from it and have begun, plus what closed cycles took back of its
//	          coupons.
//	COUPON-3  For every coupon, amount = used + taken back + expired + left.
//	COUPON-4  A rejected event changes nothing. An event with a final verdict keeps it, whatever the books say today.
//
// The rules do not define these cases; this package does: a coupon of a book has no record of an issue. If the book
// lowered the amount of a coupon below what was used, its rest is negative. The terms of an issued coupon are those
// that its quota has today.
//
// # Funds
//
// This part computes headcount and marketing funds (§9.4, §9.5): the list of a month, the claims against a quota,
// their states and deadlines, what is reserved and what is paid. It is pure: it reads no clock, no file and no
// environment.
//
//	FUND-1  Replay is a function of the books, the partners' performance, the events and the as-of. The order in which
//	        events are given does not matter: they take effect by instant, own time and event_id.
//	FUND-2  A rejected event changes nothing. An event with a final verdict keeps it, what it reserves, and the value
//	        of the list for which it applies, whatever the books say today.
//	FUND-3  At every instant Σ reserved over the claims of a quota is at most the quota, unless the books lowered the
//	        quota afterwards.
//	FUND-4  What is paid is what was approved (headcount) or payable (marketing), never more than what was listed or
//	        reserved.
//
// The rules do not define these cases; this package does: an event that the programme's kind does not have is rejected
// on acceptance (bad_row). A month without a list in today's books keeps its row while accepted events name it, with an
// empty list. A quota of performance exists for the periods in which the programme is in force at some instant.
//
// # Verdicts
//
// This part defines the verdict of a replay on an event: that it counts, or why it is rejected (§9).
//
//	VERD-1  A rejected event changes nothing. The verdict names the column and the value that a reject shows.
package account

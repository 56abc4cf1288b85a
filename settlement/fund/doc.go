// Package fund computes headcount and marketing funds (§9.4, §9.5): the list of a month, the claims against a quota,
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
package fund

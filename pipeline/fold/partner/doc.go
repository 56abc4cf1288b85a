// Package partner is the step of a run that replays partners' money: funds, accounts, withdrawals, receivables and
// invoices (§9). It gathers what the replays of package settlement need from the events and the lake, stores their
// tables, and gives each event its verdict.
//
//	PARTNER-1  The tables are a function of the accepted events, the books, the lines and closes of the lake, the
//	           routes of withdrawals that were requested in closed cycles, and the as-of. A run without changes writes
//	           the same files.
//	PARTNER-2  A workspace without events of these feeds, without these books and with default settings for them has
//	           none of these tables, and the step reads nothing. Of archived cycles it has facts, which prune stores.
//	PARTNER-3  An event whose cycle was closed before the run keeps its verdict; all others are decided again.
//	PARTNER-4  What a closed cycle contributes is stored once, with the facts of the cycle, so that it does not depend
//	           on whether the cycle is archived, nor on later books and settings. This includes what claims of funds
//	           reserve, the values of lists for which partners applied, and the entries of payments.
//	PARTNER-5  The tables include the cycle that the run closes. Its decisions treat that cycle as open.
//	PARTNER-6  Coupons are issued before lines are paid, from the books and closed cycles. Lines and reclaims of open
//	           cycles never affect an issue.
//	PARTNER-7  A run without news of partners' money replays only coupons. There is no news if no event of the feeds
//	           is new, books, settings and closes are those of the last replay, the files of open cycles that it read
//	           are the same, and no state changes by time. The events are then not read, and their tables stay; only
//	           the age of receivables is updated.
//	PARTNER-8  Memory does not grow with the number of accepted events of partner_accounts, but with that of partners,
//	           of the layers of cash that one group of connected partners has, and of rejected events.
//	PARTNER-9  The file of a table has the sums that are its control totals (§6.6). The postings of each balance add
//	           up to the balances of all partners after their last entries.
//	PARTNER-10 An entry of an account is in the currency of its partner. Books are refused if they give an accepted
//	           event of an open cycle a reseller of another currency.
//	PARTNER-11 The close of a cycle determines whether it has entries of accounts: with payments by ledger. Later
//	           settings add none and remove none.
package partner

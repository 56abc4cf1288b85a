// Package pay pays the lines of open cycles, day by day and bucket by bucket, after they were rated and before
// statements are made (spec §6.3): it replaces the line files and sums of the next state by such that say what paid
// each line, and keeps what a day leaves for the next (table balances) and how balances moved (table account_entries).
//
//	(opening balances, the day's lines and account events in the order of time, the books)  ->  (payments, closing balances, entries)
//
// The step itself is package settlement/payment; this package knows files.
//
//	CASH-1  A place, a bucket of a cycle, is paid if payments are by ledger, if a customer of it has a coupon in force
//	        in the cycle, or if it opens with balances. All other lines are cash, as rating wrote them.
//	CASH-2  The opening balances of a day are those of the last day before it that has a balances file, in its cycle
//	        or an earlier one. A day has one if it moved a balance or a coupon.
//	CASH-3  A day is paid again when its lines, its account events, the books, the settings or its opening balances
//	        changed, and for no other reason: an effect ends at the first day whose closing balances come out as they
//	        were, across cycles too.
//	CASH-4  The files of a place are a function of its rated lines, its account events, the orders, the books and the
//	        closed cycles: not of runs, workers or what was paid before. Only the rated columns of a line are read,
//	        whoever wrote the file last; a file that other coupons or rules paid is paid again though nothing can be
//	        drawn on its day now.
//	CASH-5  Within a customer lines and events come by instant; events first, by their own time and event_id; lines of
//	        one instant in the order of spec §8; a refund whose base comes later directly after it, at the base's
//	        instant; month-end lines last.
//	CASH-6  What an order's coupons paid never comes back (spec §4.9): the amounts of a refund are worked out here,
//	        from its base's line.
//	CASH-7  Files of a closed cycle are read, never replaced.
//	CASH-8  A day's usage lines are streamed. The lines of orders, adjustments, late records and re-rating, and the
//	        account events of a place are held in memory.
package pay

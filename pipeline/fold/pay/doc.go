// Package pay pays the lines of open cycles, day by day and bucket by bucket, after rating and before statements
// (§6.3). It writes the line files and sums that contain what paid each line, in the place of those that rating wrote,
// and stores the closing balances of a day (table balances) and the changes of balances (table account_entries).
//
//	(opening balances, the day's lines and account events in the order of time, the books)
//	    ->  (payments, closing balances, entries)
//
// Package settlement/payment calculates the step. This package handles files.
//
//	CASH-1  A place, a bucket of a cycle, is paid if payments are by ledger, if one of its customers has a coupon in
//	        force in the cycle, or if it opens with balances. All other lines are cash, as rating wrote them.
//	CASH-2  The opening balances of a day are those of the last day before it that has a balances file, in its cycle
//	        or an earlier one. A day has a balances file if it changed a balance or a coupon.
//	CASH-3  A day is paid again only if its lines, its account events, the books, the settings or its opening
//	        balances changed. An effect ends at the first day whose closing balances are equal to the stored ones,
//	        also across cycles.
//	CASH-4  The files of a place are a function of its rated lines, its account events, the orders, the books and the
//	        closed cycles. They do not depend on runs, workers or earlier payments. Only the rated columns of a line
//	        are read, whichever stage wrote the file last. A file that was paid by other coupons or rules is paid
//	        again even if nothing can be drawn on its day now.
//	CASH-5  Lines and events of a customer are processed by instant: events first, by their own time and event_id;
//	        lines of one instant in the order of §8. A refund that this order puts before its base follows directly
//	        after it; its instant is never earlier. Month-end lines come last, including those of commitments and cost
//	        files.
//	CASH-6  What an order's coupons paid is never refunded (§4.9). The amounts of a refund are calculated here, from
//	        its base's line.
//	CASH-7  Files of a closed cycle are read, never replaced.
//	CASH-8  A day's usage lines are streamed. The lines of orders, adjustments, late records and re-rating, and the
//	        account events of a place are held in memory.
//	CASH-9  On a day that can draw something, and that has new records, or no lines in the live state, or lines that
//	        are not all cash, this package receives the usage lines and month-end lines from package state and writes
//	        their only file. Lines that are rated again because books changed may equal those in the live state, and
//	        are then not paid. They are read from the file that rating wrote, which is written again if anything other
//	        than cash pays a line.
//	CASH-10 The refund of a recurring charge goes back to the balances that paid the charge: the first line with a
//	        positive payment under its id, which is the charge's own line or a difference that re-rating posted.
//	        Neither draws a coupon.
//	CASH-11 If a line or a refund of an order or of a
//	        recurring charge is new or gone, or paid otherwise, the days of all its lines and refunds are paid again.
package pay

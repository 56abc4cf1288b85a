// Package settlement calculates who owes whom for a cycle: partner statements, performance, and incentives with their
// states (§6.1, §6.2, §6.4, §6.5). It is pure arithmetic on books and lines: it reads no clock, no file and no
// environment, and knows neither the lake nor Arrow. Package payment decides before how a line is paid.
//
// Compile makes a Book of the books once; workers share it. A Settler belongs to one worker and one cycle: for each
// customer Add for its lines, then Finish for its rows of partner_statements; at the end Performances, which
// MergePerformances sums over workers and which are stored with the closed cycle. Incentives computes all rows of
// incentives from those of all cycles, transfers, events and an as-of. Decide determines which incentive events fit,
// from the books and the events alone. Nets sums rows and incentives for a statement's first page.
//
//	SET-1  Rows are a function of the cycle's lines and the books. The order of lines, the worker of a customer, and
//	       what a Settler did before have no effect.
//	SET-2  Σ rows without a reseller = Σ lines with a partner, in each amount and in their number. A distributor's
//	       rows about resellers repeat lines and are excluded from such sums.
//	SET-3  Official = Discount + Truncated + Payment on every row whose lines satisfy it.
//	SET-4  What a row owes is rounded once: Rd of the exact sum of basis × rate. The same holds for a cost (§6.4).
//	SET-5  A distributor's revenue from a reseller is what the reseller owes it, row by row. Over all partners
//	       therefore Σ net = Σ owed to the vendor + Σ cost − Σ incentives: between partners no money appears or
//	       disappears.
//	SET-6  Seller and terms are those in force at the line's own time. Instant and validity of a programme decide
//	       only what counts for incentives. Partner and association are those of the line; no book moves a line to
//	       another partner.
//	SET-7  Performances of one key add up, over workers and over cycles, in any order. There is one for every
//	       programme and partner for which a line with performance counted, even if the sum is 0.
//	SET-8  The books, the rows of closed periods and the other events alone decide whether an event is accepted;
//	       amounts, the as-of and the order of arrival do not, but a final event keeps its verdict. A rejected event
//	       changes nothing.
//	SET-9  A state as of A follows from the events up to A and the deadlines passed by A; later events have no
//	       effect.
//	SET-10  The chain of carried performance is unbroken: carried_in of a period is carried_out of the previous one,
//	        if both belong to the programme. Both are 0 or less, and the performance of one period is carried or
//	        earns, never both.
//	SET-11  A closed period's amounts do not change; its state does, by events and deadlines, also if the programme no
//	        longer names the partner or no longer has the period.
//	SET-12  Add and Finish allocate nothing once a Settler has room for a customer's rows. Its memory does not grow
//	        with the number of lines or customers: rows of one customer, a fixed lookup table, a sum per programme
//	        and partner.
//	SET-13  A Book does not change after Compile. A Settler and a Nets belong to one goroutine. An amount out of
//	        range is an error that names cycle, customer and partner; nothing is clamped.
//	SET-14  What is owed, revenue and cost are converted from the customer's currency to the partner's, one Rd per
//	        row, performance one R8 per line: at the latest rate of exactly that pair up to the last day of the cycle
//	        that bills the line, or the one that the closed cycle keeps. Without a rate there is an error (§10.7).
//
// Cases that the rules leave open and that are decided here. A partner without a row in force at a line's own time
// buys from the vendor. Terms are looked up between two parties only: a distributor's terms for its resellers never
// replace the vendor's. A customer is new by the association in force at the line's own time, whoever its partner is.
// Classes none and no_rebate have no performance, so a programme that lists them gets nothing from them.
//
// Rows of incentives. A partner that the programme names, by its id or by `*`, has a row for each period of the
// programme in which a line with performance counted, a transfer took place, something was carried in or an event was
// accepted. A partner listed by id also has a row for each period that has begun and in which it had a row in force,
// from the programme's valid_from or, without one, the first cycle with lines. An event may occur for any period of a
// programme that names its partner, whatever it earned, and of an incentive of a closed period.
//
// The days to confirm are counted from the settings' close.day: with the close time at 24:00 of the 4th, the 5th is
// the first day that can count. A partner has left if its last row says so; one that returned has not. Void incentives
// do not lower a partner's net.
//
// Claw-backs have no column of their own. Paid and then refunded lines are rows of sign `-` with performance below 0.
// What they take from incentives of their own period is in performance_amount, what they take from later ones in
// carried_in, and the rest in carried_out.
//
// # Allocation of costs
//
// This part determines who bears a row of a vendor's cost file. The rules are in allocation.yaml; the first
// rule that holds takes the row (§11.2).
//
//	ALLOC-1  The parts of a row add up to the row, exactly, in each cost and quantity column.
//	ALLOC-2  The outcome of a row depends on the row, the books and, for by_cost, on the costs that rules without a
//	         split allocated in the same source and period. The order of rows does not matter.
//	ALLOC-3  Every part has one of a customer, a reason for which it is kept, or a reason for which it is unallocated.
package settlement

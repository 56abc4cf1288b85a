// Package settlement says who owes whom for a cycle, and why: partner statements, performance, and incentives through
// their life (spec §6.1, §6.2, §6.4, §6.5). It is pure arithmetic on books and lines: it reads no clock, no file and no
// environment, and knows neither the lake nor Arrow. How a line is paid is settled before, by package payment.
//
// Compile makes a Book of the books once; workers share it. A Settler is one worker's for one cycle: for each customer
// Add for its lines, then Finish for its rows of partner_statements; at the end Performances, which MergePerformances
// adds up over workers and which are stored with the closed cycle. Incentives computes all rows of incentives from
// those of all cycles, transfers, events and an as-of. Decide says which incentive events fit, from the books and the
// events alone. Nets adds rows and incentives up to a statement's first page.
//
// Contract:
//
//	SET-1  Rows are a function of the cycle's lines and the books. Neither the order of lines, nor which worker
//	       settles a customer, nor what a Settler did before leaves a trace.
//	SET-2  Σ rows without a reseller = Σ lines with a partner, in each amount and in their number; a distributor's
//	       rows about resellers repeat lines and are left out of such sums.
//	SET-3  Official = Discount + Truncated + Payment on every row whose lines have it.
//	SET-4  What a row owes is rounded once: Rd of the exact sum of basis × rate, and so is a cost (spec §6.4).
//	SET-5  A distributor's revenue from a reseller is what the reseller owes it, row by row. So over all partners Σ
//	       net = Σ owed to the vendor + Σ cost − Σ incentives: between partners nothing is made or lost.
//	SET-6  Seller and terms are those in force at the line's own time; instant and validity of a programme decide only
//	       what counts for incentives. Partner and association are what the line carries; no book moves a line to
//	       another.
//	SET-7  Performances of one key add up, over workers and over cycles, in whatever order. There is one for every
//	       programme and partner for which a line with performance counted, even if the sum is 0.
//	SET-8  Whether an event is accepted depends on the books and the other events alone: never on amounts, the as-of
//	       or the order in which events arrive. A rejected event changes nothing.
//	SET-9  A state as of A follows from the events up to A and the deadlines passed by A; later events do not show.
//	SET-10 The chain of carried performance is unbroken: carried_in of a period is carried_out of the one before,
//	       where both are the programme's. Both are 0 or less, and one period's performance is carried or earns, never
//	       both.
//	SET-11 A closed period's amounts stay as they were closed; its state goes on.
//	SET-12 Add and Finish allocate nothing once a Settler has room for a customer's rows. What it holds does not grow
//	       with the number of lines or customers: rows of one customer, a fixed table of look-ups, a sum per programme
//	       and partner.
//	SET-13 A Book does not change after Compile. A Settler and a Nets belong to one goroutine. An amount out of range
//	       is an error that names cycle, customer and partner; nothing is clamped.
//
// What the rules leave open and is decided here. A partner without a row in force at a line's own time buys from the
// vendor. Terms are looked for between two parties only: what a distributor asks of its resellers never stands in for
// the vendor's. A customer is new by the association in force at the line's own time, whoever its partner is. Classes
// none and no_rebate have no performance, so a programme that lists them gets nothing from them.
//
// Which rows of incentives there are: of a partner that the programme names, by its id or by `*`, each period of the
// programme in which a line with performance counted, a transfer took place, something was carried in or an event was
// accepted; and, of partners listed by id, each period that has begun and in which they had a row in force, from the
// programme's valid_from or, without one, the first cycle with lines. An event may come for any period of a programme
// that names its partner, whatever it earned.
//
// The days to confirm are counted from the settings' close.day: with the close time at 24:00 of the 4th, the 5th is the
// first day that may count. A partner has left if its last row says so; one that came back has not. Void incentives do
// not lower a partner's net.
//
// Claw-backs have no column of their own. What was paid for and then refunded shows as rows of sign `-` with
// performance below 0; what that takes from incentives of its own period is in performance_amount, what it takes from
// later ones in carried_in, and what is still to be taken back in carried_out.
package settlement

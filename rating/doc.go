// Package rating calculates what usage costs: meters, packages, the lines of records and of the cycle's end, and
// reversals of late records (§4.2–§4.11). It is pure arithmetic on books and records: it reads no clock, no file and no
// environment, and knows neither the lake nor Arrow.
//
// A Rater belongs to one goroutine: for each customer Open, then Usage for each record in the order of §4.1, then
// Positions for the next day, and at the cycle's end CycleEnd. Rater.Reverse reverses a record of a closed cycle at
// that cycle's closing positions. Package tariff has the prices, the discounts and the tiers. Package percentile
// measures bandwidth, and Book.PercentileCharges prices it. Packages ordering, commitment and recurring price what is
// not usage, and derivation has the steps of an explanation.
//
//	RATE-1  Lines and closing positions are a function of the opening positions, the records in their order and the
//	        books. What a Rater did before Open has no effect.
//	RATE-2  Positions → Open loses nothing: a cycle rated in any number of steps gives the lines and positions of one
//	        step.
//	RATE-3  Official = Discount + Truncated + Payment on every line, to the last digit.
//	RATE-4  Σ UsageAmount of a record's lines is its quantity. Free of a line is Σ of its draws. Quantity =
//	        UsageAmount − Free, except on flat fees, block, stairstep, orders, and reversals with a conversion that
//	        count more than the meter holds. Those of a reversal are negative; its draws are what is returned.
//	RATE-5  A price version is used completely: all tiers of a record's lines are of the version found for its
//	        instant.
//	RATE-6  A discount lowers its line before rounding; otherwise the line does not name it.
//	RATE-8  Tracing (Trace) changes nothing.
//	RATE-9  Reverse of the last record leaves meters and packages as before it; its lines are the record's,
//	        negative.
//
// Cases that the rules leave open and that are decided here. The line of a flat price has tier 1. Lines of volume,
// block, stairstep and percentile have the kind `period`, their flat fees the kind `flat_fee`. A quota period begins no
// earlier than its package. An `anniversary` package without valid_from is never refilled.
//
// Reversals. A flat fee is reversed with the interval [end − q, end), in which Usage charges it, so that a reversal
// undoes its record. Positions contain one quota period of a package, the latest: a record of an earlier one finds in
// it only what Reverse returned in the same step.
//
// # Prorated meters
//
// This part adds up the quantities of a prorated meter (§10.3). Each quantity counts with the share of the
// cycle's days from its own day on, by tier. A position stores the state of a meter as text.
//
//	PRORATE-1  Read of Text gives the same state.
//
// # Recurring charges
//
// This part calculates the lines of recurring charges (§10.5): Parts lists what rows of recurring.csv charge
// in a span of time, Price prices a part, and Back is the refund of a part that was charged in advance.
//
//	RECUR-1  A part is charged for the share of its period by the row's proration, times quantity and price, and is
//	         rounded once.
//	RECUR-2  The id of a part is charge_id/ and its first local date, and its local time where an earlier part of the
//	         charge began on that date. It is the id of the part's charge, of its refund and of their differences.
//
// # Commitments
//
// This part calculates the lines of a customer's commitments (§10.4). From what the customer's lines charge in
// each window, it computes the shortfall below a minimum or a commitment, and the excess above a commitment or maximum.
//
//	COMMITTED-1  Lines is a function of the books, the cycle, the instant and what lines charge. It does not depend on
//	             the order in which the caller lists them.
//	COMMITTED-2  Again calculates some rows. The lines of the others stay as they were billed and count in later rows,
//	             also if they have no row any more. A row that is not calculated and was not billed counts nothing.
package rating

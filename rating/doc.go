// Package rating calculates what usage and orders cost: price lookup, tiers, packages, discounts, rounding,
// subscriptions and their refunds, and reversals of late records (§4.2–§4.11). It is pure arithmetic on books and
// records: it reads no clock, no file and no environment, and knows neither the lake nor Arrow.
//
// Compile makes a Book of the books once; workers share it. A Rater belongs to one worker: for each customer Open,
// then Usage for each record in the order of §4.1, then Positions for the next day, and at the cycle's end CycleEnd.
// Package percentile measures bandwidth, and PercentileCharges prices it. Orders are independent of it: PriceOrder,
// and RefundAllowed and Refund for an unsubscribe. Rater.Reverse reverses a record of a closed cycle at that cycle's
// closing positions.
//
//	RATE-1  Lines and closing positions are a function of the opening positions, the records in their order and the
//	        books. What a Rater did before Open has no effect.
//	RATE-2  Positions → Open loses nothing: a cycle rated in any number of steps gives the lines and positions of one
//	        step.
//	RATE-3  Official = Discount + Truncated + Payment on every line, to the last digit.
//	RATE-4  Σ UsageAmount of a record's lines is its quantity. Free of a line is Σ of its draws. Quantity =
//	        UsageAmount − Free, except on flat fees, block, stairstep and orders. Those of a reversal are negative;
//	        its draws are what is returned, without packages that the books no longer contain.
//	RATE-5  A price version is used completely: all tiers of a record's lines are of the version found for its
//	        instant.
//	RATE-6  A discount lowers its line before rounding; otherwise the line does not name it.
//	RATE-8  Tracing (Trace) changes nothing.
//	RATE-9  Reverse of the last record leaves meters and existing packages as before it; its lines are the record's,
//	        negative.
//	RATE-10  A refund is between 0 and what was paid, rounded to the currency's digits, is all of it before the order
//	         takes effect, and never grows with time. (A change that paid the customer, paid below 0, is returned
//	         completely before it takes effect, and not at all afterwards.)
//
// Cases that the rules leave open and that are decided here. The line of a flat price has tier 1. Lines of volume,
// block, stairstep and percentile have the kind `period`, their flat fees the kind `flat_fee`. Tiers of percentile
// prices may have flat fees, charged as for graduated. A quota period begins no earlier than its package. An
// `anniversary` package without valid_from is never refilled. If a customer's rows have a gap at the cycle's first
// instant, the first row that reaches into the cycle gives the price list.
//
// Orders. Their line has tier 1. A given official_amount is kept to its last digit, at tier 0 with unit price 0 and no
// version; the difference by rounding its payment is in the discount amount. An order may name a discount of any kind;
// one that is unknown, not in force, above the official amount, or lowers nothing is ignored. A change has no
// discount, whatever its sign. A refund counts fractions of a second; with whole seconds the ratio is that of seconds.
// It is at most what was paid, except that it can exceed it by less than half of the currency's last digit if coupons
// paid a part that is finer. Its line names no discount; a caller may name the base's.
//
// Reversals. A flat fee is reversed with the interval [end − q, end), in which Usage charges it, so that a reversal
// undoes its record. Positions contain one quota period of a package, the latest: a record of an earlier one finds in
// it only what Reverse returned in the same step.
//
// A Book does not change after Compile. A Rater belongs to one goroutine.
package rating

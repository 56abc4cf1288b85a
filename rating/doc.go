// Package rating says what usage and orders cost: price lookup, tiers, packages, discounts, cuts, subscriptions and
// their refunds, what is taken back of late records (spec §4.2–§4.11). It is pure arithmetic on books and records: it
// reads no clock, no file and no environment, and knows neither the lake nor Arrow.
//
// Compile makes a Book of the books once; workers share it. A Rater is one worker's: for each customer Open, then Usage
// for each record in the order of spec §4.1, then Positions for the next day, and at the cycle's end CycleEnd.
// Bandwidth is measured by package percentile and priced by PercentileCharges. Orders stand alone: PriceOrder, and
// RefundAllowed and Refund for an unsubscribe. Rater.Reverse takes a closed cycle's record back at that cycle's closing
// positions.
//
// Contract:
//
//	RATE-1  Lines and closing positions are a function of the opening positions, the records in their order and the
//	        books. What a Rater did before Open leaves no trace.
//	RATE-2  Positions → Open loses nothing: a cycle rated in any number of sittings gives the lines and positions of
//	        one.
//	RATE-3  Official = Discount + Truncated + Payment on every line, to the last digit.
//	RATE-4  Σ UsageAmount of a record's lines is its quantity; Free of a line is Σ of its draws; and Quantity =
//	        UsageAmount − Free, but on flat fees, block, stairstep and orders. A reversal's are negative, its draws
//	        are what goes back, without packages that the books no longer hold.
//	RATE-5  A price version is taken whole: all tiers of a line's record are of the version found for its instant.
//	RATE-6  A discount lowers its line, before it is cut or rounded, or is not named on it.
//	RATE-7  A Book does not change after Compile. A Rater belongs to one goroutine.
//	RATE-8  Watching (Trace) changes nothing.
//	RATE-9  Reverse of the last record leaves meters and what its packages still hold as before it; its lines are the
//	        record's, negative.
//	RATE-10 A refund lies between 0 and what was paid, is all of it before the order takes effect and never grows with
//	        time. (A change that paid the customer, paid below 0, comes back whole before it takes effect, then not at
//	        all.)
//
// What the rules leave open and is decided here: the line of a flat price stands at tier 1; lines of volume, block,
// stairstep and percentile have the kind `period`, their flat fees the kind `flat_fee`; tiers of percentile prices may
// have flat fees, owed as for graduated; a quota's period begins no earlier than its package; an `anniversary` package
// without valid_from is never refilled; of a customer whose rows have a gap at the cycle's first instant the first row
// that reaches into the cycle names the price list.
//
// Of orders: their line stands at tier 1. A given official_amount is kept to its last digit, at tier 0 with unit price
// 0 and no version; what rounding its payment takes or adds is in the discount amount. An order may name a discount of
// any kind; one that is unknown, not in force, above the official amount, or lowers nothing is as if not named. A
// change has no discount, whatever its sign. A refund counts parts of a second as they are: with whole seconds the
// ratio is that of seconds. It is at most what was paid, where coupons left less than the currency's last digit. Its
// line names no discount; a caller may name the base's.
//
// Of reversals: a flat fee goes back with the stretch [end − q, end), where Usage charges it, so that a reversal undoes
// its record. Positions hold one filling of a package, the latest: a record of an earlier one finds in it only what
// Reverse gave back in the same sitting.
package rating

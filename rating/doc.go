// Package rating says what usage costs: price lookup, tiers, packages, discounts, cuts (spec §4.2–§4.7, §4.10). It is pure
// arithmetic on books and records: it reads no clock, no file and no environment, and knows neither the lake nor Arrow.
//
// Compile makes a Book of the books once; workers share it. A Rater is one worker's: for each customer Open, then Usage for
// each record in the order of spec §4.1, then Positions for the next day, and at the cycle's end CycleEnd. Bandwidth is
// measured by package percentile and priced by PercentileCharges.
//
// Contract:
//
//	RATE-1  Lines and closing positions are a function of the opening positions, the records in their order and the books.
//	        What a Rater did before Open leaves no trace.
//	RATE-2  Positions → Open loses nothing: a cycle rated in any number of sittings gives the lines and positions of one.
//	RATE-3  Official = Discount + Truncated + Payment on every line, to the last digit.
//	RATE-4  Σ UsageAmount of a record's lines is its quantity; Free of a line is Σ of its draws; and Quantity =
//	        UsageAmount − Free, but on flat fees, block and stairstep.
//	RATE-5  A price version is taken whole: all tiers of a line's record are of the version found for its instant.
//	RATE-6  A discount lowers its line or is not named on it.
//	RATE-7  A Book does not change after Compile. A Rater belongs to one goroutine.
//	RATE-8  Watching (Trace) changes nothing.
//
// What the rules leave open and is decided here: the line of a flat price stands at tier 1; lines of volume, block,
// stairstep and percentile have the kind `period`, their flat fees the kind `flat_fee`; tiers of percentile prices may have
// flat fees, owed as for graduated; a quota's period begins no earlier than its package; an `anniversary` package without
// valid_from is never refilled; of a customer whose rows have a gap at the cycle's first instant the first row that reaches
// into the cycle names the price list.
package rating

// Package period defines time for billing: instants, calendar days, calendar cycles and the contract zone that relates
// them (§1.2–1.4). It knows nothing of money, records or files, and never reads a clock.
//
//  1. Every period is half-open: [From, To).
//  2. The days of a zone partition time: Day(t) = d exactly if DaySpan(d) contains t, and later instants never have
//     earlier days. Start(d) is the first instant whose local date is d or later: a midnight that the zone skips is
//     replaced by the first instant after it, a midnight that occurs twice counts at its first occurrence, and a
//     day that the zone skips completely has an empty span.
//  3. Cycles are whole days: Bounds(c) = [Start(c.First()), Start(c.Last()+1)).
//  4. A Zone is immutable and may be shared between goroutines; a Clock is a value that one worker owns.
//  5. Text forms round-trip: ParseInstant(t.String()) = t for every instant of the years 0001 to 9999 UTC, and the
//     same for Day and Cycle. Parsers never guess: a missing offset is an error.
package period

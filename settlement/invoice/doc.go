// Package invoice tracks what has been invoiced of what can be invoiced: by issuer, recipient and closed cycle (§9.7).
// It is pure: it reads no clock, no file and no environment.
//
//	INV-1  Replay is a function of the invoiceable amounts and the events. The order in which events are given does
//	       not matter.
//	INV-2  left = invoiceable − issued + returned + credited on every row. It never changes its sign from that of
//	       invoiceable.
//	INV-3  An issuer can use a number once, even if its invoice was returned.
//	INV-4  A rejected event changes nothing. An event with a final verdict keeps it.
//
// The rules do not define these cases; this package does: only an invoice of `issue` can be returned or voided; a
// credit note cannot.
//
// # Taxes of invoices
//
// This part calculates the tax of what customers and partners pay (§10.6). It is pure: it reads no clock, no file and
// no environment.
//
//	TAX-1  A line has each tax that has a row in force at the line's own time. Of several matching rows of a tax, the
//	       most specific counts: party, then country, then service. An exempt party has none.
//	TAX-2  Tax is exact until it is rounded once: per buyer, tax, rate and cycle, or per line.
//	TAX-3  The rows of a buyer do not depend on the order in which lines are added, nor on how they are distributed
//	       over parts.
//	TAX-4  The parts into which a row is divided add up to it. Each is its exact tax, rounded up or down.
//
// The rules do not define these cases; this package does: a row of taxes.csv for a party applies to lines of that
// customer and statements of that partner; for an id that is both it applies to both.
package invoice

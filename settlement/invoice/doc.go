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
package invoice

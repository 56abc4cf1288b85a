// Package document composes documents for people: the statement of a partner, the bill of a customer and the invoice,
// for one cycle each. It checks them, defines their tables and writes them as JSON; package layout writes the tables as
// text for a terminal, CSV, XLSX or one printable HTML page.
//
//	DOC-1  A document depends only on its input: no lake, no clock, no settings; the as-of is a field. The same input
//	       gives the same bytes in every format. Nothing of a document is written before all of it was checked.
//	DOC-2  A document whose sums differ is not written: totals are checked against rows, to the last digit
//	       (Statement.Check, Bill.Check). The error, a *SumError, names the sum.
//	DOC-3  CSV and JSON contain everything except charts, with decimals as text with all digits of their scale and
//	       times in UTC. XLSX contains everything except charts. HTML contains charts; if it has more than
//	       Options.Most customers or objects, it lists the largest, sums the others in one row, and says so next to
//	       the table. The text lists all.
//	DOC-8  A bill shows people one column of signed amounts that adds up to the amount due: official, less discount,
//	       less truncated amount, gives the amount before rounding; with `Rounding up` (above 0) or `Rounding down`
//	       (below 0) it gives the amount due. CSV and JSON are tables for programs: they keep rounding_amount =
//	       payment_amount - due_amount.
//	DOC-12  A statement of a partner whose customers have other currencies has no sum of amounts of two currencies: it
//	        omits the consumption by day and sums of what customers pay.
//
// DOC-4 to DOC-7 and DOC-9 to DOC-11, on the formats, are in package layout.
package document

// Package document writes documents for people: the statement of a partner and the bill of a customer, for one cycle
// each, as text for a terminal, JSON, CSV, XLSX or one printable HTML page.
//
//	DOC-1  A document is a function of its input: no lake, no clock, no settings; the as-of is a field. The same
//	       input gives the same bytes in every format. Nothing of a document is written before all of it was checked.
//	DOC-2  A document whose sums differ is not written: totals are checked against rows, to the last digit
//	       (Statement.Check, Bill.Check). The error, a *SumError, names the sum.
//	DOC-3  CSV and JSON contain everything except charts, with decimals as text with all digits of their scale and
//	       times in UTC. XLSX contains everything except charts. HTML contains charts; if it has more than
//	       Options.Most customers or objects, it lists the largest, sums the others in one row, and says so next to
//	       the table. The text lists all.
//	DOC-4  People see amounts with at least the currency's digits, and with more if an amount has more: nothing is
//	       rounded for display. A column in which every amount is 0 may be missing from a table of the HTML and the
//	       text; a sentence below the table names it.
//	DOC-5  XLSX: an amount or quantity of up to 15 significant digits is a number with the digits of its decimal, in
//	       the format of the currency. One with more digits, which a spreadsheet would cut, is a text cell with all
//	       its digits, and the total of its column is the exact sum instead of a formula. Any other total is a
//	       formula over its column with the exact sum as its cached value.
//	DOC-6  Text of books and feeds stays text. HTML is escaped by html/template and has no script and no outside
//	       resource, which its own policy forbids as well. In XLSX it is a string cell whatever it begins with. In
//	       CSV a text that a spreadsheet would read as a formula (it begins with = + - @, a tab or a line end) gets
//	       an apostrophe before it. For a terminal, control characters and marks of writing direction are escaped.
//	DOC-7  The CSV is one table: column `part` identifies the kind of a row, and cells of columns that a part does
//	       not have are empty. Its columns are those of all parts in the order of their first occurrence.
//	DOC-8  A bill shows people one column of signed amounts that adds up to the amount due: official, less discount,
//	       less truncated amount, gives the amount before rounding; with `Rounding up` (above 0) or `Rounding down`
//	       (below 0) it gives the amount due. CSV and JSON are tables for programs: they keep rounding_amount =
//	       payment_amount - due_amount.
//	DOC-9  With Options.Excel the CSV is for a spreadsheet program (package spreadsheet): ids are texts with all
//	       their characters, and numbers are numbers if the program keeps all their digits.
//	DOC-10  The HTML of a document with a Cover begins with it (package letter). A document without one has the same
//	        bytes as if covers did not exist.
//	DOC-11  HTML and XLSX are in the language of the Cover, English without one. Package language has the translation
//	        of every heading, caption, sentence, kind and state. Names and texts of books and feeds, ids, codes and
//	        numbers are the same in every language. CSV, JSON and the text for a terminal are English.
//	DOC-12  A statement of a partner whose customers have other currencies has no sum of amounts of two currencies: it
//	        leaves out the consumption by day and sums of what customers pay.
package document

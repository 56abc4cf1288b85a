// Package document writes what is sent to people: the statement of a partner and the bill of a customer, for one cycle
// each, as text for a terminal, JSON, CSV, XLSX or one printable HTML page.
//
// Contract:
//
//	DOC-1   A document is a function of its input: no lake, no clock, no settings; the as-of is a field. The same
//	        input gives the same bytes in every format. Nothing of a document is written before all of it was checked.
//	DOC-2   What does not add up is not written: totals are checked against rows, to the last digit (Statement.Check,
//	        Bill.Check); the error, a *SumError, names the sum.
//	DOC-3   CSV and JSON hold everything except drawings, decimals as text with all digits of their scale, times in
//	        UTC. XLSX holds everything except drawings. HTML holds drawings; where it has more than Options.Most
//	        customers or objects it lists the largest, gives the rest as one row with its sums, and says so beside the
//	        table. The text lists all.
//	DOC-4   People are shown amounts with the currency's digits at least, and with more where an amount has more:
//	        nothing is rounded for show. A column in which every amount is 0 may be missing from a table of the HTML
//	        and the text; a sentence below the table says which.
//	DOC-5   XLSX: an amount or quantity of up to 15 significant digits is a number, the very digits of its decimal, in
//	        the format of the currency; one of more digits, which a spreadsheet would cut, is a text cell with all its
//	        digits, and the total of a column that has one is no formula but the exact sum. Any other total is a
//	        formula over its column with the exact sum as its cached value.
//	DOC-6   Text of books and feeds stays text. HTML is escaped by html/template and has no script and no outside
//	        resource, which its own policy forbids as well. In XLSX it is a string cell whatever it begins with. In
//	        CSV a text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line end) gets
//	        an apostrophe before it. Control characters and marks of writing direction are written out for a terminal.
//	DOC-7   The CSV is one table: column `part` says what a row is, cells of columns that a part does not have are
//	        empty. Its columns are those of all parts in the order in which they first come.
//	DOC-8   A bill shows people one column of signed amounts that adds up to the amount due: official, less discount,
//	        less what was truncated, is to pay before rounding; with `Rounding up` (above 0) or `Rounding down` (below
//	        0) it is due. CSV and JSON are tables for programs: they keep rounding_amount = payment_amount -
//	        due_amount.
//	DOC-9   With Options.Excel the CSV is for a spreadsheet program (package spreadsheet): ids are texts with all
//	        their characters, numbers numbers as far as it keeps their digits.
package document

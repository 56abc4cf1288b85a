// Package layout writes a page of tables for people: as text for a terminal, CSV, XLSX or one printable HTML page.
// Package document fills the page and checks its sums.
//
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
//	DOC-9  With the option Excel the CSV is for a spreadsheet program (package spreadsheet): ids are texts with all
//	       their characters, and numbers are numbers if the program keeps all their digits.
//	DOC-10  The HTML of a document with a Cover begins with it (package letter). A document without one has the same
//	        bytes as if covers did not exist.
//	DOC-11  HTML and XLSX are in the language of the Cover, English without one. Package language has the translation
//	        of every heading, caption, sentence, kind and state. Names and texts of books and feeds, ids, codes and
//	        numbers are the same in every language. CSV, JSON and the text for a terminal are English.
package layout

// Package document composes documents for people: the statement of a partner, the bill of a customer and the invoice,
// for one cycle each. It checks them, defines their tables and writes them as JSON; package document writes the tables
// as text for a terminal, CSV, XLSX or one printable HTML page.
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
// DOC-4 to DOC-7 and DOC-9 to DOC-11, on the formats, are in package document.
//
// # Calendars
//
// This part writes calendar files (iCalendar, RFC 5545) with all-day events.
//
//	ICS-1  Lines end with CRLF. A line longer than 75 octets is folded between two characters.
//	ICS-2  The same events and the same instant give the same bytes: DTSTAMP is an input, and a UID is determined by
//	       the subject of the event. A calendar program that reads a later file replaces the event of the same UID.
//	ICS-3  Text is escaped, so that no text of a feed or a book ends a property.
//
// # Charts
//
// This part draws amounts as stacked bars in SVG: consumption by day and service for a document, amounts by month,
// and a drawing that is a file of its own.
//
//  1. A drawing depends only on its input, to the byte. Coordinates are hundredths, calculated with rationals.
//  2. Every bar is inside the plot, in scale: positive amounts go up from the axis, negative ones down. The axis has
//     round steps.
//  3. Texts of books and feeds are escaped; a drawing has no script and no reference to other resources.
//  4. Up to eight parts have their own colour, and a hatching of lines for grey print. If there are more, the smallest
//     share the last colour, and the caption says so.
//  5. Month-end charges are spread evenly over the days, without loss (COMPOSE-4).
//
// # Composing
//
// This part fills documents from the lake: the statement of a partner and the bill of a customer (package
// document), the table of all partners, and incentives with their next step. Package openitems lists the open items of
// a cycle.
//
//	COMPOSE-1  All data comes from one snapshot, the current books and the settings. Nothing here writes to the lake
//	           or reads a clock. The as-of of a document is that of the run that made the snapshot.
//	COMPOSE-2  Rows of a partner's statement are those of table partner_statements, in its order; settlement.Nets
//	           calculates their totals. Amounts of a bill are the customer's row of table statements. Documents check
//	           both against their parts.
//	COMPOSE-3  Consumption by day is shown if the lines of the statement add up to the sum of its rows, to the last
//	           digit. Otherwise, for example after books were changed after the close, it is omitted with a note.
//	COMPOSE-4  The day of a line is that of its usage_start in the contract zone; of an order, a refund or a manual
//	           adjustment that of its trade_time, because an order may begin after the cycle. Month-end lines are on
//	           the cycle's first day, marked; a chart spreads them evenly over the days.
//	COMPOSE-6  A document has at most maxAnnexes annexes, those with the largest payment. A note gives the number of
//	           omitted ones.
//	COMPOSE-7  An incentive's deadline and next step are determined by package settlement's state machine and the
//	           stored state.
//	COMPOSE-9  A statement's sections about partners' money are the rows of the lake's tables of §9 that concern the
//	           partner and the cycle. They change no total. What waits for a confirmation comes first.
//	COMPOSE-10  Bills gives the same bills as Bill. It reads the lines of a bucket once.
//	COMPOSE-11  A document of a closed cycle is calculated from what the lake has of the cycle. Settings and books
//	            that can have changed since the close say nothing about it but names and addresses.
//
// Memory is bounded by what a document shows: its rows, a sum per day and service, one per billing object of
// bandwidth. Lines are read file by file; of a file in which the partner's customers have few rows, only pages with
// their rows are read.
//
// # What is deducted
//
// This part determines what documents deduct because it is already paid: for customers from package query, for a
// partner's debt to one of its sellers from the table of receivables.
//
//	DEDUCT-1  The parts that the sellers of a partner have received add up to the collected amount of the receivable,
//	          if it is set off, and its paid amount.
//	DEDUCT-2  A cover from an archive deducts nothing and requests no payment: the archive has no later payments.
//
// # Open items
//
// This part lists the open items of a cycle before its close: days without records, links without samples,
// rejects, disputed incentives, and deliveries of cost files that do not count.
//
//	COMPOSE-8  Missing days are determined from accepted records: a day is present if a record of the feed was
//	           accepted for it.
//
// A list is based on one snapshot. Days after the as-of do not count as missing.
//
// # Notes on tax
//
// This part says below bills how their tax is calculated (§10.6).
//
//	TAXNOTE-1  The bill of an open cycle says what the settings and books say. That of a closed cycle says what the
//	           stored taxes show.
//	TAXNOTE-2  The books of today say whether a customer is exempt or has no country, like its name. It is omitted if
//	           the stored taxes contradict it.
//
// # Language
//
// This part translates the texts of documents from English: headings, sentences, words of tables, and texts of
// drawings. chinese.tsv has the translations (DOC-11).
//
//  1. A text is translated only within its section: one English word may have several meanings. The same text in
//     another section is another entry.
//  2. A text without a translation stays English. Nothing is an error; tests find such texts (Dictionary.Watch,
//     Words.Watch).
//  3. Values of a sentence stay unchanged. A pattern says where they are; `{t}` is a value that is translated itself.
//     An exact text takes precedence over patterns; of the patterns that match, the first one is used.
//  4. If a text of a drawing was cut to fit, the complete text is translated and cut again, to the same width.
//  5. A nil *Dictionary is English: Say, All, Comma, Gap and Colon return English.
//
// # Layout
//
// This part writes a page of tables for people: as text for a terminal, CSV, XLSX or one printable HTML page.
// Package document fills the page and checks its sums.
//
//	DOC-4  The text has amounts with at least the currency's digits, and with more if an amount has more. The tables
//	       of the HTML round them half up to the currency's digits, and the title attribute has the exact amount; the
//	       lists that add up to what is due do not round (DOC-8). A column in which every amount is 0 may be missing
//	       from a table of the HTML and the text; a sentence below the table names it.
//	DOC-13  The HTML for a customer says nothing of how the program works: it has no zone, no as-of, no state but
//	        `provisional`, no counts of lines and no amounts of 0 in sums. It and the HTML with a Cover have one
//	        headline.
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
//	DOC-9  With the option Excel the CSV is for a spreadsheet program: ids are texts with all
//	       their characters, and numbers are numbers if the program keeps all their digits.
//	DOC-10  The HTML of a document with a Cover begins with it. A document without one has the same
//	        bytes as if covers did not exist.
//	DOC-11  HTML and XLSX are in the language of the Cover, English without one. Package language has the translation
//	        of every heading, caption, sentence, kind and state. Names and texts of books and feeds, ids, codes and
//	        numbers are the same in every language. CSV, JSON and the text for a terminal are English.
//
// # Letters
//
// This part writes the cover of a document that is sent: the first page of an invoice, a credit note or a
// partner's statement, with issuer, recipient, number, dates, amounts in the currency's digits and how to pay.
//
//	LETTER-1  Every amount of a cover has the currency's digits. The rows of each table add up to its last row; if the
//	          exact amounts have more digits, a row `Rounding` contains the difference. A table that does not add up
//	          is an error, and nothing is written.
//	LETTER-2  A cover has a number only if its cycle is closed. A draft is marked as one and requests no payment.
//	LETTER-3  A negative amount due makes a credit note: it shows what is credited and requests no payment.
//	LETTER-4  Text of books, settings and branding is escaped. A logo is an image, which cannot run scripts.
//
// The pages after the cover, which package document writes, have its headline too.
//
// # Spreadsheets
//
// This part writes the cells of a CSV file for spreadsheet programs: the flag --excel. Plain CSV is for
// programs and keeps every byte of a value; a spreadsheet program guesses the type of each cell, and can guess wrong.
// This package writes cells with only one interpretation. It handles single values, and the order of the files of a
// workbook.
//
//	SHEET-1  The file begins with a byte order mark (BOM): without it Excel reads UTF-8 as the code page of the
//	         system.
//	SHEET-2  A text never becomes a formula (OWASP, CSV injection). A text that begins with = + - @ (also
//	         full-width), a tab, a line end or a NUL, with blanks before it or not, gets an apostrophe before it. The
//	         apostrophe is part of the cell: it remains when the file is saved and opened again, which a quoted
//	         literal does not. A single + or - is unchanged: it is a sign and no formula.
//	SHEET-3  The same applies if the program separates cells by semicolons or tabs, as systems with a decimal comma
//	         do: an apostrophe is also written before such a character after a semicolon, a tab or a line end within a
//	         text.
//	SHEET-4  A text that could be read as a number, a date, a truth value or an error (it has a digit, begins with #,
//	         or is TRUE or FALSE) is written as ="text", which is that text: 00123 keeps its zeros, 1234567890123456
//	         its digits, 2026-09 is no date. A literal in a formula has up to 255 characters and no line end; a text
//	         beyond that gets an apostrophe if it begins with a digit.
//	SHEET-5  A number stays a number, negative ones too, if a spreadsheet keeps all its digits: 15 from the first to
//	         the last that is not 0. One with more is text, ="1234567890.12345678", with all its digits; sums ignore
//	         it.
//	SHEET-6  Equal workbooks (XLSX) have equal bytes: their files are sorted by name.
//
// # Typesetting
//
// This part formats values and texts for people: on a page, in a table of a terminal, in a drawing. It depends on
// no document, currency or language.
//
//  1. No digit is lost: numbers are decimals as text, and only trailing zeros of their decimals are removed.
//  2. A negative number has the typographic minus, which is as wide as a digit; numbers stay aligned.
//  3. Widths are those of a terminal: East Asian wide characters take two columns, combining marks none.
//  4. A text that is cut ends no column later than asked, and leaves no isolate open.
//  5. In a page, a name is an element of its own (bdi), so that its direction changes nothing beside it.
package document

// Package spreadsheet writes the cells of a CSV file for spreadsheet programs: the flag --excel. Plain CSV is for
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
package spreadsheet

// Package export writes the tables that leave (spec §8): lines, rejects, statements and others, as CSV, NDJSON,
// Parquet, an Arrow stream or XLSX; all of their rows, a customer's or a partner's.
//
//	EXPORT-1  Columns and rows come in the order of spec §8. Decimals have all digits of their scale, times are UTC
//	          with a fraction only where there is one, and an empty value is none.
//	EXPORT-2  The same state gives the same bytes, whatever the number of buckets, days and files.
//	EXPORT-3  Memory does not grow with the table.
//	EXPORT-5  With Request.Excel a CSV is for a spreadsheet program (package spreadsheet): no cell becomes a formula,
//	          ids stay texts, numbers stay numbers. Without it no byte of a value is changed: the file is for
//	          programs.
//	EXPORT-4  A file is written under another name beside its place and renamed when it is whole: nobody sees half of
//	          one.
package export

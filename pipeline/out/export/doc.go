// Package export writes exported tables (§8): lines, rejects, statements and others, as CSV, NDJSON, Parquet, an Arrow
// stream or XLSX; all rows, or those of a customer or a partner.
//
//	EXPORT-1  Columns and rows have the order of §8. Decimals have all digits of their scale, times are UTC with a
//	          fraction only if it is not zero, and an empty field means no value.
//	EXPORT-2  The same state gives the same bytes, whatever the number of buckets, days and files.
//	EXPORT-4  A file is written under another name in the same folder and renamed when it is complete: nobody sees an
//	          incomplete file.
//	EXPORT-5  With Request.Excel a CSV is for a spreadsheet program (package spreadsheet): no cell becomes a formula,
//	          ids stay texts, numbers stay numbers. Without it the bytes of values are unchanged: the file is for
//	          programs.
//
// Memory does not grow with the table.
package export

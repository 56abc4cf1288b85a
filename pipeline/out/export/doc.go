// Package export writes exported tables (§8): lines, rejects, statements and others, as CSV, NDJSON, Parquet, an Arrow
// stream or XLSX; all rows, or those of a customer or a partner.
//
//	EXPORT-1  Columns and rows have the order of §8. Decimals have all digits of their scale, times are UTC with a
//	          fraction only if it is not zero, and an empty field means no value.
//	EXPORT-2  The same state gives the same bytes, whatever the number of buckets, days and files.
//	EXPORT-4  A file is written under another name in the same folder and renamed when it is complete: nobody sees an
//	          incomplete file.
//	EXPORT-5  With Request.Excel a CSV is for a spreadsheet program (package document): no cell becomes a formula,
//	          ids stay texts, numbers stay numbers. Without it the bytes of values are unchanged: the file is for
//	          programs.
//
// Memory does not grow with the table.
//
// # Documents in a folder
//
// This part writes the documents of a cycle that are sent into one folder: the bill of every customer, the
// statement of every partner, a page that lists them, and a list with the hash of each file.
//
//	FOLDER-1  All documents are of one state of the lake. The folder appears complete or not at all: it is written
//	          under another name, synced and renamed, and its name is durable when Write returns. A folder that
//	          exists is replaced only if the caller says so. If the process is killed while it is replaced, the next
//	          Write restores it, or deletes it if the new one already has its name.
//	FOLDER-2  The same state gives the same bytes in every file, whatever the number of workers. (PDF files contain
//	          the time at which the browser printed them.)
//	FOLDER-3  The name of a file is derived from the id of its customer or partner, and two ids never share a file,
//	          also on file systems that ignore case.
//	FOLDER-4  index.json names every other file with its length and SHA-256.
//
// Memory is bounded by one document for each worker and a row of the list for each document.
package export

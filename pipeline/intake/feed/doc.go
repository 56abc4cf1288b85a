// Package feed turns one feed file, CSV, NDJSON or Parquet, into Arrow record batches of one shape (spec §2.2,
// §3.13–3.20). It knows the columns of a feed and the text of their values; it knows no book, no cycle and no other
// record, so that everything that needs those is checked by whoever takes the batches.
//
// Invariants:
//
//  1. A file is taken whole or not at all. What is wrong with the file (its header, its compression, a column's type)
//     comes as a *FileError and ends the reading; what is wrong with one record comes as a Fault beside its batch. A
//     reader meets a file's error no later than at its end, so nothing of a file counts before io.EOF has come.
//  2. No record is dropped: row i of a batch is the file's row First+i, faulty or not, and the rows of the batches of a
//     file, put together, do not depend on the size of the batches.
//  3. The same records give equal rows from CSV, NDJSON and Parquet, compressed or not: an empty text is null, a text
//     is never trimmed, a decimal never passes through a float, an instant is UTC in microseconds. A JSON number where
//     a text belongs is its digits as they stand. The one liberty is that of encoding/csv: a line that ends inside
//     quotes ends in \n, also where the file has \r\n.
//  4. Memory is bounded by the batch, not by the file: a batch ends at Options.BatchRows or at Options.BatchBytes,
//     whichever is first; a record over Options.MaxRecord fails the file before it is read to its end.
//  5. A fault is the first of a record in this order: bad_row, for the record as a whole and then by column; then,
//     column by column in the order of the Spec, missing_value, bad_decimal, bad_time, out_of_range.
//  6. A batch owns its memory until Release; it stays valid after the next batch is read and after the reader is
//     closed. No byte of it is written again. A reader is used by one goroutine at a time, batches by any.
//  7. An error of the environment (a disk that fails, a file that is gone, a context that ends) is never a *FileError.
//  8. Hashes gives the hash that Hash gives. A file is passed over unread only where size, mtime, ctime, inode and name
//     are those it was hashed with, and both times were two seconds past before the reading began, by the clock of the
//     file system that remembers. What is remembered is never needed: without it every file is read.
//  9. A file whose size, mtime, inode or content is not what it was when Hash was asked for it is a *ChangedError of
//     Still. Content is compared where a change might leave the stamp as it was: of files that are not settled, or of a
//     file system without stamps.
//  10. A name in the inbox never hides another: a link that leads nowhere, to itself or out of the inbox, a name that
//     is not UTF-8, a pipe, a socket, a device, and what this user may not read are listed as Passed, each with its
//     reason.
package feed

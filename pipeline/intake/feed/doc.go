// Package feed turns one feed file, CSV, NDJSON or Parquet, into Arrow record batches of one shape (§2.2, §3.13–3.20).
// It knows the columns of a feed and the text of their values. It knows no book, no cycle and no other record; the
// caller checks everything that needs those.
//
//  1. A file is ingested completely or not at all. An error of the file (its header, its compression, a column's
//     type) is a *FileError and ends the reading. An error of one record is a Fault with its batch. A reader
//     reports the error of a file no later than at its end, so nothing of a file counts before io.EOF.
//  2. No record is dropped: row i of a batch is the file's row First+i, faulty or not, and the concatenated rows of
//     a file do not depend on the size of the batches.
//  3. The same records give equal rows from CSV, NDJSON and Parquet, compressed or not: an empty text is null, a
//     text is never trimmed, a decimal is never converted to a float, an instant is UTC in microseconds. A JSON
//     number in a text column is its literal digits. As in encoding/csv, a line that ends inside quotes ends in \n,
//     even if the file has \r\n.
//  4. Memory is bounded by the batch, not by the file: a batch ends at Options.BatchRows or at Options.BatchBytes,
//     whichever is first. A record larger than Options.MaxRecord fails the file before the record is read to its
//     end.
//  5. A fault is the first of a record in this order: bad_row, for the complete record and then by column; then,
//     column by column in the order of the Spec, missing_value, bad_decimal, bad_time, out_of_range.
//  6. A batch owns its memory until Release. It stays valid after the next batch is read and after the reader is
//     closed, and its bytes are not written again. A reader is used by one goroutine at a time, batches by any.
//  7. An error of the environment (a disk error, a missing file, a context that ends) is never a *FileError.
//  8. Hashes returns the hash that Hash returns. A file is not read only if size, mtime, ctime, inode and name are
//     those with which it was hashed, and both times were two seconds before the reading began, by the clock of the
//     file system of the cache. The cache is never required: without it every file is read.
//  9. If size, mtime, inode or content of a file differ from those at the time of Hash, Still returns a
//     *ChangedError. Content is compared if a change could leave the stamp unchanged: for recently changed files,
//     and on a file system without stamps.
//  10. A name in the inbox never hides another. A link that leads nowhere, to itself or out of the inbox, a name
//     that is not UTF-8, a pipe, a socket, a device, and a file that this user cannot read are listed as Passed,
//     each with its reason.
package feed

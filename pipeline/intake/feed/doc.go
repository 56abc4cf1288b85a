// Package feed converts one feed file, CSV, NDJSON or Parquet, into Arrow record batches with the same schema (§2.2,
// §3.13–3.20). It reads the columns that the specs describe; this package defines the batches and their
// faults. It does not use books, cycles or other records: the caller makes all checks that need them.
//
//  1. A file is ingested completely or not at all. An error of the file (its header, its compression, a column's
//     type) is a *FormError and ends the reading. An error of one record is a feedrows.Fault with its batch. A
//     reader reports the error of a file no later than at its end, so nothing of a file counts before io.EOF.
//  2. No record is dropped: row i of a batch is the file's row First+i, faulty or not, and the concatenated rows of
//     a file do not depend on the size of the batches.
//  3. The same records give equal rows from CSV, NDJSON and Parquet, compressed or not: an empty text is null, a
//     text is never trimmed, a decimal is never converted to a float, an instant is UTC in microseconds. A JSON
//     number in a text column is its literal digits. As in encoding/csv, a line that ends inside quotes ends in \n,
//     even if the file has \r\n.
//  4. Memory is bounded by the batch, not by the file: a batch ends at BatchRows or at BatchBytes of feedrows.Options,
//     whichever is first, or earlier at the end of a piece of a text that several goroutines parse. A record larger
//     than MaxRecord fails the file before the record is read to its end.
//  5. A record has one fault, the first in the order of Builder, whatever the file's format.
//  6. A batch owns its memory until Release. It stays valid after the next batch is read and after the reader is
//     closed, and its bytes are not written again. A reader is used by one goroutine at a time, batches by any.
//  7. An error of the environment (a disk error, a missing file, a context that ends) is never a *FormError.
//  8. The ranges that a Cutter makes of a text have the rows, faults and raw records of the whole file, in its
//     order and with its numbers. If the file fails, the first range that fails has the error of the whole file.
//  9. The footer of a Parquet file is parsed once for all readers of its row groups that one Files opens one after
//     the other, so that a file costs time in proportion to its row groups.
//
// # Ranges of files
//
// This part divides large text files of the inbox into ranges of bytes, so that several tasks read one file.
//
//	CUT-1  A range begins with a record and ends where one ends. A record of CSV ends where encoding/csv ends it,
//	       after quoted ends of lines and after wrong quotes too.
//	CUT-2  The ranges of a file follow from its content, its format and the size of a range alone. A file that is not
//	       larger than a range, is compressed, or is Parquet, has none.
//	CUT-3  A range says how many records and ends of lines are before it, so that rows and lines are numbered as in
//	       the whole file.
//
// Ranges are cut while the file is hashed, so the hash is that of the content that was cut.
//
// # What readers share
//
// This part contains what the readers of all formats share: a Batch of a file's records as Arrow
// rows, the Fault of a record, the Builder that makes batches from texts, and the matching of a file's columns with its
// Spec. It opens no file.
//
//  1. No record is dropped: a Builder has as many rows as records were added, with a Fault or not, and a row whose
//     value cannot be read has null in that column.
//  2. A fault is the first of a record in this order: bad_row, for the complete record and then by column; then,
//     column by column in the order of the Spec, missing_value, bad_decimal, bad_time, out_of_range.
//  3. A decimal is never converted to a float, a text is never trimmed, and an empty text is null.
//  4. A batch owns its memory until Release. It stays valid after the next batch is made, and its bytes are not written
//     again. A Builder is used by one goroutine at a time, batches by any.
//
// # Text of feeds
//
// This part opens the stored files of the inbox: it knows the formats by the endings of names, unpacks gzip and
// zstd, and distinguishes a file that is wrong from a disk that fails.
//
//  1. An error of the file's content is an *FormError. An error of the environment (a disk error, a missing file) never
//     is, even if it occurs in the middle of a compressed stream.
//  2. A text is given without its byte order marks (TEXT-2). An empty file, and one in UTF-16, is an *FormError.
//  3. A zstd file cannot demand a window over 128 MiB.
//  4. After Only, Read gives the bytes of that range of the stored file alone.
//
// # The feeds
//
// This part describes the feeds (§3.13–3.20): their columns, the kinds of the columns' values, and which columns a
// record must have. Readers, checks and documentation all use this description.
//
//  1. The order of a Spec's columns is the order of the checks and of the columns of a batch.
//  2. The columns of a feed have distinct names. No name begins with x_, which is reserved for senders' own columns.
//
// # Parquet of feeds
//
// This part reads columns of Parquet files that other programs write, as Arrow arrays or as numbers of their
// distinct texts, and writes files for other programs. Package parquet of the lake has the files of the lake.
//
//  1. A column is read forward, one page after the other, and of a page only the requested rows. In memory are its
//     dictionary, one page and the requested rows, whatever numbers the file's structures state.
//  2. The Parquet schema alone determines the types. An Arrow schema that the writer stored is ignored.
//  3. A read beyond the bytes of a page is an error. Decoders can panic; Group and Guard make it an error. The
//     caller adds the names of the file and of the column.
//  4. Each column of a row group has as many rows as the group, and all groups have as many as the footer states.
package feed

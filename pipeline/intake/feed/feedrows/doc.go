// Package feedrows contains what the readers of all formats of package feed share: a Batch of a file's records as Arrow
// rows, the Fault of a record, the Builder that makes batches from texts, and the matching of a file's columns with its
// feeds.Spec. It opens no file.
//
//  1. No record is dropped: a Builder has as many rows as records were added, with a Fault or not, and a row whose
//     value cannot be read has null in that column.
//  2. A fault is the first of a record in this order: bad_row, for the complete record and then by column; then,
//     column by column in the order of the feeds.Spec, missing_value, bad_decimal, bad_time, out_of_range.
//  3. A decimal is never converted to a float, a text is never trimmed, and an empty text is null.
//  4. A batch owns its memory until Release. It stays valid after the next batch is made, and its bytes are not written
//     again. A Builder is used by one goroutine at a time, batches by any.
package feedrows

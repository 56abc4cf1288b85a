// Package cuts divides large text files of the inbox into ranges of bytes, so that several tasks read one file.
//
//	CUT-1  A range begins with a record and ends where one ends. A record of CSV ends where encoding/csv ends it,
//	       after quoted ends of lines and after wrong quotes too.
//	CUT-2  The ranges of a file follow from its content, its format and the size of a range alone. A file that is not
//	       larger than a range, is compressed, or is Parquet, has none.
//	CUT-3  A range says how many records and ends of lines are before it, so that rows and lines are numbered as in
//	       the whole file.
//
// Ranges are cut while the file is hashed, so the hash is that of the content that was cut.
package cuts

// Package load reads and checks the books of a workspace.
//
//  1. Reading is strict: every cell is read by the parser of its type, every reference is looked up, every rule of
//     the books is checked, and all errors are reported together, by file, line and column.
//  2. Books that are returned without an error are valid: no lookup in them meets a case that the rules do not cover.
//  3. The same rows in another order give the same books.
//  4. Hash covers only the names and bytes of the books: with the same settings, equal hashes mean equal books.
//
// # Packed books
//
// This part stores the texts of the books in one file, from which the texts for one customer can be read without
// the rest.
//
//	PACKED-1  A read returns what was packed, or an error: the head and each part have a checksum, which is
//	          verified before the part is used.
//	PACKED-2  Of the books that have a row for each customer, Of returns the rows that sheet.Files.KeepCustomer keeps,
//	          in any order. It returns all other books completely.
//
// Key and Note of a packed file identify the books that it was made of. The caller checks whether the books are still
// the same.
//
// # Files of the books
//
// This part reads the files of the books as tables: CSV with the place of every cell, and YAML. It knows the
// formats of the books and the types of cells, but not the references between books.
//
//  1. Every problem of a file, a row or a cell is reported with file, line and column. A wrong quote does not hide the
//     rows before it.
//  2. A file that is not completely read is in Broken.
//  3. Rows of one key that are in force at the same time, or that are duplicates, are reported with both places.
package load

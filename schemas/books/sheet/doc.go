// Package sheet reads the files of the books as tables: CSV with the place of every cell, and YAML. It knows the
// formats of the books and the types of cells, but not the references between books.
//
//  1. Every problem of a file, a row or a cell is reported with file, line and column. A wrong quote does not hide the
//     rows before it.
//  2. A file that is not completely read is in Broken.
//  3. Rows of one key that are in force at the same time, or that are duplicates, are reported with both places.
package sheet

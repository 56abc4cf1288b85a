// Package pageindex reads where the row groups, columns and pages of a Parquet file of the lake are: a Layout, from the
// footer and the page index of the file, without a page of data.
//
//  1. A Layout does not change after it was read. Goroutines may share it.
//  2. Pages of a chunk are in the order of their rows, and the first one begins at row 0 of its group. A file for which
//     this does not hold is an error.
//  3. A column that was added to the table after the file was written has no pages. The file has every other column
//     that the caller wants.
package pageindex

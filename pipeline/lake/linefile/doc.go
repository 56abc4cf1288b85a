// Package linefile writes files of lines that are made one by one: lines of orders and adjustments, and lines that a
// close or a re-rating adds to a cycle.
//
//  1. A file's lines are in the order of §8. Its bytes are a function of the set of lines, of the key and of the books.
//  2. For every file of lines there is a file of table sums with their sums per customer. The manifest keeps the sums
//     of its columns of amounts and quantities.
//  3. The columns that depend on customer, sku and price version alone are taken from the books when the line is
//     written.
//  4. In a file of the lines of a day, a row group also ends after a slot of the clock in which a customer has many
//     lines (Slots).
package linefile

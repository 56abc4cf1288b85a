// Package content lists the tables and items of a state of the lake that are copied to ClickHouse, and reads the items
// as columns to insert. An item is a file of the lake, or rows that a publish calculates (partner statements of open
// cycles, control totals, the lake's history). The package sends nothing: package publish decides which items are
// inserted, where and when, and when the views show them.
//
// Invariants:
//
//  1. The table and the path of an item identify its rows: two states that list an item of the same table, path and
//     layout give the same rows. The path of a file of the lake names its content; the path of calculated rows names
//     all of their inputs.
//  2. An item has rows of one cycle at most and, in a workspace of several currencies, amounts of one currency
//     (PUB-13).
//  3. A block has the columns of its table's Columns, in their order, and the rows in the order in which they are read.
//     Decimals are the integers of the lake's files.
//  4. A tally adds up, exactly, the columns that the server adds up too. Its sums have no trailing zeros, as the
//     server's have when they are compared.
//  5. Memory is bounded by one batch of rows, not by the rows of an item. Rows of an item are read only when its Read
//     is iterated over, except to divide it by currency or by cycle.
package content

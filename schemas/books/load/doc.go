// Package load reads and checks the books of a workspace.
//
//  1. Reading is strict: every cell is read by the parser of its type, every reference is looked up, every rule of
//     the books is checked, and all errors are reported together, by file, line and column.
//  2. Books that are returned without an error are valid: no lookup in them meets a case that the rules do not cover.
//  3. The same rows in another order give the same books.
//  4. Hash covers only the names and bytes of the books: with the same settings, equal hashes mean equal books.
package load

// Package problem is how the books and the settings say what is wrong with them: all at once, each with its place
// (spec §2.1, §7.4).
//
// Invariants:
//
//  1. A problem names the file as people know it, the line and the column, both counted from 1. A column counts bytes
//     from the start of the line; a byte order mark is not counted.
//  2. A Collector never stops at the first problem, and its outcome does not depend on the order in which problems were
//     added: they are sorted by file, line, column and text, and told once each.
//  3. At most Limit problems are listed; the rest is counted.
package problem

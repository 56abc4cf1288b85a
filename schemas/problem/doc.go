// Package problem reports the errors of books and settings: all at once, each with its place (§2.1, §7.4).
//
//  1. A problem names the file as people know it, the line and the column, both counted from 1. A column counts
//     bytes from the start of the line; a byte order mark is not counted.
//  2. A Collector never stops at the first problem, and its result does not depend on the order in which problems
//     were added: they are sorted by file, line, column and text, without repetitions.
//  3. At most Limit problems are listed; the rest is counted.
package problem

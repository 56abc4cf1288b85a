// Package problem reports the errors of books and settings: all at once, each with its place (§2.1, §7.4). It also
// says what the errors of all packages mean and what to do about them.
//
//  1. A problem gives the file's name, the line and the column, both counted from 1. A column counts bytes from the
//     start of the line, without a byte order mark.
//  2. A Collector never stops at the first problem. Its result does not depend on the order in which problems were
//     added: they are sorted by file, line, column and text, without duplicates.
//  3. At most Limit problems are listed; the rest is counted.
//  4. Diagnose alone decides what an error means. The outermost type that is Diagnosed determines the class; of joined
//     errors the greater class counts.
//  5. An error that wraps one of the operating system's for lack of room, files or rights has a hint, whatever wraps
//     it, if no type that wraps it has one. It is Retryable.
package problem

// Package bookproblem reports errors of a run that corrected books would fix as a check of the books would report them.
//
//  1. An error of rating or settling that names a book becomes a problem with the file of the book, the text of
//     the error, and what to do, which its type says. Other errors stay unchanged.
//  2. An error of a record, an order or a meter for which no price in range can be calculated becomes a refusal that
//     says what to do, because running again does not help.
package bookproblem

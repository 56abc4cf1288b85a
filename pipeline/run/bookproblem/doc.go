// Package bookproblem reports errors of a run that corrected books would fix as a check of the books would report them.
//
//  1. An error of the rating or settling of a run that names a book becomes a problem with the file of the book, the
//     text of the error, and what to do. Other errors stay as they are.
//  2. An error of a record, an order or a meter that no price in range can be calculated of becomes a refusal that says
//     what to do: running again does not help.
package bookproblem

// Package bookproblem reports errors of a run that corrected books would fix as a check of the books would report them.
//
//  1. An error of the rating or settling of a run that names a book becomes a problem with the file of the book, the
//     text of the error, and what to do. Other errors stay as they are.
package bookproblem

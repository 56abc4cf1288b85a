// Package rated keeps the lines of days that the task of a bucket has rated and will pay, between these two steps, so
// that the lake gets only one file of them: the one that contains what paid each line.
//
//	RATED-1  A reader returns the row groups that were added, in their order, as a reader of a file of them would:
//	         pay writes the same file from either.
//	RATED-2  Up to 131,072 rows of a worker are held in memory. Others are in temporary files of the run: in one, if
//	         nothing is read before everything is added.
//	RATED-3  Lines can be read before they are paid: commitments count them (§10.4). They are still available to pay.
package rated

// Package rated keeps the lines of days that the task of a bucket has rated and will pay, from the one step to the
// other, so that the lake gets one file of them: the one that contains what paid each line.
//
//	RATED-1  A reader gives the row groups that were added, in their order, as a reader of their file would give them:
//	         the file that pay writes of them is the same.
//	RATED-2  Up to 131,072 rows of a worker are held in memory as they are. Others are in temporary files of the
//	         run: in one, if nothing is read before everything is added.
//	RATED-3  Lines can be read before they are paid (commitments count them, §10.4): they stay for paying.
package rated

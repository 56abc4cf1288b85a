// Package taxes calculates the tax of the lines of open cycles, by customer (§10.6).
//
//	FTAX-1  What a file of lines adds to taxes is stored per day. A run calculates it only for files that changed, or
//	        for all files if taxes, parties or settings changed. It is a function of the lines and the books.
//	FTAX-2  The table taxes of a bucket and cycle is the sum of its days. Rounding comes after the sum.
//	FTAX-3  Without taxes.csv nothing is read and nothing is written.
//
// The taxes of a closed cycle do not change. A late line has the tax of its own time, in the cycle in which it is
// billed.
package taxes

// Package position is what a day of a cycle has to know of the days before it: each meter's count, each package's rest,
// each customer's sums. Rows are typed by Kind; a new rule adds a kind and never changes the meaning of one.
//
//	POS-1  The closing positions of a day are the opening positions of the next (the fold's one rule).
//	POS-2  Positions are a function of the accepted records and the books: not of runs, files or workers.
//	POS-3  Meter and Gather rows end with their cycle; Package rows go on into the next.
package position

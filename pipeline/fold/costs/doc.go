// Package costs bills vendors' cost files: it finds the deliveries that count, allocates and prices their rows, and
// writes the lines and the margins of each cycle (§11). Package margins adds up the margins.
//
//	FCOST-1  The lines and margins of an open cycle are a function of its counted deliveries, the books and the
//	         settings. Superseded deliveries, the order of deliveries and the number of runs have no effect.
//	FCOST-2  A cycle is rated again only if other deliveries count or, while it is open, if books or settings changed.
//	         A night without such changes reads no row.
//	FCOST-3  Per source, period and cost column, the margins equal the accepted rows exactly; their payments equal the
//	         lines. A difference stops the run.
//	FCOST-4  What a delivery changes in a closed cycle is posted into the earliest open one: per id and tier, what is
//	         due now minus all that was billed for the cycle. A posting stays until another delivery for its cycle
//	         counts, unless unallocated rows hold it.
//	FCOST-5  Neither rows nor groups are held in memory: a worker has a limited number of bytes of groups, and all
//	         groups go through sorters of package extsort. Lines are written a row group at a time. To post what
//	         changes in a closed cycle, the groups and lines of one bucket are held.
//	FCOST-6  A row that differs from an earlier row of its file only in numbers and time is allocated like that row,
//	         if no change of the books is between their times and both are within the group's day. The result is
//	         that of allocating every row.
//	FCOST-7  A closed cycle is converted by the rates that it was billed by, whatever fx and rates.csv say later
//	         (§11.4, §11.5).
//	FCOST-8  What a closed cycle billed stays if the files of its delivery changed or are gone and no other one
//	         counts. A cycle is rated again only if the rows of all its deliveries can be read: new ones of other
//	         sources wait.
//	FCOST-9  zone and period_end of a source are those with which its first delivery counted. An open cycle is read
//	         by the present missing, a closed one by that of its billing until it is rated again (§11.8).
package costs

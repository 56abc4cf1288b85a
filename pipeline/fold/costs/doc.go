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
//	         groups go through sorters of package rows. Lines are written a row group at a time. To post what
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
//
// # Spans of the books
//
// This part finds the spans in which the books that bill cost files do not change.
//
//  1. Within a span that Around returns, the same allocation rules, rows of customers, mark-ups and prices are in
//     force.
//
// # Groups of closed cycles
//
// This part stores the groups of cost rows of closed cycles in the open cycle that bills their differences.
//
//  1. The open cycle has the groups of its postings, and those whose costs, payment or low margin differ from what was
//     stored up to the last close. The costs of the last states of all groups therefore add up to those of customers
//     in the margins of all cycles.
//  2. A group of which nothing is due any more has no rows, costs and payment.
//
// # Margins
//
// This part adds up what cost files cost next to what customers pay for it: the rows of the table margins of a
// cycle (§11.6), and the rates that convert costs and payments (§10.7, §11.5).
//
//  1. Costs and payments add up exactly; the only rounding is that of a row's margin_amount, to 8 decimals.
//  2. A row's margin is in the currency of the workspace: its payment is converted by the rate of the cycle that bills
//     it, its cost by the Conversion of its source.
//  3. A Conversion takes the first rate of: what the delivery was billed by, fx of the source, the rates of the close,
//     today's rates.csv (FCOST-7).
//  4. Two tables of the same rows are equal, in whatever order and by however many workers the rows were counted.
//
// # Columns as they were
//
// This part keeps the columns of cost files that are exported unchanged if all rows of a group agree (§11.6).
//
//  1. The texts of a group do not depend on the order in which its rows are added.
//  2. The verbatimJSON object of a group has the texts in which all of its rows agree, by the names of the columns, and
//     no others.
package costs

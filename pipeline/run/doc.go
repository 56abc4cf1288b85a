// Package run performs the runs of tollbook on a workspace: it ingests feeds, folds the days that changed, updates
// month-ends and statements, checks the control totals, and commits the lake.
//
//	RUN-1  A run is one transaction on the lake: readers see the state before it or after it (§7.2).
//	RUN-2  A run with nothing new writes nothing and reports that (§7.1).
//	RUN-3  A run whose control totals fail does not commit (§6.6).
//	RUN-6  A cycle is closed only after every earlier one that has files, also by this run, and after every one since
//	       the last closed one, or since the first with files, that the books may charge without a record.
//	RUN-7  A closed cycle is rated again if it is not archived and the lake has something of it, of an earlier cycle
//	       that is not archived, or of lines that a later closed cycle billed for it.
//	RUN-8  A run of an engine that did not end is continued only if a run that begins now would take the same feed
//	       files. A refused one leaves nothing that could be continued.
//
// The run's clock is an argument. No package below reads a clock.
//
// # Errors of books
//
// This part reports errors of a run that corrected books would fix as a check of the books would report them.
//
//  1. An error of rating or settling that names a book becomes a problem with the file of the book, the text of
//     the error, and what to do, which its type says. Other errors stay unchanged.
//  2. An error of a record, an order or a meter for which no price in range can be calculated becomes a refusal that
//     says what to do, because running again does not help.
//
// # Dismissed rejects
//
// This part ends rejects that a person dismisses, and opens dismissed ones again.
//
//  1. A name means the rejects of one record: a file with a row, an id, or a file. A name that fits several records is
//     refused, and nothing is done.
//  2. Who dismissed a reject, why and when is stored with the reject. A reject that a record corrected stays corrected.
//
// # Gates
//
// This part stops a run whose feed files have more rejects than the gates of the settings allow (§7.1).
//
//	GATE-1  If a feed has more rejects than its gate allows, over all its files that are taken, the run ends before
//	        anything is committed, unless the rejects are accepted with a reason.
//	GATE-2  No gate stops a retry: its records were rejected before.
//
// # New files
//
// This part finds the feed files of the inbox that a run takes (§3.1).
//
//  1. A file is taken once, by its feed and the hash of its content. Two new files of one content are taken as one.
//  2. Every name that is not taken is in the report: with a fault, as deferred to a later run, or as the same as
//     another.
//  3. A hash that another process found counts only if the file has one stamp when it is listed, before and after it
//     is read, and when the hash is taken over.
//
// # Plans of shared runs
//
// This part defines the plan of a shared run, that is, of a run whose tasks are done by several processes.
//
//  1. A plan names the lake's state, the build, the settings, the books and the feed files of the run, and the books
//     for re-rating a cycle. A process with different ones refuses the plan.
//  2. The name of a run is the hash of its plan.
//
// # Lists of rejects
//
// This part writes the rejects of a run.
//
//  1. A feed file with 4,096 rejects or more has files of rejects of its own in the lake. Those of all others are in
//     one, in order of feed file and row. This depends on the counts alone, and not on who does the tasks.
//  2. The raw record of a reject that was found by comparing records is read from its feed file again. Tasks
//     do it for usage and bandwidth.
//  3. The rejects of a retry are stored together with those that it did not try, in one file. It has no tasks for them.
//
// # Re-rated cycles
//
// This part defines the input and the result of re-rating a closed cycle (§4.12): books in another folder, and
// the differences from what was billed.
//
//  1. Differences are listed in the order of customer, sku, region, resource and time.
//
// # Rejects tried again
//
// This part writes open rejects as feed files again, for a run that tries them with today's books (§3.20).
//
//  1. Each record is unchanged, follows the header of its file, and keeps its original file name and row.
//  2. A reject that no books and no other record can correct is not tried, and stays. A bad_row is tried only in a
//     column whose values are looked up in the books, a number and a missing value only if the books decide on it.
//
// # Currencies of closed cycles
//
// This part refuses books that change the currency of money in closed cycles (§10.7).
//
//	SAMECURRENCY-1  A customer has the currency of its newest statement of a closed cycle, and of its balances at
//	                the end of closed cycles. A partner has that of its newest statement of a closed cycle, and of
//	                its valid events in closed cycles.
//
// # Publishing
//
// This part publishes committed states of the lake to the targets of the settings: a ClickHouse server and
// PublishIceberg tables (§6.6).
//
//  1. A target that cannot be reached does not fail a committed run: the report says that the publish is
//     pending.
//  2. Totals that differ at a target are an error.
//
// # Control totals
//
// This part calculates the control totals of the state that a run will commit, and checks those that must agree
// (§6.6).
//
//	TOTALS-1  Lines and statements of each bucket have the same sums, for each amount and currency.
//	TOTALS-2  The sums of coupon uses and of the coupon payments in lines are equal; also those of taxes and
//	          statements, of margins and lines of cost files, and of partners' money and its accounts.
//
// # Rows decided otherwise
//
// This part handles rows of earlier runs about which a run decides differently: it updates the rejects and
// describes the changes.
//
//  1. A row that is now accepted is not a reject. A row that is now refused is an open reject, unless a person
//     dismissed it: then it stays dismissed, even with another reason.
package run

// Package compose fills documents from the lake: the statement of a partner and the bill of a customer (package
// document), the table of all partners, and incentives with their next step. Package openitems lists the open items of
// a cycle.
//
//	COMPOSE-1  All data comes from one snapshot, the current books and the settings. Nothing here writes to the lake
//	           or reads a clock. The as-of of a document is that of the run that made the snapshot.
//	COMPOSE-2  Rows of a partner's statement are those of table partner_statements, in its order; settlement.Nets
//	           calculates their totals. Amounts of a bill are the customer's row of table statements. Documents check
//	           both against their parts.
//	COMPOSE-3  Consumption by day is shown if the lines of the statement add up to the sum of its rows, to the last
//	           digit. Otherwise, for example after books were changed after the close, it is omitted with a note.
//	COMPOSE-4  The day of a line is that of its usage_start in the contract zone; of an order, a refund or a manual
//	           adjustment that of its trade_time, because an order may begin after the cycle. Month-end lines are on
//	           the cycle's first day, marked; a chart spreads them evenly over the days.
//	COMPOSE-6  A document has at most maxAnnexes annexes, those with the largest payment. A note gives the number of
//	           omitted ones.
//	COMPOSE-7  An incentive's deadline and next step are determined by package settlement's state machine and the
//	           stored state.
//	COMPOSE-9  A statement's sections about partners' money are the rows of the lake's tables of §9 that concern the
//	           partner and the cycle. They change no total. What waits for a confirmation comes first.
//	COMPOSE-10  Bills gives the same bills as Bill. It reads the lines of a bucket once.
//	COMPOSE-11  A document of a closed cycle is calculated from what the lake has of the cycle. Settings and books
//	            that can have changed since the close say nothing about it but names and addresses.
//
// Memory is bounded by what a document shows: its rows, a sum per day and service, one per billing object of
// bandwidth. Lines are read file by file; of a file in which the partner's customers have few rows, only pages with
// their rows are read.
//
// # What is deducted
//
// This part determines what documents deduct because it is already paid: for customers from package paid, for a
// partner's debt to one of its sellers from the table of receivables.
//
//	DEDUCT-1  The parts that the sellers of a partner have received add up to the collected amount of the receivable,
//	          if it is set off, and its paid amount.
//	DEDUCT-2  A cover from an archive deducts nothing and requests no payment: the archive has no later payments.
//
// # Open items
//
// This part lists the open items of a cycle before its close: days without records, links without samples,
// rejects, disputed incentives, and deliveries of cost files that do not count.
//
//	COMPOSE-8  Missing days are determined from accepted records: a day is present if a record of the feed was
//	           accepted for it.
//
// A list is based on one snapshot. Days after the as-of do not count as missing.
//
// # Notes on tax
//
// This part says below bills how their tax is calculated (§10.6).
//
//	TAXNOTE-1  The bill of an open cycle says what the settings and books say. That of a closed cycle says what the
//	           stored taxes show.
//	TAXNOTE-2  The books of today say whether a customer is exempt or has no country, like its name. It is omitted if
//	           the stored taxes contradict it.
package compose

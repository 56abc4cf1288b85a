// Package compose fills documents from the lake: the statement of a partner and the bill of a customer (package
// document), the table of all partners, incentives with what comes next, and what a cycle lacks before it is closed.
//
// Contract:
//
//	COMPOSE-1  Everything comes from one snapshot, today's books and the settings; nothing here writes to the lake or
//	           reads a clock. The as-of of a document is that of the run that made the snapshot.
//	COMPOSE-2  Rows of a partner's statement are those of table partner_statements, in its order; what they come to is
//	           worked out by settlement.Nets. Amounts of a bill are the customer's row of table statements. Documents
//	           check both against their parts.
//	COMPOSE-3  Consumption by day is shown where the lines that the statement is made of come to the sum of its rows,
//	           to the last digit, and is left out with a note where they do not, as where books were changed after the
//	           close.
//	COMPOSE-4  The day of a line is that of its usage_start in the contract zone; of an order, a refund or a manual
//	           adjustment that of its trade_time, since an order may begin after the cycle. Lines of the month's end
//	           stand on the cycle's first day.
//	COMPOSE-5  Memory is bounded by what a document shows: its rows, a sum per day and service, one per billing object
//	           of bandwidth. Lines are read file by file; row groups without one of the partner's customers are passed
//	           over.
//	COMPOSE-6  Of annexes there are at most MaxAnnexes, those with the largest payment; a note says how many were left
//	           out.
//	COMPOSE-7  An incentive's deadline and what comes next follow from package settlement's own machine and the state
//	           that was kept.
//	COMPOSE-8  What is missing is told from accepted records: a day counts as there when a record of the feed was
//	           accepted for it.
package compose

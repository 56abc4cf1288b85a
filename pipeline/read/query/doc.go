// Package query answers finance questions from one committed state of the lake. It defines a question (the rows of the
// lake that it adds up, and its keys), a request with limits and currencies, the answer with its totals, and the
// series of an answer that a chart shows. Package question lists the questions; pipeline/out/published has the SQL
// over the views in ClickHouse by which a published copy answers them.
//
//	ASK-1  The answer to a question is one row for each value of its keys, with the exact sums of its sum columns.
//	       Rows have the question's order, in which no two rows are equal.
//	ASK-2  The same state gives the same table to the last digit, whatever the workers, buckets, days and files, and
//	       whether the lake's files or the published copy answer.
//	ASK-3  Totals and the count of rows are of all rows, also of those that a limit omits, by currency.
//	       Quantities have different measures and no total, and neither has a value that several rows contain.
//	ASK-4  A limit of a request removes rows before they are added up: a row counts if it fits every limit. A question
//	       whose table has no column for a limit refuses it.
//	ASK-5  Where customers or partners have several currencies, the currency is a key, and rows, limits and totals are
//	       of each currency. Payments of the customers of partners in other currencies have no total.
//
// An answer is of one committed state and names it. Only the columns of the lake that a question needs are read.
// Memory is bounded by the number of rows of the answer before its limit, times the workers, not by the number of
// lines.
//
// # Annexes
//
// This part shows a customer how a bandwidth bill was calculated (§4.7): the samples of a link or a group over a
// cycle, the measured values, the points above the value, and the billed quantity; as values and as a chart for an
// invoice.
//
//	ANNEX-1  Package percentile measures, from the samples of the lake and the current books; nothing here measures
//	         again. Lines are those of the lake. If there are none yet, package rating prices them and they are
//	         marked as provisional.
//	ANNEX-3  A chart is a function of the annex: the same annex gives the same bytes. Its coordinates are whole
//	         tenths, calculated in integers and rationals.
//	ANNEX-4  A chart is self-contained: SVG 1.1 without scripts, references and fonts; all text of the books is
//	         escaped.
//	ANNEX-5  The series has at most one value per column of the chart: the largest of the column's points. No peak is
//	         lost.
//
// All data comes from one snapshot. Nothing here writes to the lake.
//
// # Bills
//
// This part adds up the lines of a customer's cycle to a bill: sections by service, items by product, tier and
// price.
//
//  1. A bill comes from one snapshot, and its totals are the sums of its lines.
//  2. Items have a fixed order that does not depend on the order of lines.
//
// # Cache
//
// This part keeps files of a server for repeated requests: exports that are resumed, and partner statements of
// open cycles.
//
//	CACHE-1  A file is made once for all concurrent requests of its tag, and exists completely or not at all.
//	CACHE-2  The oldest files are deleted when the total is too large, but never the newest. A request that has a
//	         file open reads it to its end.
//
// # Coupons
//
// This part reads coupons, and the quotas from which partners issue them, from one committed state (§9.2).
//
//	COUPONS-1  What is left of a quota is its amount, minus what was issued from it and what was handed down in quotas
//	           that have begun, plus what reclaims of closed cycles took back of its own coupons.
//	COUPONS-2  A workspace that does not record partners' money has no table of coupons. What is left of the coupons
//	           of its book is then calculated from the latest balances.
//
// # Currencies
//
// This part finds the currency of the amounts of a row of the lake: that of the customer or partner to whom
// the money belongs (§10.7). Most tables have no currency column.
//
//	CURRENCY-1  The currency of a customer is that of its statements of cycles with several currencies, else that of
//	            today's books; the currency of a partner is that of today's books.
//	CURRENCY-2  Amounts of partners' money are in the currency of the partner, those of coupons in that of the
//	            customer, those of invoices and taxes in that of the recipient.
//	CURRENCY-3  Reading amounts without a currency column fails if the books lack a customer that a cycle billed in a
//	            currency other than the workspace's.
//
// # Deadlines
//
// This part lists what lapses if nothing is done: incentives (§6.5), and partners' coupons, quotas, funds,
// receivables and invoices (§9).
//
//	DUE-1  A deadline is the first instant at which something has lapsed. Its last day is the last day of the contract
//	       zone that contains an earlier instant.
//	DUE-2  States are those of the last run. A list has the deadlines after the run's as-of, and none that has passed.
//	DUE-3  Only things of value lapse: a coupon, a quota or a receivable of which nothing is left has no deadline.
//	DUE-4  A list is ordered by deadline, then kind, id, period, partner and customer.
//
// # Axes
//
// This part has what the charts of annexes and of documents share: the scale of an axis, and text in markup.
//
//	DRAW-1  The steps of an axis are 1, 2 or 5 times a power of ten, the smallest that keep their number within the
//	        limit. Everything is calculated with rationals.
//
// # Orders
//
// This part reads the states of order lines from one committed state, and what unpaid ones would cost.
//
//	ORDERS-1  A paid order line is completed, unless its last step is processing. Any other order line has the status
//	          of its last step. Rejected steps do not count.
//	ORDERS-2  An unpaid order line costs what an order costs that is paid at the instant of the question. A line
//	          without a price, and an unsubscribe, cost 0.
//
// # What is paid
//
// This part determines, as of the last run, what has been paid of a customer's bill, and what is still to be paid to
// the issuer of its lines.
//
//	PAID-1  Coupon, StoredValue, Flexi, Cash, Partners, Repaid and Open of an issuer add up to the payment amounts of
//	        the lines that it sold the customer.
//	PAID-2  Cash is what the customer's balance paid. It excludes manual adjustments, which change no balance, and
//	        orders that a partner paid. What the issuer itself paid for such an order is open.
//	PAID-3  Debt and credit of a cycle are open until they are cleared. Refunds first reduce what their own orders and
//	        charges used. Other refunds are repayments, which clear the oldest cycle first (payment.ClearOldest), and
//	        within one cycle first the issuer that began to sell first. Over all cycles the open amounts add up to the
//	        debt and the used credit.
//
// # Partners
//
// This part reads what partners owe and earn in one committed state: partner statements, incentives and their
// rows.
//
//	PARTNERS-1  The statements of a closed cycle are those that its close stored. Those of an open cycle are computed
//	            from its lines on request (SETTLE-1); a server keeps them until the state or the books change.
//
// # Questions
//
// This part is the catalogue of the finance questions: what each answers, its keys and sums, its order, and how
// its rows are made from rows of the lake. Package ask answers them; pipeline/out/published has their SQL over the
// views in ClickHouse.
//
// Invariants:
//
//  1. The name of a question is unique. Each column of a question that adds up rows, except a count of them, is a
//     column of the table in which the rows are made, with the same type.
//  2. Questions that a published copy can answer too (All) have a view; those that only the lake answers (lakeOnly)
//     have none.
//  3. The currency of a question's amounts is always known: its table names the customers or partners, or the currency
//     is one of its keys (ASK-5). The only exception is the table of receivables.
//  4. Each question has a reason why its answer can have no rows (WhyEmpty).
//
// Money that is divided between rows is divided exactly: the parts add up to the whole (deferred-revenue, change,
// ageing).
//
// # Quotas
//
// PackageQuota quota shows what is left of a customer's prepaid packages and what drew on them (§4.3), from the
// positions and the lines of the lake.
//
//	QUOTA-1  What is left of a quota period is its opening minus its draws: what its records drew, day by day, as
//	         stored in the lake, and what was billed late.
//	QUOTA-2  For the period that was drawn on last, the closing positions of the last folded day must be equal. If
//	         they are not, Agrees is false.
//	QUOTA-3  A draw counts once, for its record: month-end lines, which repeat the draws of their records, do not
//	         count. Late billing (§4.11) and re-rating (§4.12) draw on a period that continues into the cycle that
//	         bills them, before that cycle's own records, and do not change a closed cycle. The stored effect gives
//	         the amount; the lines are listed.
//	QUOTA-4  What cost files drew (§11.3) counts in the quota of the cycle that bills them, even if usage_start is
//	         outside the cycle. It is only in lines, including month-end lines; there is no position to compare.
//
// All data comes from one snapshot. Nothing here writes to the lake.
//
// # Records of a month
//
// This part looks up one customer's consumption records in a committed state, one page at a time, and sums them.
//
//	REC-1  An answer is of one committed state. The same state gives the same answer until its files are deleted;
//	       then the error is a *lake.MovedError and no row was returned.
//	REC-2  Rows have the order of §8 within the customer, so that pages of one state neither skip nor repeat a row.
//
// The cost of a page depends on its rows: the bounds of pages locate the customer's rows, and only pages of a column
// that contain rows of the answer are read. Counting reads no amount. Caches are keyed by the content of files, which
// never change, and bounded by Options, like the number of open files. Everything may be used from several goroutines.
//
// # Tags
//
// This part reads the tags of a resource as records have them: a JSON object of scalars, or key=value pairs between
// commas or semicolons.
//
//	TAGS-1  Later pairs of a key replace earlier ones; a key without a value is a tag without a value.
package query

// Package audit checks the consistency of a committed state of the lake: it counts again what runs wrote.
//
//	VERIFY-1  Every named file has the size and hash with which it was written, and every manifest is the parent that
//	          its child names (LAKE-1, LAKE-3, LAKE-6).
//	VERIFY-2  Rows and sums of the manifest are those of the files. Every row is in the file of its cycle, day and
//	          bucket, in order. The manifest has every control total that follows from feeds and statements. All
//	          texts of all files are UTF-8 (TEXT-3).
//	VERIFY-3  official = discount + truncated + payment, and payment = the sum of its kinds, for every line (§4.2,
//	          §6.3).
//	VERIFY-4  Σ lines = Σ statements per customer and amount column; payment = rounding + due (§6.6). In the currency
//	          of the workspace, due has the currency's digits, and rounding is below one unit of the last one.
//	VERIFY-5  Rows read = accepted + duplicate + rejected for every feed file, every reject is stored, and every
//	          accepted usage record, order, adjustment, transfer, account event and incentive event is in the lake
//	          once (§3.20). Events that a run refused count as rejects. No line is stored twice. The lines of orders,
//	          adjustments and differences of re-rating are those of their rows. Of bandwidth samples only the number
//	          is checked: the lake has at most as many as were accepted, since a sample of the same slot can replace
//	          an accepted one. A sample that is missing is not found.
//	VERIFY-6  What was accepted and not replaced is in lines, or waits for the month's end in the positions, to the
//	          last digit (§6.6). Records whose lines hold something else, such as a count or a converted quantity, are
//	          marked in the usage table, and only their number is compared.
//	VERIFY-7  Every check is reported, and for a difference the smallest group that differs. Nothing is changed.
//	VERIFY-9  In a closed cycle the rows of partner statements that are not about a reseller add up to the lines that
//	          have a partner, per customer, in number and in official, discount, truncated and payment. The amounts of
//	          each row add up. What resellers owe distributors of their currency is the distributors' revenue, and
//	          margin = revenue − cost (§6.4, §6.6). A row has an exchange rate if its partner has another currency
//	          than the customer (§10.7).
//	VERIFY-10  Each entry of accounts follows from the previous entry of the same balance, across days and cycles,
//	           and no balance except that of a lowered credit limit is below zero. The balances of each day are those
//	           after its last entries. Per customer and cycle, the entries add up to what balances paid of the lines,
//	           also if a bucket has no entries, and those of an account event to its amount (§6.3).
//	VERIFY-11  Each entry of partner_accounts follows from the previous entry of the same balance. An allocation
//	           between partners has two sides of sum zero. Each quota of a fund equals the sum of its claims. What
//	           is left of invoices and receivables follows from their other columns. A coupon's amount = used +
//	           taken back + expired + left (§9.1, §9.2, §9.5, §9.7). The frozen amount of each account equals its
//	           undecided withdrawals (§9.6). The control totals of these tables are the sums of their rows (§6.6).
//	VERIFY-12  Per source and billing period, the margins of all cycles equal the counted delivery in each cost
//	           column. Per cycle, their payments equal the lines of cost files (§11.6). A row's margin = payment −
//	           effective cost if both are in the workspace's currency. In an archive the margins of
//	           its cycles equal a delivery that counted at some time, or zero: the difference from the delivery that
//	           counts now can be in a later cycle.
//	VERIFY-13  Taxes equal those of the lines of their customers, calculated and rounded again. A statement's tax is
//	           the sum of its taxes, and payment = rounding + due, minus tax if prices are exclusive of it (§10.6).
//	VERIFY-14  Tables of partners follow from each other, from statements and from lines, as "Partners' money"
//	           describes: receivables, invoices, coupons, incentives, entries of accounts, claims on funds and
//	           partners' taxes.
//
// Memory is bounded by the customers and orders of a bucket, the facts about partners, coupons and invoices, which runs
// hold too, and the number of workers, not by the number of rows.
//
// # Entries of accounts
//
// This part checks the entries of accounts (§6.3) for the audit.
//
//  1. Each entry follows from the previous entry of the same balance, and no balance except that of a lowered credit
//     limit is below zero.
//  2. Per customer and cycle, the consume entries are the positive amounts by which balances paid the lines, and the
//     refund entries the negative ones, for each balance. What a refund returns to credit or debt that is no longer
//     used goes to cash: the refunds of cash, credit and debt are compared as one sum.
//  3. Orders that a partner pays and manual adjustments have no entries.
//  4. Of an allocation or reclaim between partners (§9.1), the entries of one account pay the amount of the event, and
//     those of the other get it. An account that has used credit can get less.
//
// # Lines that must exist
//
// This part checks for the audit that a bucket of a cycle has exactly the lines that it must have, as far as the
// lake alone shows it.
//
//  1. No line of a file is a repetition of the line before it. The lines of a day have ascending keys of customer_id,
//     usage_start, id, tier and kind; in the other files the columns by which lines are ordered, with sku, differ. Some
//     lines of the other files can lawfully be equal, and are not compared: differences that re-rating or a corrected
//     delivery posted, refunds of recurring charges, and differences of commitments.
//  2. Each order and each adjustment of the cycle has one line of day events, and each such line one of them. The
//     official amount and the payment of an adjustment's line are its amount.
//  3. Per closed cycle, product, region and resource, the lines of day rerate are the differences that re-rating
//     posted, in number, quantities and amounts. Differences of commitments have their lines elsewhere.
//
// # Sums
//
// This part adds up the decimal columns of a table's rows for the audit, with the exact totals of package money.
//
//  1. Sums are exact, or an error reports that they are out of range.
//  2. A value is read from a column with all its digits.
//
// # Partners' money
//
// This part compares tables of partners' money with each other and with the statements and lines from which they
// follow, for the audit.
//
//  1. What a partner owes for a closed cycle is the sum of owed_amount and cost_amount of its statement: in
//     receivables and in partner_facts. Paid and collected amounts of receivables are the sums of the payments and
//     the facts (§9.1).
//  2. What can be invoiced is what partner_facts have of the cycle, and that follows from the statements of partners
//     and the lines of customers. The issued, returned and credited amounts are those of invoice_records (§9.7).
//  3. What coupons used, lost and were issued for is what coupon_records have, and the uses are the coupon payments of
//     the lines of each cycle. Issued coupons are in coupons (§9.2).
//  4. The performance of a month in incentives is the sum of performances, each of which names the file of lines that
//     is in the lake. A paid incentive is the amount of the incentive (§6.5).
//  5. Events of partners that count have entries of the same amount, month by month (§9.1, §9.6). A claim that was
//     requested is in funds (§9.5).
//  6. The taxable amount of a partner's tax is the sum of what it owes the seller for some of its services, and the
//     tax that can be invoiced is that of taxes (§10.6).
//
// A row that is missing is a difference only if the lake shows that a run wrote it: a workspace can begin and end to
// use partners' money. Memory grows with the partners' facts of closed cycles, coupons and invoices, which runs hold
// too, and not with the number of lines.
//
// # Names of control totals
//
// This part lists for the audit the control totals that a state must have (§6.6).
//
//  1. For each feed with files there are four totals of rows; for each cycle with statements that is not archived the
//     rows of lines, statements and margins, and each column of lines and statements that its files have sums of, in
//     the currency of the workspace or in several; and the rows of each table of partners' money.
//
// # Digits of currencies
//
// This part checks for the audit those amounts that follow from the currency of the lake and its digits.
//
//  1. The amount due of a statement has the currency's digits, and its rounding is below one unit of the last digit.
//     The lake knows the digits of the workspace's currency alone: statements in other currencies are not checked, and
//     none is in a lake whose manifest has no units.
//  2. The margin of a row whose cost and payment are in the workspace's currency is R8(payment − effective cost). A row
//     in other currencies has rates, which the row does not contain.
package audit

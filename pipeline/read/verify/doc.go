// Package verify checks the consistency of a committed state of the lake: it counts again what runs wrote.
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
//	VERIFY-14  Tables of partners follow from each other, from statements and from lines, as package ties describes:
//	           receivables, invoices, coupons, incentives, entries of accounts, claims on funds and partners' taxes.
//
// Memory is bounded by the customers and orders of a bucket, the facts about partners, coupons and invoices, which runs
// hold too, and the number of workers, not by the number of rows.
package verify

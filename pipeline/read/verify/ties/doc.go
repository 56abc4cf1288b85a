// Package ties compares tables of partners' money with each other and with the statements and lines from which they
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
package ties

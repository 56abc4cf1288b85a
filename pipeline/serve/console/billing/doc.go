// Package billing shows what is billed and settled: the months, the customers, a customer's bill by service, its lines,
// and how one line was calculated down to the row of its feed file; bandwidth, packages, partners, incentives and
// rejects (docs/console.md).
//
//	BILLING-1  Amounts are those of the statements and the lines. A bill is shown only if its lines add up to its
//	           statement.
//	BILLING-2  Every page reads the lines that Call.Lines permits and no others. A caller that sees a part of a
//	           customer's lines sees the sums of that part, and not the statement.
//	BILLING-3  From each amount of a bill page that comes from feeds at most three links lead to a row of a feed file,
//	           if the caller may see feeds. An amount that was measured from samples leads to the samples.
//	BILLING-5  A Chinese page is Chinese but for names, ids and units.
//	BILLING-4  Pages of partners have the amounts of package compose, which documents and the API have too. A partner
//	           sees its own.
package billing

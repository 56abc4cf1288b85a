// Package billing shows what customers are billed: the months, the customers, a customer's bill by service, its lines,
// and how one line was calculated down to the row of its feed file (docs/console.md).
//
//	BILLING-1  Amounts are those of the statements and the lines. A bill is shown only if its lines add up to its
//	           statement.
//	BILLING-2  Every page reads the lines that Call.Lines permits and no others. A caller that sees a part of a
//	           customer's lines sees the sums of that part, and not the statement.
//	BILLING-3  From each amount of a bill page at most three links lead to the row of a feed file, if the amount comes
//	           from one row and the caller may see feeds.
package billing

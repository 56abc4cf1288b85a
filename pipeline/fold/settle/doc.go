// Package settle is the step of a run that settles partners: it reads the lines of a cycle for package settlement, and
// stores performance, incentives and, at the close, partner statements.
//
//	SETTLE-1  What partners owe for a cycle is a function of its lines and the books. It is stored when the cycle is
//	          closed.
//	SETTLE-2  Performance is stored per file of lines. A run computes it only for new files, so the cost of a night
//	          depends on its input.
//	SETTLE-3  Incentives are stored as one list. The amounts of a period whose last cycle is closed do not change;
//	          states do (§6.5).
//	SETTLE-4  The taxes of a customer to whom several issuers sold are divided by issuer: each row by the exact tax
//	          of the issuer's lines. The parts of a row add up to it.
//	SETTLE-5  A closed cycle keeps the exchange rates of its close: other rates never convert its amounts.
//	SETTLE-6  A run that commits a line of an open cycle has the rates by which partner statements convert it,
//	          including the rate of the partner that a late line had at its own time.
//	SETTLE-7  A closed cycle keeps the order in time of the sellers that a partner's statement names: later rows of
//	          partners.csv do not change who issues a document, nor which seller was paid.
//
// Memory is bounded by the number of files of a bucket and its customers' rows, whatever the number of lines.
//
// # Statements
//
// This part adds up the days of a cycle to what each customer owes (§4.2).
//
//  1. A statement is the sum of the customer's lines. Its total is rounded once, unless lines are rounded.
//  2. Updating statements by the changed days gives the same result as adding up all days.
//
// # Taxes
//
// This part calculates the tax of the lines of open cycles, by customer (§10.6).
//
//	FTAX-1  What a file of lines adds to taxes is stored per day. A run calculates it only for files that changed, or
//	        for all files if taxes, parties or settings changed. It is a function of the lines and the books.
//	FTAX-2  The table taxes of a bucket and cycle is the sum of its days. Rounding comes after the sum.
//	FTAX-3  Without taxes.csv nothing is read and nothing is written.
//
// The taxes of a closed cycle do not change. A late line has the tax of its own time, in the cycle in which it is
// billed.
package settle

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
package settle

// Package commitment calculates the lines of a customer's commitments (§10.4). From what the customer's lines charge in
// each window, it computes the shortfall below a minimum or a commitment, and the excess above a commitment or maximum.
//
//	COMMITTED-1  Lines is a function of the books, the cycle, the instant and what lines charge. It does not depend on
//	             the order in which the caller lists them.
//	COMMITTED-2  Again calculates some rows. The lines of the others stay as they were billed and count in later rows,
//	             also if they have no row any more. A row that is not calculated and was not billed counts nothing.
package commitment

// Package samecurrency refuses books that change the currency of money in closed cycles (§10.7).
//
//	SAMECURRENCY-1  A customer has the currency of its newest statement of a closed cycle, and of its balances at
//	                the end of closed cycles. A partner has that of its newest statement of a closed cycle, and of
//	                its valid events in closed cycles.
package samecurrency

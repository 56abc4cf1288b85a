// Package samecurrency refuses books that change the currency of money in closed cycles (§10.7).
//
//	SAMECURRENCY-1  A customer has the currency of its statements of closed cycles, and of its balances at their
//	                end. A partner has that of its statements of closed cycles, and of its valid events there.
//
// Balances and events in a file of an earlier build, which lacks their currency, are not compared.
package samecurrency

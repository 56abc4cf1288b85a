// Package samecurrency refuses books that give money of closed cycles another currency (§10.7).
//
//	SAMECURRENCY-1  A customer has the currency of its statements of closed cycles, and of its balances at their
//	                end. A partner has that of its statements of closed cycles, and of its events there that count.
//
// Balances and events in a file of an earlier build, which does not have their currency, are not compared.
package samecurrency

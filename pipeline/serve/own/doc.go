// Package own answers tollbook's own operations of the query API: settlements for finance and partners, how an amount
// came about, what runs did, and how the server is (spec §8).
//
//	OWN-1  Decimals are strings with all digits of their scale, times UTC.
//	OWN-2  Everything read is within the call's scope (OP-3).
package own

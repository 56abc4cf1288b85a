// Package accounts answers the vendor-compatible operations about the accounts of customers and partners: their
// balances, and the changes of customers' balances. It reads the balances and entries that payments leave in the lake
// (§6.3, §9.1).
//
//	ACCOUNTS-1  Balances are those after the last run. A distributor sees a reseller's only while it is its reseller.
//	ACCOUNTS-2  A list of customers omits those that do not currently belong to the scope's partner by resale, whether
//	            they exist or not.
package accounts

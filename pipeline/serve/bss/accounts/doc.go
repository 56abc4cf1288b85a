// Package accounts answers the vendor-compatible operations about the accounts of customers and partners: what is in
// them, and what moved a customer's. It reads the balances and entries that payments leave in the lake (§6.3, §9.1).
//
//	ACCOUNTS-1  Balances are those after the last run. A distributor gets a reseller's only while it is its reseller.
//	ACCOUNTS-2  A batch of customers leaves out those that are not of the scope's partner by resale now, whether they
//	            exist or not.
package accounts

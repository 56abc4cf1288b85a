// Package coupons reads coupons, and the quotas from which partners issue them, from one committed state (§9.2).
//
//	COUPONS-1  What is left of a quota is its amount, minus what was issued from it and what was handed down in quotas
//	           that have begun, plus what reclaims of closed cycles took back of its own coupons.
//	COUPONS-2  A workspace that does not record partners' money has no table of coupons. What is left of the coupons
//	           of its book is then calculated from the latest balances.
package coupons

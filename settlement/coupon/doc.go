// Package coupon decides which coupons partners issue from quotas and solutions receive (§9.2, §9.3), and computes the
// table of coupons with their states. It is pure: it reads no clock, no file and no environment. Package payment
// calculates what coupons pay.
//
//	COUPON-1  Issues and applications are decided by the books, the events before them and what closed cycles took
//	          back. Uses by lines and reclaims of open cycles affect no decision.
//	COUPON-2  At every instant, what is left of a quota is its amount minus what was issued from it, minus the amounts
//	          of the quotas that were handed down from it and have begun, plus what closed cycles took back of its
//	          coupons.
//	COUPON-3  For every coupon, amount = used + taken back + expired + left.
//	COUPON-4  A rejected event changes nothing. An event with a final verdict keeps it, whatever the books say today.
//
// The rules do not define these cases; this package does: a coupon of a book has no record of an issue. If the book
// lowered the amount of a coupon below what was used, its rest is negative. The terms of an issued coupon are those
// that its quota has today.
package coupon

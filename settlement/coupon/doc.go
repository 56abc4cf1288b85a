// Package coupon decides which coupons partners issue from quotas and solutions receive (§9.2, §9.3), and computes the
// table of coupons with their states. It is pure: it reads no clock, no file and no environment. What coupons pay is in
// package payment.
//
//	COUPON-1  Issues and applications are decided by the books, the events before them and what closed cycles took
//	          back. What lines of open cycles use or reclaims of open cycles take back decides none of them.
//	COUPON-2  At every instant, what is left of a quota is its amount less what was issued from it, less the amounts
//	          of the quotas that were handed down from it and have begun, plus what closed cycles took back of its
//	          coupons.
//	COUPON-3  Of every coupon, amount = used + taken back + expired + left.
//	COUPON-4  A rejected event changes nothing. An event with a final verdict keeps it, whatever the books say today.
//
// The contract leaves open, and this package decides: a coupon of a book has no record of an issue. A coupon whose
// amount the book lowered below what was used has a negative rest. The terms of an issued coupon are those that its
// quota has today.
package coupon

// Package totals calculates the control totals of the state that a run is to commit, and checks those that must agree
// (§6.6).
//
//	TOTALS-1  Lines and statements of each bucket add up to the same, amount by amount, and for each currency.
//	TOTALS-2  Uses of coupons add up to what lines say that coupons paid, taxes to those of statements, margins to the
//	          lines of cost files, and partners' money to its accounts.
package totals

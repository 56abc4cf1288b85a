// Package totals calculates the control totals of the state that a run will commit, and checks those that must agree
// (§6.6).
//
//	TOTALS-1  Lines and statements of each bucket have the same sums, for each amount and currency.
//	TOTALS-2  The sums of coupon uses and of the coupon payments in lines are equal; also those of taxes and
//	          statements, of margins and lines of cost files, and of partners' money and its accounts.
package totals

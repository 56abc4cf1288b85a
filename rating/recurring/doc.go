// Package recurring calculates the lines of recurring charges (§10.5): Parts lists what a row of recurring.csv charges
// in a span of time, Price prices a part, and Back is the refund of a part that was charged in advance.
//
//	RECUR-1  A part is charged for the share of its period by the row's proration, times quantity and price, and is
//	         rounded once.
package recurring

// Package recurring calculates the lines of recurring charges (§10.5): Parts lists what rows of recurring.csv charge
// in a span of time, Price prices a part, and Back is the refund of a part that was charged in advance.
//
//	RECUR-1  A part is charged for the share of its period by the row's proration, times quantity and price, and is
//	         rounded once.
//	RECUR-2  The id of a part is charge_id/ and its first local date, and its local time where an earlier part of the
//	         charge began on that date. It is the id of the part's charge, of its refund and of their differences.
package recurring

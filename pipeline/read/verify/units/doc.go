// Package units checks for the audit those amounts that follow from the currency of the lake and its digits.
//
//  1. The amount due of a statement has the currency's digits, and its rounding is below one unit of the last digit.
//     The lake knows the digits of the workspace's currency alone: statements in other currencies are not checked, and
//     none is in a lake whose manifest has no units.
//  2. The margin of a row whose cost and payment are in the workspace's currency is R8(payment − effective cost). A row
//     in other currencies has rates, which the row does not contain.
package units

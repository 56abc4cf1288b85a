// Package money provides the exact decimals of all quantities, prices and amounts (§1.1): fixed point on 128-bit
// integers, with one type per meaning. It uses no binary floating point, and does not allocate for a line.
//
//	type            scale  range                 largest raw integer   bits  product with a price or rate
//	Quantity        10     0 to 10^15            10^25                 84    10^44 at scale 20, 147 bits
//	SignedQuantity  10     −10^15 to 10^15       10^25                 84    10^44 at scale 20, 147 bits
//	UnitPrice       10     0 to 10^9             10^19                 64
//	Rate            10     0 to 1                10^10                 34
//	Amount          8      |a| < 10^18           10^26 − 1             87    10^36 at scale 18, 120 bits
//	AmountTotal     8      |t| < 10^30           10^38 − 1             127
//	QuantityTotal   10     |t| < 10^28           10^38 − 1             127
//	Total           0–19   up to 38 digits       10^38 − 1             127
//
// A raw integer is the value times 10^scale, two's complement over 128 bits, as Arrow's decimal128 stores it. All fit
// the columns DECIMAL(38,10) and DECIMAL(38,8).
//
// Three operations are distinguished. Exact: Add, Sub, Neg, Min, MulWhole, Allocate and the totals lose nothing.
// Rounded: the name states the rule, as in MulR8, MulRateR8, Cut, Rd, Td, CeilDiv, QuantityFromRat (R10) and Prorate
// (Rd). Shown: String has all digits of the scale, Trim the shortest text, StringFixed at least a currency's digits;
// none of them drops a digit other than a trailing 0. There is no Div.
//
// # Invariants
//
//  1. A value has one representation: == is equality, the zero value is 0, there is no −0, no NaN and no infinity.
//  2. Constructors check: what a Parse, FromRaw, FromInt or FromRat function returns without an error is in the
//     range of its type. The same number is refused for the same reason as text and as a stored integer.
//  3. An exact result outside the range is a *RangeError with the operands, never a wrapped or clamped value. Cut,
//     Rd and Td return no error: rounding up an amount that is less than a unit below ±10^18 gives exactly that,
//     the one value outside a range, and MarshalText, ParseAmount and AmountFromRaw refuse it.
//  4. A product is exact before it is rounded, and rounded once. The paths of one and of several machine words give
//     the same result.
//  5. Rounding works on the magnitude, so a negative number mirrors the positive one in every mode.
//  6. Text is read strictly: -?digits(.digits)?, with only zeros beyond the scale. The form is checked before the
//     range. For a type without a sign a minus is a bad decimal, also in "-0".
//  7. What String, AppendText and MarshalText write, the Parse function of the type reads as the same value.
//  8. The parts of Allocate add up to its total; Allocate checks that itself.
//  9. On an error a result is the zero value, and the target of a pointer method is unchanged.
//  10. Parse, Add, Sub, Cmp, MulR8, MulSignedR8, MulRateR8, Cut, CeilDiv, AppendText into a buffer with room, and
//     adding to a total allocate nothing unless they return an error.
package money

package money

import (
	"fmt"
	"math/big"
)

// RoundRat is Rd (§1.1) of an exact rational: it rounds once, half away from zero, to the currency's digits. It is an
// error if digits is outside 0 to 8 or the result is outside an amount's range.
func RoundRat(r *big.Rat, digits int) (Amount, error) {
	if err := checkDigits(digits); err != nil {
		return Amount{}, fmt.Errorf("round %s: %w", r, err)
	}
	return ParseAmount(r.FloatString(digits)) // FloatString is exact and rounds halves away from zero
}

package money

import (
	"fmt"
	"math/big"
	"slices"
)

// checkDigits returns an error if no currency can have this number of digits.
func checkDigits(digits int) error {
	if digits < 0 || digits > AmountScale {
		return fmt.Errorf("%d digits outside 0 to %d", digits, AmountScale)
	}
	return nil
}

// Allocate splits total over weights in multiples of 10^-digits, by largest remainder: each part gets the floor of its
// share; the remaining units go, one each, to the largest remainders, and between equal ones to the lower index. A
// negative total mirrors the positive one. The parts always add up to total; a weight of 0 gets nothing.
//
// It is an error if digits is outside 0 to 8, if total is not a multiple of 10^-digits, if a weight is negative, or if
// no weight is above 0.
func Allocate(total Amount, weights []Amount, digits int) ([]Amount, error) {
	if err := checkDigits(digits); err != nil {
		return nil, fmt.Errorf("allocate %s: %w", total, err)
	}
	unit := pow10[AmountScale-digits]
	units, rest := total.v.abs().quoRem64(unit)
	if rest != 0 {
		return nil, fmt.Errorf("allocate %s: more than %d decimals", total, digits)
	}
	sum := new(big.Int)
	for i, w := range weights {
		if w.Sign() < 0 {
			return nil, fmt.Errorf("allocate %s: weight %d is negative: %s", total, i, w)
		}
		sum.Add(sum, w.v.big())
	}
	if sum.Sign() == 0 {
		return nil, fmt.Errorf("allocate %s: no weight above 0 among %d", total, len(weights))
	}
	parts := make([]Amount, len(weights))
	for i, n := range largestRemainder(units, weights, sum) {
		raw, _ := n.mul64(unit).narrow() // n ≤ units, and units × unit was a total
		parts[i] = Amount{raw.signed(total.v.hi < 0)}
	}
	if err := checkParts(total, parts); err != nil {
		return nil, err
	}
	return parts, nil
}

// largestRemainder splits units over weights, whose sum is above 0. Products of a total and a weight need 174 bits, and
// speed does not matter here, so it uses math/big.
func largestRemainder(units uint128, weights []Amount, sum *big.Int) []uint128 {
	shares := make([]uint128, len(weights))
	remainders := make([]*big.Int, len(weights))
	order := make([]int, len(weights))
	left := units
	for i, w := range weights {
		share := new(big.Int).Mul(units.big(), w.v.big())
		remainders[i] = new(big.Int)
		share.QuoRem(share, sum, remainders[i])
		shares[i], _ = uint128FromBig(share) // a share is at most units
		left = left.sub(shares[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b].Cmp(remainders[a]) })
	for _, i := range order[:left.lo] { // fewer units are left than there are remainders above 0
		shares[i], _ = shares[i].add(uint128{0, 1})
	}
	return shares
}

// checkParts verifies that the parts that Allocate returns add up to total.
func checkParts(total Amount, parts []Amount) error {
	var sum AmountTotal
	for _, p := range parts {
		if err := sum.Add(p); err != nil {
			return err
		}
	}
	if sum.v != total.v {
		return fmt.Errorf("allocate %s: the parts add up to %s", total, sum)
	}
	return nil
}

// Prorate is Rd(a × num / den): the exact value rounded once, half away from zero, to the currency's digits (§4.9,
// by seconds). A negative product mirrors the positive one. It is an error if den is not above 0 or digits is outside
// 0 to 8, and a *RangeError if the result is outside an amount's range.
func Prorate(a Amount, num, den int64, digits int) (Amount, error) {
	if err := checkDigits(digits); err != nil {
		return Amount{}, fmt.Errorf("prorate %s × %d / %d: %w", a, num, den, err)
	}
	if den <= 0 {
		return Amount{}, fmt.Errorf("prorate %s × %d / %d: not a share of something", a, num, den)
	}
	d, unit := uint64(den), pow10[AmountScale-digits]
	raw, rest := a.v.abs().mul64(absInt64(num)).quoRem(d)
	var up bool
	if unit == 1 {
		up = rest >= d-rest
	} else {
		// Half of an even unit is an integer, so digits below one raw unit cannot change the decision.
		raw, rest = raw.quoRem(unit)
		up = rest >= unit/2
	}
	if up {
		raw = raw.addSmall(1)
	}
	mag, fits := raw.narrow()
	if fits {
		mag, fits = mag.mul64(unit).narrow()
	}
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return Amount{}, amountDomain.rangeError("×", a.String(), fmt.Sprintf("%d/%d", num, den))
	}
	return Amount{mag.signed((a.v.hi < 0) != (num < 0))}, nil
}

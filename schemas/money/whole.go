package money

import "math"

// Whole is the quantity as an integer; ok is false when it is not whole or does not fit.
func (q Quantity) Whole() (n int64, ok bool) {
	const unit = 10_000_000_000 // QuantityScale digits
	quotient, rest := q.v.abs().quoRem64(unit)
	if rest != 0 || quotient.hi != 0 || quotient.lo > math.MaxInt64 {
		return 0, false
	}
	return int64(quotient.lo), true
}

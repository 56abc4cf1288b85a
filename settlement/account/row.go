package account

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// CouponState is the state of a coupon.
type CouponState uint8

// The states.
const (
	CouponActive CouponState = iota
	CouponExpired
	CouponReclaimed
	CouponUsed
)

var couponStateWords = [...]string{"active", "expired", "reclaimed", "used"}

// String is the state's word in tables.
func (s CouponState) String() string { return couponStateWords[s] }

// CouponRow holds the amounts and the state of a coupon (COUPON-3).
type CouponRow struct {
	Used, TakenBack, Expired, Left money.Amount
	State                          CouponState
	ExpiredAt                      period.Instant // set if anything expired
}

// CouponRowOf computes the row of a coupon from the amounts used by lines and taken back by reclaims.
func CouponRowOf(c *books.Coupon, used, takenBack money.Amount, asOf period.Instant) (r CouponRow, err error) {
	r.Used, r.TakenBack = used, takenBack
	if r.Left, err = c.Amount.Sub(used); err != nil {
		return r, err
	}
	if r.Left, err = r.Left.Sub(takenBack); err != nil {
		return r, err
	}
	if asOf >= c.Valid.To && r.Left.Sign() > 0 {
		r.Expired, r.Left = r.Left, money.Amount{}
		r.ExpiredAt = max(c.Valid.To, c.Since)
	}
	switch {
	case r.Left.Sign() > 0:
		r.State = CouponActive
	case !r.Expired.IsZero():
		r.State = CouponExpired
	case !r.TakenBack.IsZero():
		r.State = CouponReclaimed
	default:
		r.State = CouponUsed
	}
	return r, nil
}

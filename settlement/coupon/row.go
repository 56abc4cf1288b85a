package coupon

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// State is the state of a coupon.
type State uint8

// The states.
const (
	Active State = iota
	Expired
	Reclaimed
	Used
)

var stateWords = [...]string{"active", "expired", "reclaimed", "used"}

// String is the state's word in tables.
func (s State) String() string { return stateWords[s] }

// Row holds the amounts and the state of a coupon (COUPON-3).
type Row struct {
	Used, TakenBack, Expired, Left money.Amount
	State                          State
	ExpiredAt                      period.Instant // set if anything expired
}

// RowOf computes the row of a coupon from the amounts used by lines and taken back by reclaims.
func RowOf(c *books.Coupon, used, takenBack money.Amount, asOf period.Instant) (r Row, err error) {
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
		r.State = Active
	case !r.Expired.IsZero():
		r.State = Expired
	case !r.TakenBack.IsZero():
		r.State = Reclaimed
	default:
		r.State = Used
	}
	return r, nil
}

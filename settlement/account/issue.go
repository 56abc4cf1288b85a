package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
)

// CouponKind is the kind of an event of a coupon.
type CouponKind uint8

// The kinds of events.
const (
	CouponIssue CouponKind = iota
	CouponReclaim
	CouponApply
)

var couponKindWords = [...]string{"issue", "reclaim", "apply"}

// CouponUseWord is the type of a record of a use by a line.
const CouponUseWord = "use"

// String is the event's word in the feed.
func (k CouponKind) String() string { return couponKindWords[k] }

// ParseCouponKind parses an event's word.
func ParseCouponKind(word string) (k CouponKind, ok bool) {
	at := slices.Index(couponKindWords[:], word)
	return CouponKind(max(at, 0)), at >= 0
}

// CouponEvent is an accepted row of the feed coupons that issues a coupon or applies for one.
type CouponEvent struct {
	Stamp
	ID        string
	Kind      CouponKind // CouponIssue or Apply
	Coupon    string
	Source    string // id of the quota or the solution
	Partner   int32  // -1 = not in the books any more
	PartnerID string
	Customer  int32 // -1 = not in the books any more
	Amount    money.Amount
}

// CouponBefore compares events by the order in which they take effect.
func CouponBefore(a Stamp, idA string, b Stamp, idB string) int {
	return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(idA, idB))
}

// CouponSource is the origin of a coupon.
type CouponSource string

// The sources.
const (
	CouponOfBook     CouponSource = "book"
	CouponOfQuota    CouponSource = "quota"
	CouponOfSolution CouponSource = "solution"
)

// IssuedCoupon is a coupon that an event issued. Terms.Since is the event's instant.
type IssuedCoupon struct {
	Terms    books.Coupon
	Source   CouponSource
	SourceID string
	Partner  string // id
	Stamp    Stamp
	Event    string // event_id
}

// CouponInput holds all inputs of the decisions.
type CouponInput struct {
	Books     *books.Books
	Test      *settings.TestCoupons
	TakenBack map[string]money.Amount // by coupon_id: what reclaims of closed cycles took back
	// Ends holds the ends of validity by coupon_id, which coupons issued in closed cycles keep.
	Ends   map[string]period.Instant
	Events []CouponEvent
}

// CouponResult holds the issued coupons.
type CouponResult struct {
	Verdicts []Verdict      // of the events, in their order in Input
	Issued   []IssuedCoupon // by coupon_id
}

// GoneError reports a quota, a customer or a coupon id that a final event needs and the books do not contain.
type GoneError struct{ Book, What, ID string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s %s was used in a closed cycle and is not in books/%s", e.What, e.ID, e.Book)
}

type couponReplay struct {
	in      *CouponInput
	at      map[string]int32 // index in issued, by coupon_id
	issued  []IssuedCoupon
	moved   []money.AmountTotal // by quota: issued from it minus what was taken back
	applied map[string]*money.AmountTotal
}

// ReplayCoupons decides the events in their order.
func ReplayCoupons(in *CouponInput) (*CouponResult, error) {
	r := &couponReplay{in: in, at: make(map[string]int32, len(in.Events)),
		issued: make([]IssuedCoupon, 0, len(in.Events)),
		moved:  make([]money.AmountTotal, len(in.Books.Money.CouponQuotas)), applied: map[string]*money.AmountTotal{}}
	order := make([]int, len(in.Events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &in.Events[i], &in.Events[j]
		return CouponBefore(a.Stamp, a.ID, b.Stamp, b.ID)
	})
	out := &CouponResult{Verdicts: make([]Verdict, len(in.Events))}
	for _, i := range order {
		e := &in.Events[i]
		v, err := e.Past, error(nil)
		if !e.Final {
			v, err = r.check(e)
		}
		if err == nil && v.Accepted() {
			err = r.apply(e)
		}
		if err != nil {
			return nil, fmt.Errorf("coupon event %s: %w", e.ID, err)
		}
		out.Verdicts[i] = v
	}
	out.Issued = r.issued
	slices.SortFunc(out.Issued, func(a, b IssuedCoupon) int { return strings.Compare(a.Terms.ID, b.Terms.ID) })
	return out, nil
}

// check returns the verdict on an event, in the order of the contract's text.
func (r *couponReplay) check(e *CouponEvent) (Verdict, error) {
	if _, taken := r.at[e.Coupon]; taken || r.in.Books.Coupon(e.Coupon) >= 0 {
		return IDConflict("coupon_id", e.Coupon), nil
	}
	if e.Kind == CouponApply {
		return r.checkApply(e)
	}
	at := r.in.Books.Money.QuotaNamed(e.Source)
	if at < 0 || e.Partner < 0 || r.in.Books.Money.CouponQuotas[at].Partner != e.Partner {
		return BadState("event", "none"), nil
	}
	q := &r.in.Books.Money.CouponQuotas[at]
	if !q.Terms.Valid.Holds(e.Time) {
		return BadState("event", "not_in_force"), nil
	}
	if !r.associated(e) {
		return BadState("event", "not_associated"), nil
	}
	left, err := r.left(at, e.Time)
	if err != nil {
		return Verdict{}, err
	}
	if q.HasMaxFace && e.Amount.Cmp(q.MaxFace) > 0 || e.Amount.Cmp(left) > 0 {
		return AboveQuota(e.Amount), nil
	}
	return Verdict{}, nil
}

// associated reports whether the customer belongs to the partner at the time of the event.
func (r *couponReplay) associated(e *CouponEvent) bool {
	if e.Customer < 0 {
		return false
	}
	a, there := r.in.Books.Associations.At(e.Customer, e.Time)
	return there && a.Partner == e.Partner
}

// left returns what is left of a quota for an event with the own time t (COUPON-2, C194).
func (r *couponReplay) left(quota int32, t period.Instant) (money.Amount, error) {
	list := r.in.Books.Money.CouponQuotas
	left := list[quota].Terms.Amount
	for i := range list {
		if list[i].Parent == quota && list[i].Terms.Valid.From <= t {
			var err error
			if left, err = left.Sub(list[i].Terms.Amount); err != nil {
				return left, err
			}
		}
	}
	moved, err := r.moved[quota].Amount()
	if err != nil {
		return left, err
	}
	return left.Sub(moved)
}

// checkApply returns the verdict on an application for a test coupon (§9.3).
func (r *couponReplay) checkApply(e *CouponEvent) (Verdict, error) {
	s, there := r.in.Books.Money.SolutionAt(e.Source, e.Time)
	if !there || e.Partner < 0 || s.Partner != e.Partner || s.Customer != e.Customer {
		return BadState("event", "none"), nil
	}
	if _, associated := r.in.Books.Associations.At(e.Customer, e.Time); associated {
		return BadState("event", "associated"), nil
	}
	sum := money.AmountTotal{}
	if before := r.applied[e.Source]; before != nil {
		sum = *before
	}
	if err := sum.Add(e.Amount); err != nil {
		return Verdict{}, err
	}
	total, err := sum.Amount()
	if err != nil {
		return Verdict{}, err
	}
	if most, has := r.in.Test.Ceiling(s.Level); !has || total.Cmp(most) > 0 {
		return AboveQuota(e.Amount), nil
	}
	return Verdict{}, nil
}

// apply makes the coupon of a counting event.
func (r *couponReplay) apply(e *CouponEvent) error {
	one := IssuedCoupon{Source: CouponOfQuota, SourceID: e.Source, Partner: e.PartnerID, Stamp: e.Stamp, Event: e.ID}
	one.Stamp.Past = Verdict{}
	switch {
	case e.Customer < 0:
		return &GoneError{"customers.csv", "the customer of coupon", e.Coupon}
	case e.Final && r.in.Books.Coupon(e.Coupon) >= 0:
		return &takenError{e.Coupon}
	case e.Kind == CouponApply:
		one.Source = CouponOfSolution
		one.Terms = books.Coupon{Service: "*", SKU: -1, WithDiscount: true, NotCommercial: true,
			Valid: books.ValidFor(r.in.Books.Zone, e.Time, r.in.Test.Months())}
		if r.applied[e.Source] == nil {
			r.applied[e.Source] = &money.AmountTotal{}
		}
		if err := r.applied[e.Source].Add(e.Amount); err != nil {
			return err
		}
	default:
		at := r.in.Books.Money.QuotaNamed(e.Source)
		if at < 0 {
			return &GoneError{"coupon_quotas.csv", "quota", e.Source}
		}
		q := &r.in.Books.Money.CouponQuotas[at]
		one.Terms = q.Terms
		one.Terms.Valid = books.ValidFor(r.in.Books.Zone, e.Time, q.Months)
		if err := r.moved[at].Add(e.Amount); err != nil {
			return err
		}
		if err := r.moved[at].Add(r.in.TakenBack[e.Coupon].Neg()); err != nil {
			return err
		}
	}
	if end, known := r.in.Ends[e.Coupon]; known && e.Final {
		one.Terms.Valid.To = end
	}
	one.Terms.ID, one.Terms.Customer, one.Terms.Amount = e.Coupon, e.Customer, e.Amount
	one.Terms.Since = e.Instant
	if at, known := r.at[e.Coupon]; known {
		r.issued[at] = one
		return nil
	}
	r.at[e.Coupon] = int32(len(r.issued))
	r.issued = append(r.issued, one)
	return nil
}

// takenError reports a coupon of the book with the id of a coupon that was issued in a closed cycle.
type takenError struct{ id string }

func (e *takenError) Error() string {
	return fmt.Sprintf("coupon_id %s was issued in a closed cycle: choose another id in books/coupons.csv", e.id)
}

// Fits reports whether the partner of a reclaim issued the coupon before it.
func (one *IssuedCoupon) Fits(partner string, s Stamp, id string) bool {
	return one.Source == CouponOfQuota && one.Partner == partner && CouponBefore(one.Stamp, one.Event, s, id) < 0
}

// NoVerdict is the verdict on a reclaim of a coupon that the partner did not issue.
func NoVerdict() Verdict {
	return Verdict{Why: reason.BadState, Column: "event", Value: "none"}
}

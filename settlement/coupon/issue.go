package coupon

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
	"github.com/tollbook/tollbook/settlement/verdict"
)

// Kind is the kind of an event of a coupon.
type Kind uint8

// The kinds of events.
const (
	Issue Kind = iota
	Reclaim
	Apply
)

var kindWords = [...]string{"issue", "reclaim", "apply"}

// UseWord is the type of a record of a use by a line.
const UseWord = "use"

// String is the event's word in the feed.
func (k Kind) String() string { return kindWords[k] }

// ParseKind parses an event's word.
func ParseKind(word string) (k Kind, ok bool) {
	at := slices.Index(kindWords[:], word)
	return Kind(max(at, 0)), at >= 0
}

// Event is an accepted row of the feed coupons that issues a coupon or applies for one.
type Event struct {
	verdict.Stamp
	ID        string
	Kind      Kind // Issue or Apply
	Coupon    string
	Source    string // id of the quota or the solution
	Partner   int32  // -1 = not in the books any more
	PartnerID string
	Customer  int32 // -1 = not in the books any more
	Amount    money.Amount
}

// Before compares events by the order in which they take effect.
func Before(a verdict.Stamp, idA string, b verdict.Stamp, idB string) int {
	return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(idA, idB))
}

// Source is the origin of a coupon.
type Source string

// The sources.
const (
	OfBook     Source = "book"
	OfQuota    Source = "quota"
	OfSolution Source = "solution"
)

// Issued is a coupon that an event issued. Terms.Since is the event's instant.
type Issued struct {
	Terms    books.Coupon
	Source   Source
	SourceID string
	Partner  string // id
	Stamp    verdict.Stamp
	Event    string // event_id
}

// Input holds all inputs of the decisions.
type Input struct {
	Books     *books.Books
	Test      *settings.TestCoupons
	TakenBack map[string]money.Amount // by coupon_id: what reclaims of closed cycles took back
	// Ends holds the ends of validity by coupon_id, which coupons issued in closed cycles keep.
	Ends   map[string]period.Instant
	Events []Event
}

// Result holds the issued coupons.
type Result struct {
	Verdicts []verdict.Verdict // of the events, in their order in Input
	Issued   []Issued          // by coupon_id
}

// GoneError reports a quota, a customer or a coupon id that a final event needs and the books do not contain.
type GoneError struct{ Book, What, ID string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s %s was used in a closed cycle and is not in books/%s", e.What, e.ID, e.Book)
}

type replay struct {
	in      *Input
	at      map[string]int32 // index in issued, by coupon_id
	issued  []Issued
	moved   []money.AmountTotal // by quota: issued from it minus what was taken back
	applied map[string]*money.AmountTotal
}

// Replay decides the events in their order.
func Replay(in *Input) (*Result, error) {
	r := &replay{in: in, at: make(map[string]int32, len(in.Events)), issued: make([]Issued, 0, len(in.Events)),
		moved: make([]money.AmountTotal, len(in.Books.Money.CouponQuotas)), applied: map[string]*money.AmountTotal{}}
	order := make([]int, len(in.Events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &in.Events[i], &in.Events[j]
		return Before(a.Stamp, a.ID, b.Stamp, b.ID)
	})
	out := &Result{Verdicts: make([]verdict.Verdict, len(in.Events))}
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
	slices.SortFunc(out.Issued, func(a, b Issued) int { return strings.Compare(a.Terms.ID, b.Terms.ID) })
	return out, nil
}

// check returns the verdict on an event, in the order of the contract's text.
func (r *replay) check(e *Event) (verdict.Verdict, error) {
	if _, taken := r.at[e.Coupon]; taken || r.in.Books.Coupon(e.Coupon) >= 0 {
		return verdict.Conflict("coupon_id", e.Coupon), nil
	}
	if e.Kind == Apply {
		return r.checkApply(e)
	}
	at := r.in.Books.Money.QuotaNamed(e.Source)
	if at < 0 || e.Partner < 0 || r.in.Books.Money.CouponQuotas[at].Partner != e.Partner {
		return verdict.State("event", "none"), nil
	}
	q := &r.in.Books.Money.CouponQuotas[at]
	if !q.Terms.Valid.Holds(e.Time) {
		return verdict.State("event", "not_in_force"), nil
	}
	if !r.associated(e) {
		return verdict.State("event", "not_associated"), nil
	}
	left, err := r.left(at, e.Time)
	if err != nil {
		return verdict.Verdict{}, err
	}
	if q.HasMaxFace && e.Amount.Cmp(q.MaxFace) > 0 || e.Amount.Cmp(left) > 0 {
		return verdict.OverQuota(e.Amount), nil
	}
	return verdict.Verdict{}, nil
}

// associated reports whether the customer belongs to the partner at the time of the event.
func (r *replay) associated(e *Event) bool {
	if e.Customer < 0 {
		return false
	}
	a, there := r.in.Books.Associations.At(e.Customer, e.Time)
	return there && a.Partner == e.Partner
}

// left returns what is left of a quota for an event with the own time t (COUPON-2, C194).
func (r *replay) left(quota int32, t period.Instant) (money.Amount, error) {
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
func (r *replay) checkApply(e *Event) (verdict.Verdict, error) {
	s, there := r.in.Books.Money.SolutionAt(e.Source, e.Time)
	if !there || e.Partner < 0 || s.Partner != e.Partner || s.Customer != e.Customer {
		return verdict.State("event", "none"), nil
	}
	if _, associated := r.in.Books.Associations.At(e.Customer, e.Time); associated {
		return verdict.State("event", "associated"), nil
	}
	sum := money.AmountTotal{}
	if before := r.applied[e.Source]; before != nil {
		sum = *before
	}
	if err := sum.Add(e.Amount); err != nil {
		return verdict.Verdict{}, err
	}
	total, err := sum.Amount()
	if err != nil {
		return verdict.Verdict{}, err
	}
	if most, has := r.in.Test.Ceiling(s.Level); !has || total.Cmp(most) > 0 {
		return verdict.OverQuota(e.Amount), nil
	}
	return verdict.Verdict{}, nil
}

// apply makes the coupon of a counting event.
func (r *replay) apply(e *Event) error {
	one := Issued{Source: OfQuota, SourceID: e.Source, Partner: e.PartnerID, Stamp: e.Stamp, Event: e.ID}
	one.Stamp.Past = verdict.Verdict{}
	switch {
	case e.Customer < 0:
		return &GoneError{"customers.csv", "the customer of coupon", e.Coupon}
	case e.Final && r.in.Books.Coupon(e.Coupon) >= 0:
		return &takenError{e.Coupon}
	case e.Kind == Apply:
		one.Source = OfSolution
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
func (one *Issued) Fits(partner string, s verdict.Stamp, id string) bool {
	return one.Source == OfQuota && one.Partner == partner && Before(one.Stamp, one.Event, s, id) < 0
}

// None is the verdict on a reclaim of a coupon that the partner did not issue.
func None() verdict.Verdict {
	return verdict.Verdict{Why: reason.BadState, Column: "event", Value: "none"}
}

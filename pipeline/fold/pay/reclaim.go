package pay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/payment"
)

// Issued describes issued coupons for the payment of lines (§9.2). The zero value means that there are none.
type Issued struct {
	Coupons  []books.Coupon
	Altered  map[string]period.Instant // by customer: first instant at which coupons differ from the live state
	Reclaims []*Reclaim                // of open cycles, of coupons that their partner issued and that are in force
	Records  bool                      // whether table coupon_entries records what coupons pay
}

// Reclaim is an event by which a partner takes back the unused amount of a coupon. Payment decides it and sets its
// verdict.
type Reclaim struct {
	Event    *accept.MoneyEvent
	Coupon   *account.IssuedCoupon
	customer string
	day      period.Day
}

func (r *Reclaim) before(o *Reclaim) int {
	return account.CouponBefore(account.Stamp{Time: r.Event.Time, Instant: r.Event.Instant}, r.Event.ID,
		account.Stamp{Time: o.Event.Time, Instant: o.Event.Instant}, o.Event.ID)
}

// indexIssued groups Issued by bucket.
func (p *Payer) indexIssued() {
	p.altered = make(map[int]period.Instant)
	for customer, from := range p.Issued.Altered {
		bucket := lake.BucketOf(customer, p.Buckets)
		if was, has := p.altered[bucket]; !has || from < was {
			p.altered[bucket] = from
		}
	}
}

// reclaimsByBucket copies the reclaims, so that a task does not change the run's events.
func (p *Payer) reclaimsByBucket() map[int][]*Reclaim {
	by := make(map[int][]*Reclaim)
	for _, r := range p.Issued.Reclaims {
		event := *r.Event
		own := &Reclaim{Event: &event, Coupon: r.Coupon, customer: p.Books.Customers[r.Coupon.Terms.Customer].ID}
		bucket := lake.BucketOf(own.customer, p.Buckets)
		by[bucket] = append(by[bucket], own)
	}
	return by
}

// Take stores the verdicts of a bucket's coupon events.
func (p *Payer) Take(r *Result) {
	decided := make(map[string]account.Verdict, len(r.Reclaims))
	for _, v := range r.Reclaims {
		decided[string(v.ID)] = v.verdict()
	}
	for _, r := range p.Issued.Reclaims {
		if v, is := decided[r.Event.ID]; is {
			r.Event.Verdict = v
		}
	}
}

// issued finds the reclaims of the place, and the days whose payment issued coupons change.
func (pl *bucketCycle) issued() {
	pl.from = pl.endDay() + 1
	if t, has := pl.w.altered[pl.at.Bucket]; has && t < pl.bounds.To {
		pl.from = pl.dayOf(t)
	}
	for _, r := range pl.w.reclaims[pl.at.Bucket] {
		if !pl.bounds.Holds(r.Event.Instant) {
			continue
		}
		r.day = pl.dayOf(r.Event.Instant)
		pl.reclaims = append(pl.reclaims, r)
		if r.Event.File >= 0 { // of this run
			pl.changed[r.day] = true
		}
	}
	slices.SortFunc(pl.reclaims, func(a, b *Reclaim) int {
		return cmp.Or(cmp.Compare(a.day, b.day), strings.Compare(a.customer, b.customer), a.before(b))
	})
}

func (d *day) hasReclaim() bool { return len(d.reclaims) > 0 && d.reclaims[0].customer == d.customer }

// reclaimFirst reports whether a reclaim comes next. Reclaims come before lines of the same instant. Their order
// relative to account events does not matter.
func (d *day) reclaimFirst() bool {
	if !d.hasReclaim() {
		return false
	}
	at := d.reclaims[0].Event.Instant
	return !(d.hasHeld() && d.held[0].instant < at || d.hasLine() && d.lines.instant() < at)
}

// reclaim takes back the unused amount of a coupon, or rejects the event.
func (d *day) reclaim() error {
	r := d.reclaims[0]
	d.reclaims = d.reclaims[1:]
	e, terms := r.Event, &r.Coupon.Terms
	use, ok, err := d.w.wallet.TakeBack(terms.ID, e.Amount)
	if err != nil {
		return fmt.Errorf("coupon event %s: %w", e.ID, err)
	}
	if !ok {
		met := account.CouponUsed
		if !use.Amount.IsZero() {
			met = account.CouponReclaimed
		}
		e.Verdict = account.BadState("event", met.String())
		return nil
	}
	e.Verdict, d.moved = account.Verdict{}, true
	if !d.w.Issued.Records {
		return nil
	}
	return d.addUse(e.Instant, []byte(e.ID), account.CouponReclaim.String(), &use)
}

// noteUses records what the last payment drew from coupons.
func (d *day) noteUses(at period.Instant, id []byte) (err error) {
	if !d.w.Issued.Records {
		return nil
	}
	if d.w.drawn, err = d.w.wallet.Uses(d.w.drawn[:0]); err != nil {
		return fmt.Errorf("line %s: %w", id, err)
	}
	for i := range d.w.drawn {
		if err := d.addUse(at, id, account.CouponUseWord, &d.w.drawn[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *day) addUse(at period.Instant, id []byte, kind string, u *payment.Use) error {
	c := d.w.uses.Cols
	c.Word(tables.CouponEntryCustomerID).Add(d.customer)
	c.Text(tables.CouponEntryCouponID).Add(u.Coupon.ID)
	c.Time(tables.CouponEntryTime).Add(at)
	c.Word(tables.CouponEntryType).Add(kind)
	c.Text(tables.CouponEntryID).AddBytes(id)
	c.Amount(tables.CouponEntryAmount).Add(u.Amount.Raw())
	c.Amount(tables.CouponEntryLeftAfter).Add(u.Left.Raw())
	c.N++
	return d.w.uses.Added()
}

// hadUses reports whether the current day has a file of what coupons paid.
func (d *day) hadUses() bool {
	_, has := d.pl.next[tableDay{usesTable, d.w.uses.Key().Day}]
	return has
}

package partner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// couponFeed is the feed of §9.2 and §9.3.
const couponFeed = "coupons"

// Issue decides which coupons are issued, and returns what the payment of lines needs to know of them. It must be
// called before Run and before lines are paid (PARTNER-6).
func (s *Stage) Issue() (*pay.Issued, error) {
	out := &pay.Issued{Records: s.Used()}
	list := s.Events.MoneyEvents(couponFeed)
	if len(list) == 0 {
		return out, nil
	}
	in := &account.CouponInput{Books: s.Books, Test: &s.Settings.TestCoupons, TakenBack: map[string]money.Amount{},
		Ends: map[string]period.Instant{}}
	if err := errors.Join(s.takenBack(in.TakenBack), s.couponEnds(in.Ends)); err != nil {
		return nil, err
	}
	var decided, reclaims []*accept.MoneyEvent
	for _, e := range list {
		it, ok := s.couponEvent(e)
		if !ok {
			reclaims = append(reclaims, e)
			continue
		}
		decided, in.Events = append(decided, e), append(in.Events, it)
	}
	issued, err := account.ReplayCoupons(in)
	var missing *account.GoneError
	switch {
	case errors.As(err, &missing):
		return nil, &accept.GoneBookError{Book: missing.Book, What: missing.What, ID: missing.ID}
	case err != nil:
		return nil, fmt.Errorf("issue coupons: %w", err)
	}
	for i, v := range issued.Verdicts {
		decided[i].Verdict = v
	}
	s.issued = issued.Issued
	for i := range s.issued {
		out.Coupons = append(out.Coupons, s.issued[i].Terms)
	}
	s.matchReclaims(reclaims, out)
	out.Altered, err = s.altered()
	return out, err
}

// couponEvent converts an event for package account; ok is false for a reclaim.
func (s *Stage) couponEvent(e *accept.MoneyEvent) (it account.CouponEvent, ok bool) {
	kind, _ := account.ParseCouponKind(e.Type)
	it = account.CouponEvent{Stamp: s.stamp(e), ID: e.ID, Kind: kind, Coupon: e.Subject, Source: e.Scope,
		Partner: s.Books.Partner(e.Partner), PartnerID: e.Partner, Customer: s.Books.Customer(e.Other),
		Amount: e.Amount}
	if kind == account.CouponApply {
		it.Source = e.Detail
	}
	return it, kind != account.CouponReclaim
}

// matchReclaims finds the coupons of reclaims of open cycles. Reclaims of coupons that the partner issued before are
// decided with the lines; the others are rejected.
func (s *Stage) matchReclaims(list []*accept.MoneyEvent, out *pay.Issued) {
	if len(list) == 0 {
		return
	}
	byID := make(map[string]*account.IssuedCoupon, len(s.issued))
	for i := range s.issued {
		byID[s.issued[i].Terms.ID] = &s.issued[i]
	}
	for _, e := range list {
		stamp := s.stamp(e)
		if stamp.Final {
			continue
		}
		one := byID[e.Subject]
		switch {
		case one == nil || !one.Fits(e.Partner, stamp, e.ID):
			e.Verdict = account.NoVerdict()
		case e.Instant >= one.Terms.Valid.To:
			e.Verdict = account.BadState("event", account.CouponExpired.String())
		default:
			out.Reclaims = append(out.Reclaims, &pay.Reclaim{Event: e, Coupon: one})
		}
	}
}

// takenBack adds up what reclaims of closed cycles took back, by coupon.
func (s *Stage) takenBack(by map[string]money.Amount) error {
	for _, e := range s.Txn.Next().Find(Key(tables.PartnerFacts())) {
		err := rows.EachRow(s.Txn, e, tables.PartnerFacts(), nil, func(c *parquet.Columns[tables.PartnerFact],
			i int) error {
			f, err := factAt(c, i)
			if err != nil || f.kind != tables.FactTakenBack {
				return err
			}
			by[f.other], err = by[f.other].Add(f.amount)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// couponEnds reads the ends of validity of the live state's coupons, by coupon.
func (s *Stage) couponEnds(by map[string]period.Instant) error {
	cols := tables.Columns(tables.IssuedCouponCouponID, tables.IssuedCouponValidTo)
	for _, e := range s.Txn.Next().Find(Key(tables.IssuedCoupons())) {
		err := rows.EachRow(s.Txn, e, tables.IssuedCoupons(), cols, func(c *parquet.Columns[tables.IssuedCoupon],
			i int) error {
			end := c.MaybeTime(tables.IssuedCouponValidTo).At(i)
			if end == tables.Nothing {
				end = period.Forever
			}
			by[string(c.Text(tables.IssuedCouponCouponID).At(i))] = end
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// altered returns the customers whose issued coupons differ from the live state, with the first instant of a
// difference. Both lists are in the order of coupon_id, and each id occurs once.
func (s *Stage) altered() (map[string]period.Instant, error) {
	out := map[string]period.Instant{}
	alter := func(c *parquet.Columns[tables.IssuedCoupon], i int) {
		customer := c.Word(tables.IssuedCouponCustomerID).At(i)
		from := c.Time(tables.IssuedCouponInstant).At(i)
		if was, has := out[customer]; !has || from < was {
			out[customer] = from
		}
	}
	rest := s.issued
	now := parquet.NewColumns(tables.IssuedCoupons()) // the row of the first of rest
	next := func() {
		now.Reset()
		addIssued(now, s.Books, &rest[0])
		rest = rest[1:]
	}
	for _, e := range s.Txn.Next().Find(Key(tables.IssuedCoupons())) {
		err := rows.EachRow(s.Txn, e, tables.IssuedCoupons(), nil, func(c *parquet.Columns[tables.IssuedCoupon],
			i int) error {
			id := string(c.Text(tables.IssuedCouponCouponID).At(i))
			for len(rest) > 0 && rest[0].Terms.ID < id {
				next()
				alter(now, 0)
			}
			if len(rest) == 0 || rest[0].Terms.ID != id {
				alter(c, i)
				return nil
			}
			if next(); issuedText(now, 0) != issuedText(c, i) {
				alter(now, 0)
				alter(c, i)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for len(rest) > 0 {
		next()
		alter(now, 0)
	}
	return out, nil
}

// issuedText encodes a row of issued_coupons as text. Equal rows have equal texts.
func issuedText(c *parquet.Columns[tables.IssuedCoupon], i int) string {
	var b strings.Builder
	for k := range c.Def.Columns {
		col := c.Col(tables.ColumnOf[tables.IssuedCoupon](k))
		switch c.Def.Columns[k].Type {
		case tables.Word:
			fmt.Fprintf(&b, "%q", col.Word(i))
		case tables.Text:
			fmt.Fprintf(&b, "%q", col.Text(i))
		case tables.Amount:
			fmt.Fprintf(&b, "|%d,%d", col.Decs[i].Hi, col.Decs[i].Lo)
		default:
			fmt.Fprintf(&b, "|%d", col.Ints[i])
		}
	}
	return b.String()
}

// addIssued appends a row of issued_coupons.
func addIssued(c *parquet.Columns[tables.IssuedCoupon], b *books.Books, one *account.IssuedCoupon) {
	t := &one.Terms
	sku := "*"
	if t.SKU >= 0 {
		sku = b.Products[t.SKU].SKU
	}
	terms := fmt.Sprintf("%s %t %t %t %q %q", t.Kind(), t.Performance, t.WithDiscount, t.NotCommercial, t.Service, sku)
	c.Text(tables.IssuedCouponCouponID).Add(t.ID)
	c.Text(tables.IssuedCouponEventID).Add(one.Event)
	c.Word(tables.IssuedCouponSource).Add(string(one.Source))
	c.Word(tables.IssuedCouponSourceID).Add(one.SourceID)
	c.Word(tables.IssuedCouponPartnerID).Add(one.Partner)
	c.Word(tables.IssuedCouponCustomerID).Add(b.Customers[t.Customer].ID)
	c.Word(tables.IssuedCouponTerms).Add(terms)
	c.Amount(tables.IssuedCouponAmount).Add(t.Amount.Raw())
	c.Amount(tables.IssuedCouponMinConsumption).Add(t.MinConsumption.Raw())
	c.Time(tables.IssuedCouponValidFrom).Add(t.Valid.From)
	addMaybe(c.MaybeTime(tables.IssuedCouponValidTo), t.Valid.To, period.Forever)
	c.Time(tables.IssuedCouponInstant).Add(t.Since)
}

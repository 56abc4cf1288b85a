package explain

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// coupon explains a coupon: its origin, its terms, and the use of its amount (§9.2). It agrees if each record follows
// from the one before and they add up to the amounts of the table coupons.
func (t *teller) coupon(context.Context) error {
	asOf := period.Forever
	if t.src.Snap.Manifest.AsOf != "" {
		var err error
		if asOf, err = period.ParseInstant(t.src.Snap.Manifest.AsOf); err != nil {
			return err
		}
	}
	list, err := query.CouponBalances(t.src.Snap, t.src.Books, asOf)
	if err != nil {
		return err
	}
	c := &couponStory{teller: t}
	for i := range list {
		if list[i].ID == t.id && (t.customer == "" || t.customer == list[i].Customer) {
			c.rows = append(c.rows, list[i])
		}
	}
	happened, err := t.happened("coupons", about(t.id))
	if err != nil {
		return err
	}
	var refused []string
	for _, e := range happened {
		t.feed(e)
		if !e.Verdict.Accepted() {
			refused = append(refused, fmt.Sprintf("%s: %s", step(e), outcome(e)))
		}
	}
	if len(c.rows) == 0 {
		if len(happened) > 0 {
			t.story.PartnerID, t.story.CustomerID = happened[0].Partner, happened[0].Other
			t.fact("state", "none: it was not issued")
		}
		return nil
	}
	t.story.CustomerID, t.story.PartnerID = c.rows[0].Customer, c.rows[0].Partner
	for i := range c.rows {
		if err := c.row(&c.rows[i]); err != nil {
			return err
		}
	}
	if err := c.records(); err != nil {
		return err
	}
	t.part("rejected, which changes nothing", refused...)
	return t.deadline(query.DeadlineOfCoupon)
}

// couponStory explains the rows of one coupon_id: a coupon of the book may have several.
type couponStory struct {
	teller *teller
	rows   []query.Coupon
}

// row describes a coupon's origin, its terms, and the use of its amount.
func (c *couponStory) row(one *query.Coupon) error {
	c.teller.fact("kind", one.Kind)
	c.teller.fact("amount", one.Amount.Trim())
	c.teller.fact("valid", c.validity(one.From, one.To))
	if one.Source == account.CouponOfBook {
		c.teller.fact("source", "books/coupons.csv")
		for i := range c.teller.src.Books.Coupons {
			if row := &c.teller.src.Books.Coupons[i]; row.ID == one.ID && row.Valid.From == one.From {
				c.terms(row)
			}
		}
	} else if err := c.issued(one); err != nil {
		return err
	}
	c.teller.part("state "+one.State, fmt.Sprintf("%s = %s used + %s taken back + %s expired + %s left",
		one.Amount.Trim(), one.Used.Trim(), one.TakenBack.Trim(), one.Expired.Trim(), one.Left.Trim()))
	return nil
}

// issued describes the event that issued a coupon, and its terms.
func (c *couponStory) issued(one *query.Coupon) error {
	if err := query.EachIssuedCoupon(c.teller.src.Snap, func(i *query.IssuedCoupon) error {
		if i.ID != one.ID {
			return nil
		}
		c.teller.fact("source", fmt.Sprintf("%s %s of partner %s, event %s", i.Source, i.SourceID, i.Partner, i.Event))
		c.teller.fact("pays from", i.Instant.String())
		terms, err := i.Terms(c.teller.src.Books)
		if err == nil {
			c.terms(&terms)
		}
		return err
	}); err != nil {
		return fmt.Errorf("explain coupon %s: %w", one.ID, err)
	}
	return nil
}

// terms describes which lines a coupon pays.
func (c *couponStory) terms(t *books.Coupon) {
	product := "any"
	if t.SKU >= 0 {
		product = c.teller.src.Books.Products[t.SKU].SKU
	}
	c.teller.fact("service", t.Service)
	c.teller.fact("product", product)
	c.teller.fact("least amount of a line", t.MinConsumption.Trim())
	goes := "lines without a discount"
	switch {
	case t.NotCommercial:
		goes = "lines without a commercial discount"
	case t.WithDiscount:
		goes = "all lines"
	}
	c.teller.fact("pays", goes)
}

func (c *couponStory) validity(from, to period.Instant) string {
	text := "at all times"
	if from != period.Past {
		text = "from " + from.String()
	}
	if to != period.Forever {
		text += " to before " + to.String()
	}
	return text
}

// records lists the events of the coupon, and compares them with the coupon's amounts. A state that uses nothing of
// chapter 9 has no such table.
func (c *couponStory) records() error {
	files, err := c.teller.src.Snap.Find(query.CouponFileKey(tables.CouponRecords().Table))
	if err != nil || len(files) == 0 {
		return err
	}
	sums := map[string]*money.AmountTotal{"use": {}, "reclaim": {}, "expire": {}}
	part := Part{Kind: "what happened"}
	err = query.EachCouponRow(c.teller.src.Snap, tables.CouponRecords(), func(r rows.Row[tables.CouponRecord]) error {
		if string(r.Text(tables.CouponRecordCouponID)) != c.teller.id {
			return nil
		}
		amount, err := r.Amount(tables.CouponRecordAmount)
		if err != nil {
			return err
		}
		left, err := r.Amount(tables.CouponRecordLeftAfter)
		if err != nil {
			return err
		}
		kind, id := r.Word(tables.CouponRecordType), string(r.Text(tables.CouponRecordID))
		if id != "" {
			id = " " + id
		}
		part.Steps = append(part.Steps, fmt.Sprintf("%s %s%s: %s, %s left",
			r.Time(tables.CouponRecordTime).String(), kind, id, amount.Trim(), left.Trim()))
		if sum := sums[kind]; sum != nil {
			return sum.Add(amount)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(part.Steps) > 0 {
		c.teller.story.Parts = append(c.teller.story.Parts, part)
	}
	return c.compare(sums)
}

// compare compares the sums of records with the coupon's amounts. A pickup is used up by any payment.
func (c *couponStory) compare(sums map[string]*money.AmountTotal) error {
	if c.rows[0].Kind == "pickup" {
		return nil
	}
	var used, back, expired money.AmountTotal
	for i := range c.rows {
		for _, add := range []struct {
			to *money.AmountTotal
			of money.Amount
		}{{&used, c.rows[i].Used}, {&back, c.rows[i].TakenBack}, {&expired, c.rows[i].Expired}} {
			if err := add.to.Add(add.of); err != nil {
				return err
			}
		}
	}
	c.teller.story.Agrees = used.Cmp(*sums["use"]) == 0 && back.Cmp(*sums["reclaim"]) == 0 &&
		expired.Cmp(*sums["expire"]) == 0
	return nil
}

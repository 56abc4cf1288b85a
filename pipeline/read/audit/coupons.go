package audit

import (
	"context"
	"errors"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// issuedCoupon is what both issued_coupons and coupons say of a coupon.
type issuedCoupon struct {
	partner, customer string
	amount            money.Amount
}

// couponSum identifies the records of one type of a coupon.
type couponSum struct{ id, word string }

// use identifies the entries of one type of a customer's coupon.
type use struct{ id, word, customer string }

// couponChecks compares the tables of coupons.
type couponChecks struct {
	*tiesBalance
	records sums[couponSum]
	uses    sums[use] // of records
	issued  map[string]issuedCoupon
	coupons map[string]*couponState
}

// couponState holds the sums of the rows of a coupon_id. Two rows of the book of one id are two coupons.
type couponState struct {
	issuedCoupon
	book, issued bool // there are coupons of this id of the book, of an event
	pickup       bool
	sums         sums[string] // by column
}

// coupons compares coupons, their records, the issued coupons and the entries of the lines.
func (b *tiesBalance) coupons(ctx context.Context) error {
	c := &couponChecks{b, sums[couponSum]{}, sums[use]{}, map[string]issuedCoupon{}, map[string]*couponState{}}
	for _, step := range []func(context.Context) error{c.load, c.loadIssued, c.loadRecords, c.issues, c.amounts,
		c.entries} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// load reads coupons.
func (c *couponChecks) load(ctx context.Context) error {
	return each(ctx, c.Audit, tables.Coupons(), nil, func(row rows.Row[tables.Coupon]) error {
		id := string(row.Text(tables.CouponCouponID))
		if c.coupons[id] == nil {
			c.coupons[id] = &couponState{sums: sums[string]{}}
		}
		s := c.coupons[id]
		book := row.Word(tables.CouponSource) == "book"
		s.book, s.issued = s.book || book, s.issued || !book
		s.pickup = s.pickup || row.Word(tables.CouponKind) == "pickup"
		s.partner, s.customer = row.Word(tables.CouponPartnerID), row.Word(tables.CouponCustomerID)
		var err error
		s.amount, err = row.Amount(tables.CouponAmount)
		return errors.Join(err, addColumns(s.sums, "use", row, tables.CouponUsed),
			addColumns(s.sums, "reclaim", row, tables.CouponTakenBack),
			addColumns(s.sums, "expire", row, tables.CouponExpired))
	})
}

// loadIssued reads issued_coupons, and finds the events without a coupon.
func (c *couponChecks) loadIssued(ctx context.Context) error {
	missing := c.events.coupons
	err := each(ctx, c.Audit, tables.IssuedCoupons(), nil, func(row rows.Row[tables.IssuedCoupon]) error {
		amount, err := row.Amount(tables.IssuedCouponAmount)
		c.issued[string(row.Text(tables.IssuedCouponCouponID))] = issuedCoupon{
			row.Word(tables.IssuedCouponPartnerID), row.Word(tables.IssuedCouponCustomerID), amount}
		delete(missing, string(row.Text(tables.IssuedCouponEventID)))
		return err
	})
	for event, id := range missing {
		c.Differ("coupon %s: event %s issued it, and it is not in issued_coupons", id, event)
	}
	return err
}

// loadRecords reads coupon_records.
func (c *couponChecks) loadRecords(ctx context.Context) error {
	return each(ctx, c.Audit, tables.CouponRecords(), nil, func(row rows.Row[tables.CouponRecord]) error {
		id, word := string(row.Text(tables.CouponRecordCouponID)), row.Word(tables.CouponRecordType)
		amount, err := row.Amount(tables.CouponRecordAmount)
		if err != nil {
			return err
		}
		if word == "use" || word == "reclaim" {
			err = c.uses.add(use{id, word, row.Word(tables.CouponRecordCustomerID)}, amount)
		}
		return errors.Join(err, c.records.add(couponSum{id, word}, amount))
	})
}

// issues compares issued coupons with coupons and with their records.
func (c *couponChecks) issues(context.Context) error {
	for id, one := range c.issued {
		s := c.coupons[id]
		issue, err := total(one.amount)
		switch {
		case err != nil:
			return err
		case s == nil || !s.issued:
			c.Differ("coupon %s: it was issued, and is not in coupons", id)
		case !s.book && s.issuedCoupon != one:
			c.Differ("coupon %s: issued by %s to %s with %s, coupons have %s, %s and %s", id, one.partner, one.customer,
				one.amount.Trim(), s.partner, s.customer, s.amount.Trim())
		}
		if record := c.records.of(couponSum{id, "issue"}); record != issue {
			c.Differ("coupon %s: issued with %s, coupon_records have %s", id, issue, record)
		}
	}
	for of := range c.records {
		if _, known := c.issued[of.id]; !known && of.word == "issue" {
			c.Differ("coupon %s: coupon_records have its issue, and it is not in issued_coupons", of.id)
		}
	}
	for id, s := range c.coupons {
		if _, known := c.issued[id]; !known && s.issued {
			c.Differ("coupon %s: it is in coupons, and not in issued_coupons", id)
		}
	}
	return nil
}

// amounts compares coupons with their records. Of a coupon of the book, cycles that were closed before records were
// kept have none. A pickup is used up by one line, whatever the line was paid.
func (c *couponChecks) amounts(context.Context) error {
	for id, s := range c.coupons {
		for _, word := range []string{"use", "reclaim", "expire"} {
			got, want := s.sums.of(word), c.records.of(couponSum{id, word})
			same := got == want
			switch {
			case word == "use" && s.pickup:
				same = c.records[couponSum{id, word}] == nil || !got.IsZero()
				same = same && (s.book || got.IsZero() || c.records[couponSum{id, word}] != nil)
			case word == "use" && s.book:
				same = got.Cmp(want) >= 0
			}
			if !same {
				c.Differ("coupon %s: coupons have %s of %s, coupon_records %s", id, got, word, want)
			}
		}
	}
	return nil
}

// entries compares the records with the entries of all cycles. An archive has records of later cycles.
func (c *couponChecks) entries(ctx context.Context) error {
	if c.archive() || c.events.rows == 0 {
		return nil // a workspace that no longer keeps partners' money has old records
	}
	entries := sums[use]{}
	for _, ref := range c.Snap.Manifest.Cycles {
		files, err := c.Snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		err = eachOf(ctx, c.Audit, files, tables.CouponEntries(), nil, func(row rows.Row[tables.CouponEntry]) error {
			return addColumns(entries, use{string(row.Text(tables.CouponEntryCouponID)),
				row.Word(tables.CouponEntryType), row.Word(tables.CouponEntryCustomerID)}, row,
				tables.CouponEntryAmount)
		})
		if err != nil {
			return err
		}
	}
	for of := range keysOf(entries, c.uses) {
		if got, want := entries.of(of), c.uses.of(of); got != want {
			c.Differ("coupon %s of customer %s: coupon_entries have %s of %s, coupon_records %s", of.id, of.customer,
				got, of.word, want)
		}
	}
	return nil
}

// usesOfCoupons returns the payments by coupons in files of coupon_entries, by customer.
func usesOfCoupons(snap *lake.Snapshot, files []lake.FileEntry) (map[string]money.AmountTotal, error) {
	out := map[string]money.AmountTotal{}
	columns := tables.Columns(tables.CouponEntryCustomerID, tables.CouponEntryType, tables.CouponEntryAmount)
	visit := func(row rows.Row[tables.CouponEntry]) error {
		if row.Word(tables.CouponEntryType) != "use" {
			return nil
		}
		customer := row.Word(tables.CouponEntryCustomerID)
		amount, err := row.Amount(tables.CouponEntryAmount)
		sum := out[customer]
		err = errors.Join(err, sum.Add(amount))
		out[customer] = sum
		return err
	}
	for _, e := range files {
		if err := rows.EachUnsorted(snap, e, tables.CouponEntries(), columns, visit); err != nil {
			return nil, err
		}
	}
	return out, nil
}

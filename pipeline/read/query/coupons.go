package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// Coupon is a coupon and the use of its amount.
type Coupon struct {
	ID, Partner, Customer, Kind, State string
	Source                             account.CouponSource

	Amount, Used, TakenBack, Expired, Left money.Amount
	From, To                               period.Instant // Past and Forever if the validity has no bound
}

// CouponQuota is a quota of coupon_quotas.csv and the use of its amount (COUPONS-1).
type CouponQuota struct {
	At                                  int32 // index in the books
	Issued, HandedDown, TakenBack, Left money.Amount
}

// CouponFileKey is the key of a table that is one list and belongs to no cycle.
func CouponFileKey(def *tables.Table) lake.FileKey {
	return lake.FileKey{Table: def.Name, Bucket: lake.NoBucket}
}

// CouponsKept reports whether the workspace of a state stores partners' money: tables of accounts, receivables and
// invoices (§9).
func CouponsKept(snap *lake.Snapshot) (kept bool, err error) {
	err = EachCouponRow(snap, tables.PartnerFacts(), func(r rows.Row[tables.PartnerFact]) error {
		kept = kept || r.Word(tables.PartnerFactKind) == tables.FactReplayed
		return nil
	})
	return kept, err
}

// EachCouponRow visits the rows of a table that is one list and belongs to no cycle. A state without the table has no
// rows.
func EachCouponRow[T any](snap *lake.Snapshot, def tables.Def[T], visit func(rows.Row[T]) error) error {
	files, err := snap.Find(CouponFileKey(def.Table))
	if err != nil {
		return err
	}
	for _, e := range files {
		err := rows.EachRow(snap, e, def, nil, func(c *parquet.Columns[T], i int) error {
			return visit(rows.Row[T]{Cols: c, I: i})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CouponBalances returns all coupons by coupon_id and valid_from, as of an instant if the state has no table of them.
func CouponBalances(snap *lake.Snapshot, b *books.Books, asOf period.Instant) ([]Coupon, error) {
	files, err := snap.Find(CouponFileKey(tables.Coupons().Table))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return ofBook(snap, b, asOf)
	}
	var out []Coupon
	err = EachCouponRow(snap, tables.Coupons(), func(r rows.Row[tables.Coupon]) error {
		one := Coupon{ID: string(r.Text(tables.CouponCouponID)), Partner: r.Word(tables.CouponPartnerID),
			Customer: r.Word(tables.CouponCustomerID), Kind: r.Word(tables.CouponKind),
			State: r.Word(tables.CouponState), Source: account.CouponSource(r.Word(tables.CouponSource)),
			From: bound(r.MaybeTime(tables.CouponValidFrom), period.Past),
			To:   bound(r.MaybeTime(tables.CouponValidTo), period.Forever)}
		for i, to := range []*money.Amount{&one.Amount, &one.Used, &one.TakenBack, &one.Expired, &one.Left} {
			var err error
			if *to, err = r.Amount(tables.CouponAmounts()[i]); err != nil {
				return err
			}
		}
		out = append(out, one)
		return nil
	})
	return out, err
}

// bound returns an end of a validity from the table.
func bound(t, open period.Instant) period.Instant {
	if t == tables.Nothing {
		return open
	}
	return t
}

// ofBook returns the coupons of the book (COUPONS-2).
func ofBook(snap *lake.Snapshot, b *books.Books, asOf period.Instant) ([]Coupon, error) {
	if len(b.Coupons) == 0 {
		return nil, nil
	}
	var files []lake.FileEntry
	for _, ref := range snap.Manifest.Cycles {
		of, err := snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		files = append(files, of...)
	}
	spent, err := state.CouponsSpent(snap, files)
	if err != nil {
		return nil, err
	}
	var out []Coupon
	for i := range b.Coupons {
		c := &b.Coupons[i]
		s := spent[state.CouponKey{ID: c.ID, From: c.Valid.From}]
		row, err := account.CouponRowOf(c, s.Used, s.TakenBack, asOf)
		if err != nil {
			return nil, fmt.Errorf("coupon %s: %w", c.ID, err)
		}
		out = append(out, Coupon{ID: c.ID, Customer: b.Customers[c.Customer].ID, Kind: c.Kind(),
			Source: account.CouponOfBook,
			State:  row.State.String(), Amount: c.Amount, Used: row.Used, TakenBack: row.TakenBack,
			Expired: row.Expired, Left: row.Left, From: c.Valid.From, To: c.Valid.To})
	}
	slices.SortStableFunc(out, func(a, b Coupon) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.From, b.From))
	})
	return out, nil
}

// CouponQuotas returns the use of the quotas of the books, as of an instant, in the books' order.
func CouponQuotas(snap *lake.Snapshot, b *books.Books, asOf period.Instant) ([]CouponQuota, error) {
	list := b.Money.CouponQuotas
	out := make([]CouponQuota, len(list))
	if len(list) == 0 {
		return out, nil
	}
	quotaOf := map[string]int32{}
	err := EachIssuedCoupon(snap, func(one *IssuedCoupon) (err error) {
		at := b.Money.QuotaNamed(one.SourceID)
		if one.Source != account.CouponOfQuota || at < 0 {
			return nil
		}
		quotaOf[one.ID] = at
		out[at].Issued, err = out[at].Issued.Add(one.Amount)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = EachCouponRow(snap, tables.PartnerFacts(), func(r rows.Row[tables.PartnerFact]) error {
		at, of := quotaOf[r.Word(tables.PartnerFactOtherID)]
		if r.Word(tables.PartnerFactKind) != tables.FactTakenBack || !of {
			return nil
		}
		a, err := r.Amount(tables.PartnerFactAmount)
		if err != nil {
			return err
		}
		out[at].TakenBack, err = out[at].TakenBack.Add(a)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		out[i].At = int32(i)
		if to := list[i].Parent; to >= 0 && list[i].Terms.Valid.From <= asOf {
			if out[to].HandedDown, err = out[to].HandedDown.Add(list[i].Terms.Amount); err != nil {
				return nil, err
			}
		}
	}
	for i := range out {
		if out[i].Left, err = out[i].left(list[i].Terms.Amount); err != nil {
			return nil, fmt.Errorf("quota %s: %w", list[i].Terms.ID, err)
		}
	}
	return out, nil
}

// left returns what is left of an amount.
func (q *CouponQuota) left(amount money.Amount) (money.Amount, error) {
	left, err := amount.Sub(q.Issued)
	if err == nil {
		left, err = left.Sub(q.HandedDown)
	}
	if err == nil {
		left, err = left.Add(q.TakenBack)
	}
	return left, err
}

// IssuedCoupon is a coupon that an event issued or for which it applied.
type IssuedCoupon struct {
	ID, Event, SourceID, Partner, Customer string
	Source                                 account.CouponSource
	Amount, Min                            money.Amount
	Instant                                period.Instant // from which on it pays
	From, To                               period.Instant
	Text                                   string // its other terms, in the format of the table
}

// EachIssuedCoupon visits the coupons that events issued or for which they applied, by coupon_id.
func EachIssuedCoupon(snap *lake.Snapshot, visit func(*IssuedCoupon) error) error {
	return EachCouponRow(snap, tables.IssuedCoupons(), func(r rows.Row[tables.IssuedCoupon]) (err error) {
		one := IssuedCoupon{ID: string(r.Text(tables.IssuedCouponCouponID)),
			Event:    string(r.Text(tables.IssuedCouponEventID)),
			Source:   account.CouponSource(r.Word(tables.IssuedCouponSource)),
			SourceID: r.Word(tables.IssuedCouponSourceID), Partner: r.Word(tables.IssuedCouponPartnerID),
			Customer: r.Word(tables.IssuedCouponCustomerID), Instant: r.Time(tables.IssuedCouponInstant),
			From: r.Time(tables.IssuedCouponValidFrom), To: bound(r.MaybeTime(tables.IssuedCouponValidTo),
				period.Forever),
			Text: r.Word(tables.IssuedCouponTerms)}
		if one.Amount, err = r.Amount(tables.IssuedCouponAmount); err != nil {
			return err
		}
		if one.Min, err = r.Amount(tables.IssuedCouponMinConsumption); err != nil {
			return err
		}
		return visit(&one)
	})
}

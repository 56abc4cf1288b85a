package partner

import (
	"cmp"
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

// record is a row of coupon_records.
type record struct {
	coupon, kind, id, customer string
	time                       period.Instant
	rank                       int // issue, use and reclaim, expire
	amount, left               money.Amount
}

// coupons stores the issued coupons, all coupons with their states, and their records.
func (r *round) coupons() error {
	err := put(r.stage, tables.IssuedCoupons(), len(r.stage.issued), nil, func(c *parquet.Columns[tables.IssuedCoupon],
		i int) {
		addIssued(c, r.stage.Books, &r.stage.issued[i])
	})
	if err != nil {
		return err
	}
	all := make([]*account.IssuedCoupon, 0, len(r.stage.Books.Coupons)+len(r.stage.issued))
	for _, c := range r.stage.Books.Coupons {
		all = append(all, &account.IssuedCoupon{Terms: c, Source: account.CouponOfBook})
	}
	for i := range r.stage.issued {
		all = append(all, &r.stage.issued[i])
	}
	slices.SortFunc(all, func(a, b *account.IssuedCoupon) int {
		return cmp.Or(strings.Compare(a.Terms.ID, b.Terms.ID), cmp.Compare(a.Terms.Valid.From, b.Terms.Valid.From))
	})
	by, err := r.spent()
	if err != nil {
		return err
	}
	list := make([]account.CouponRow, len(all))
	for i := range all {
		t := &all[i].Terms
		s := by[state.CouponKey{ID: t.ID, From: t.Valid.From}]
		if list[i], err = account.CouponRowOf(t, s.Used, s.TakenBack, r.stage.AsOf); err != nil {
			return err
		}
	}
	if err := r.putCoupons(all, list); err != nil {
		return err
	}
	return r.couponRecords(all, list)
}

// spent reads the used and taken-back amounts of coupons.
func (r *round) spent() (map[state.CouponKey]state.CouponSpent, error) {
	var files []lake.FileEntry
	for _, c := range r.stage.Cycles {
		files = append(files, r.stage.Txn.Next().Files(lake.CycleOf(c))...)
	}
	return state.CouponsSpent(r.stage.Txn, files)
}

func (r *round) putCoupons(all []*account.IssuedCoupon, list []account.CouponRow) error {
	sums := r.stage.newTally()
	for i := range all {
		for k, a := range amountsOfCoupon(&all[i].Terms, &list[i]) {
			if err := sums.add(tables.Coupons().Columns[tables.CouponAmounts()[k]].Name, a); err != nil {
				return err
			}
		}
	}
	return put(r.stage, tables.Coupons(), len(all), sums, func(c *parquet.Columns[tables.Coupon], i int) {
		t, row := &all[i].Terms, &list[i]
		c.Text(tables.CouponCouponID).Add(t.ID)
		c.Word(tables.CouponSource).Add(string(all[i].Source))
		c.Word(tables.CouponPartnerID).Add(all[i].Partner)
		c.Word(tables.CouponCustomerID).Add(r.stage.Books.Customers[t.Customer].ID)
		c.Word(tables.CouponKind).Add(t.Kind())
		for k, a := range amountsOfCoupon(t, row) {
			c.Amount(tables.CouponAmounts()[k]).Add(a.Raw())
		}
		c.MaybeTime(tables.CouponValidFrom).Add(t.Valid.From)
		addMaybe(c.MaybeTime(tables.CouponValidTo), t.Valid.To, period.Forever)
		c.Word(tables.CouponState).Add(row.State.String())
	})
}

// amountsOfCoupon are the amounts of a coupon, in the order of the columns.
func amountsOfCoupon(t *books.Coupon, row *account.CouponRow) [5]money.Amount {
	return [...]money.Amount{t.Amount, row.Used, row.TakenBack, row.Expired, row.Left}
}

// couponRecords stores the events of coupons, by coupon and in their order.
func (r *round) couponRecords(all []*account.IssuedCoupon, list []account.CouponRow) error {
	var out []record
	for i := range all {
		one, t := all[i], &all[i].Terms
		customer := r.stage.Books.Customers[t.Customer].ID
		if one.Source != account.CouponOfBook {
			out = append(out, record{coupon: t.ID, time: t.Since, kind: account.CouponIssue.String(), id: one.Event,
				customer: customer, amount: t.Amount, left: t.Amount})
		}
		if row := &list[i]; !row.Expired.IsZero() {
			out = append(out, record{coupon: t.ID, time: row.ExpiredAt, kind: "expire", rank: 2, customer: customer,
				amount: row.Expired})
		}
	}
	r.out.CouponUses = map[period.Cycle]map[string]money.AmountTotal{}
	for _, c := range r.stage.Cycles {
		uses := map[string]money.AmountTotal{}
		err := factReader{r.stage}.couponEntries(c, func(one record) error {
			out = append(out, one)
			if one.kind != account.CouponUseWord {
				return nil
			}
			sum := uses[one.customer]
			err := sum.Add(one.amount)
			uses[one.customer] = sum
			return err
		})
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			r.out.CouponUses[c] = uses
		}
	}
	slices.SortStableFunc(out, func(a, b record) int {
		return cmp.Or(strings.Compare(a.coupon, b.coupon), cmp.Compare(a.time, b.time), cmp.Compare(a.rank, b.rank))
	})
	sums := r.stage.newTally(account.CouponIssue.String(), account.CouponUseWord, account.CouponReclaim.String(),
		"expire")
	for i := range out {
		if err := sums.add(out[i].kind, out[i].amount); err != nil {
			return err
		}
	}
	return put(r.stage, tables.CouponRecords(), len(out), sums, func(c *parquet.Columns[tables.CouponRecord], i int) {
		one := &out[i]
		c.Text(tables.CouponRecordCouponID).Add(one.coupon)
		c.Time(tables.CouponRecordTime).Add(one.time)
		c.Word(tables.CouponRecordType).Add(one.kind)
		c.Text(tables.CouponRecordID).Add(one.id)
		c.Word(tables.CouponRecordCustomerID).Add(one.customer)
		c.Amount(tables.CouponRecordAmount).Add(one.amount.Raw())
		c.Amount(tables.CouponRecordLeftAfter).Add(one.left.Raw())
	})
}

// couponEntries visits the uses by lines and the reclaims of a cycle, day by day.
func (r factReader) couponEntries(c period.Cycle, visit func(record) error) error {
	var files []lake.FileEntry
	for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
		if e.Table == tables.CouponEntries().Name {
			files = append(files, e)
		}
	}
	slices.SortFunc(files, func(a, b lake.FileEntry) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Bucket, b.Bucket))
	})
	for _, e := range files {
		err := rows.EachRow(r.stage.Txn, e, tables.CouponEntries(), nil,
			func(cols *parquet.Columns[tables.CouponEntry], i int) error {
				one := record{coupon: string(cols.Text(tables.CouponEntryCouponID).At(i)),
					kind:     cols.Word(tables.CouponEntryType).At(i),
					id:       string(cols.Text(tables.CouponEntryID).At(i)),
					customer: cols.Word(tables.CouponEntryCustomerID).At(i),
					time:     cols.Time(tables.CouponEntryTime).At(i), rank: 1}
				var err error
				d := cols.Amount(tables.CouponEntryAmount).At(i)
				if one.amount, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
					return err
				}
				d = cols.Amount(tables.CouponEntryLeftAfter).At(i)
				if one.left, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
					return err
				}
				return visit(one)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// couponFacts returns what reclaims of a closed cycle took back (PARTNER-4).
func (r factReader) couponFacts(c period.Cycle, list []fact) ([]fact, error) {
	events := r.stage.Events.Money[couponFeed]
	err := r.couponEntries(c, func(one record) error {
		if e := events[one.id]; one.kind == account.CouponReclaim.String() && e != nil {
			list = append(list, fact{cycle: c, kind: tables.FactTakenBack, id: one.id, partner: e.Partner,
				other: one.coupon, time: e.Time, instant: e.Instant, amount: one.amount})
		}
		return nil
	})
	return list, err
}

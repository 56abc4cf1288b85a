package load

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

// quotaRow is a quota with the id of its parent, which can follow later in the book.
type quotaRow struct {
	books.CouponQuota
	parent string
}

// quotaRows are the rows of coupon_quotas.csv, to be checked against each other.
type quotaRows struct {
	l    *loader
	rows []Entry[quotaRow]
}

func loadCouponQuotas(l *loader) {
	var rows []Entry[quotaRow]
	l.each("coupon_quotas.csv", func(r *row) {
		q := quotaRow{parent: r.rec.Text("parent_quota_id")}
		q.Terms = books.Coupon{ID: r.rec.Key("quota_id"), Customer: books.AnyCode, Amount: r.rec.Amount("amount"),
			MinConsumption: r.rec.Amount("min_consumption")}
		r.couponTerms(&q.Terms)
		q.Parent, q.Months = -1, r.rec.Whole("coupon_months")
		if q.HasMaxFace = r.rec.Text("max_face") != ""; q.HasMaxFace {
			q.MaxFace = r.rec.Amount("max_face")
		}
		q.Partner, _ = r.needPartner("partner_id")
		r.neverPerforms(&q.Terms, "quota_id")
		q.Terms.Service, q.Terms.SKU = r.scope()
		q.Terms.Valid = r.rec.Valid()
		if q.Terms.ID != "" {
			rows = append(rows, Entry[quotaRow]{Row: q, Span: q.Terms.Valid, At: r.rec.Mark("quota_id")})
		}
	})
	byID := func(a, b *quotaRow) int { return strings.Compare(a.Terms.ID, b.Terms.ID) }
	rows = SortEntries(rows, byID)
	rows = Once(l.files, "coupon_quotas.csv", rows, byID,
		func(q *quotaRow) string { return "quota_id " + q.Terms.ID })
	for i := range rows {
		l.b.Money.CouponQuotas = append(l.b.Money.CouponQuotas, rows[i].Row.CouponQuota)
	}
	quotaRows{l, rows}.handDown()
}

// handDown finds the parents of quotas, and reports quotas of which more is handed down than their amount.
func (q quotaRows) handDown() {
	l, rows := q.l, q.rows
	list := l.b.Money.CouponQuotas
	down := make([]money.AmountTotal, len(list))
	at := func(m Mark) books.Pos {
		return books.Pos{File: Dir + "/coupon_quotas.csv", Line: int(m.Line), Column: int(m.Column)}
	}
	for i := range rows {
		if rows[i].Row.parent == "" {
			continue
		}
		parent := l.b.Money.QuotaNamed(rows[i].Row.parent)
		if parent < 0 || int(parent) == i {
			l.files.Problems.Add(at(rows[i].At), "", "quota_id %s: parent_quota_id %q is no other quota",
				list[i].Terms.ID, settings.ShortYAML(rows[i].Row.parent))
			continue
		}
		list[i].Parent = parent
		q.across(at(rows[i].At), &list[i], &list[parent])
		if err := down[parent].Add(list[i].Terms.Amount); err != nil {
			l.files.Problems.Add(at(rows[i].At), "", "quota_id %s: amount: %v", list[i].Terms.ID, err)
		}
	}
	for i := range list {
		sum, err := down[i].Amount()
		if err != nil || sum.Cmp(list[i].Terms.Amount) > 0 {
			l.files.Problems.Add(at(rows[i].At), "", "quota_id %s: %s is handed down, and the quota is %s",
				list[i].Terms.ID, sum.Trim(), list[i].Terms.Amount.Trim())
		}
	}
}

// across reports a quota whose partner has another currency than the partner of the parent quota (§10.7).
func (q quotaRows) across(at books.Pos, quota, parent *books.CouponQuota) {
	l := q.l
	if quota.Partner < 0 || parent.Partner < 0 {
		return // reported before
	}
	from, to := &l.b.Partners[parent.Partner], &l.b.Partners[quota.Partner]
	if from.Currency != to.Currency {
		l.files.Problems.Add(at, "hand quotas down between partners of one currency",
			"quota_id %s: partner %s is in %s, and parent_quota_id is of partner %s, in %s", quota.Terms.ID, to.ID,
			l.b.Currencies[to.Currency].Code, from.ID, l.b.Currencies[from.Currency].Code)
	}
}

func loadSolutions(l *loader) {
	var rows []Entry[books.Solution]
	l.each("solutions.csv", func(r *row) {
		s := books.Solution{ID: r.rec.Key("solution_id"), Level: r.rec.Key("level"), Valid: r.rec.Valid()}
		var known, ok bool
		s.Partner, known = r.needPartner("partner_id")
		s.Customer, ok = r.needCustomer("customer_id")
		if _, has := l.s.TestCoupons.Ceiling(s.Level); s.Level != "" && !has {
			r.rec.Fail("level", "add it to test_coupons.ceilings in tollbook.yaml", "a level without a ceiling")
		}
		if known && ok {
			r.ownCurrencyOnly(&s)
		}
		if known && ok && s.ID != "" {
			rows = append(rows, Entry[books.Solution]{Row: s, Span: s.Valid, At: r.rec.Mark("solution_id")})
		}
	})
	byID := func(a, b *books.Solution) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "solutions.csv", rows, byID, func(s *books.Solution) string {
		return "solution_id " +
			s.ID
	})
	l.b.Money.Solutions = RowsOf(rows)
}

// ownCurrencyOnly reports a solution whose partner or customer has another currency than the workspace: the ceilings of
// test coupons are amounts in the workspace's currency (§10.7).
func (r *row) ownCurrencyOnly(s *books.Solution) {
	l := r.l
	const hint = "test_coupons.ceilings are in the workspace's currency: issue such coupons in coupons.csv"
	if at := l.b.Partners[s.Partner].Currency; at > 0 {
		r.rec.Fail("partner_id", hint, "the partner is in %s", l.b.Currencies[at].Code)
	}
	if at := l.b.Customers[s.Customer].Currency; at > 0 {
		r.rec.Fail("customer_id", hint, "the customer is in %s", l.b.Currencies[at].Code)
	}
}

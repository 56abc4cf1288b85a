package books

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func couponQuotasFormat() Format {
	return Format{File: "coupon_quotas.csv", Key: "quota_id",
		Meaning: "quotas from which partners issue coupons (§9.2)", Columns: []Column{
			id("quota_id", "the quota"),
			id("partner_id", "who issues coupons from it"),
			text("parent_quota_id", "the quota of a distributor that it was handed down from"),
			word("kind", couponWords, "", "of its coupons, as in coupons.csv"),
			number("amount", "amount", "", "the quota"),
			{Name: "max_face", Type: "amount", Meaning: "largest amount of one coupon; empty = no limit"},
			{Name: "coupon_months", Type: "whole number", Required: true, Meaning: "validity of its coupons, from 1"},
			number("min_consumption", "amount", "0", "smallest payment a coupon may be used on"),
			scope("service_type_code", "service"),
			scope("sku", "product"),
			word("with_discount", besideWords, "NO", withDiscountMeaning),
			word("counts_as_performance", yesNo, "NO",
				"whether what its coupons pay is performance; a voucher's never is"),
			validFrom(false), validTo(),
		}}
}

func solutionsFormat() Format {
	return Format{File: "solutions.csv", Key: "solution_id",
		Meaning: "partners' solutions, for which they apply for test coupons (§9.3)", Columns: []Column{
			id("solution_id", "the solution"),
			id("partner_id", "whose it is"),
			id("customer_id", "the account that receives its coupons"),
			id("level", "its level: a key of test_coupons.ceilings in tollbook.yaml"),
			validFrom(false), validTo(),
		}}
}

// quotaRow is a quota with the id of its parent, which may come later in the book.
type quotaRow struct {
	CouponQuota
	parent string
}

// quotaRows are the rows of coupon_quotas.csv, to be checked against each other.
type quotaRows struct {
	l    *loader
	rows []entry[quotaRow]
}

func loadCouponQuotas(l *loader) {
	var rows []entry[quotaRow]
	l.each("coupon_quotas.csv", func(r *row) {
		q := quotaRow{parent: r.text("parent_quota_id")}
		q.Terms = Coupon{ID: r.key("quota_id"), Customer: anyCode, Amount: r.amount("amount"),
			MinConsumption: r.amount("min_consumption")}
		r.couponTerms(&q.Terms)
		q.Parent, q.Months = -1, r.whole("coupon_months")
		if q.HasMaxFace = r.text("max_face") != ""; q.HasMaxFace {
			q.MaxFace = r.amount("max_face")
		}
		q.Partner, _ = r.needPartner("partner_id")
		r.neverPerforms(&q.Terms, "quota_id")
		q.Terms.Service, q.Terms.SKU = r.scope()
		q.Terms.Valid = r.valid()
		if q.Terms.ID != "" {
			rows = append(rows, entry[quotaRow]{row: q, span: q.Terms.Valid, at: r.mark("quota_id")})
		}
	})
	byID := func(a, b *quotaRow) int { return strings.Compare(a.Terms.ID, b.Terms.ID) }
	rows = sortEntries(rows, byID)
	rows = once(l.files, "coupon_quotas.csv", rows, byID, func(q *quotaRow) string { return "quota_id " + q.Terms.ID })
	for i := range rows {
		l.b.Money.CouponQuotas = append(l.b.Money.CouponQuotas, rows[i].row.CouponQuota)
	}
	quotaRows{l, rows}.handDown()
}

// handDown finds the parents of quotas, and reports what is handed down beyond a quota's amount.
func (q quotaRows) handDown() {
	l, rows := q.l, q.rows
	list := l.b.Money.CouponQuotas
	down := make([]money.AmountTotal, len(list))
	at := func(m mark) Pos {
		return Pos{File: dir + "/coupon_quotas.csv", Line: int(m.line), Column: int(m.column)}
	}
	for i := range rows {
		if rows[i].row.parent == "" {
			continue
		}
		parent := l.b.Money.QuotaNamed(rows[i].row.parent)
		if parent < 0 || int(parent) == i {
			l.c.Add(at(rows[i].at), "", "quota_id %s: parent_quota_id %q is no other quota", list[i].Terms.ID,
				shorten(rows[i].row.parent))
			continue
		}
		list[i].Parent = parent
		q.across(at(rows[i].at), &list[i], &list[parent])
		if err := down[parent].Add(list[i].Terms.Amount); err != nil {
			l.c.Add(at(rows[i].at), "", "quota_id %s: amount: %v", list[i].Terms.ID, err)
		}
	}
	for i := range list {
		sum, err := down[i].Amount()
		if err != nil || sum.Cmp(list[i].Terms.Amount) > 0 {
			l.c.Add(at(rows[i].at), "", "quota_id %s: %s is handed down, and the quota is %s", list[i].Terms.ID,
				sum.Trim(), list[i].Terms.Amount.Trim())
		}
	}
}

// across refuses a quota of a partner of another currency than the one that it was handed down from (§10.7).
func (q quotaRows) across(at Pos, quota, parent *CouponQuota) {
	l := q.l
	if quota.Partner < 0 || parent.Partner < 0 {
		return // reported before
	}
	from, to := &l.b.Partners[parent.Partner], &l.b.Partners[quota.Partner]
	if from.Currency != to.Currency {
		l.c.Add(at, "hand quotas down between partners of one currency",
			"quota_id %s: partner %s is in %s, and parent_quota_id is of partner %s, in %s", quota.Terms.ID, to.ID,
			l.b.Currencies[to.Currency].Code, from.ID, l.b.Currencies[from.Currency].Code)
	}
}

func loadSolutions(l *loader) {
	var rows []entry[Solution]
	l.each("solutions.csv", func(r *row) {
		s := Solution{ID: r.key("solution_id"), Level: r.key("level"), Valid: r.valid()}
		var known, ok bool
		s.Partner, known = r.needPartner("partner_id")
		s.Customer, ok = r.needCustomer("customer_id")
		if _, has := l.s.TestCoupons.Ceiling(s.Level); s.Level != "" && !has {
			r.fail("level", "add it to test_coupons.ceilings in tollbook.yaml", "a level without a ceiling")
		}
		if known && ok {
			r.ownCurrencyOnly(&s)
		}
		if known && ok && s.ID != "" {
			rows = append(rows, entry[Solution]{row: s, span: s.Valid, at: r.mark("solution_id")})
		}
	})
	byID := func(a, b *Solution) int { return strings.Compare(a.ID, b.ID) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "solutions.csv", rows, byID, func(s *Solution) string { return "solution_id " + s.ID })
	l.b.Money.Solutions = rowsOf(rows)
}

// ownCurrencyOnly refuses a solution whose partner or customer is in another currency than the workspace, in which the
// ceilings of test coupons are (§10.7).
func (r *row) ownCurrencyOnly(s *Solution) {
	l := r.l
	const hint = "test_coupons.ceilings are in the workspace's currency: issue such coupons in coupons.csv"
	if at := l.b.Partners[s.Partner].Currency; at > 0 {
		r.fail("partner_id", hint, "the partner is in %s", l.b.Currencies[at].Code)
	}
	if at := l.b.Customers[s.Customer].Currency; at > 0 {
		r.fail("customer_id", hint, "the customer is in %s", l.b.Currencies[at].Code)
	}
}

// Commercial lists the ids of the discounts of kind commercial.
func (b *Books) Commercial() map[string]bool {
	out := map[string]bool{}
	for i := range b.Discounts {
		if b.Discounts[i].Kind == Commercial {
			out[b.Discounts[i].ID] = true
		}
	}
	return out
}

// HasNotCommercial reports whether a coupon, a quota or a solution excludes lines with commercial discounts.
func (b *Books) HasNotCommercial() bool {
	return len(b.Money.Solutions) > 0 ||
		slices.ContainsFunc(b.Coupons, func(c Coupon) bool { return c.NotCommercial }) ||
		slices.ContainsFunc(b.Money.CouponQuotas, func(q CouponQuota) bool { return q.Terms.NotCommercial })
}

// ValidFor is the validity of a coupon that is issued at t for some months.
func ValidFor(zone *period.Zone, t period.Instant, months int) period.Span {
	return period.Span{From: t, To: zone.MonthsAfter(t, months)}
}

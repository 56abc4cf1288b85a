package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// loadPartnerMoney reads the books of chapter 9. It needs the partners, customers and products.
func loadPartnerMoney(l *loader) {
	loadFunds(l)
	loadFundQuotas(l)
	loadExperts(l)
	loadQualifications(l)
	loadCouponQuotas(l)
	loadSolutions(l)
	loadParties(l)
}

func loadFunds(l *loader) {
	l.programmes("funds.yaml", "fund", "is already on line %d", func(m item) string {
		f := m.fund()
		l.b.Money.Funds = append(l.b.Money.Funds, f)
		return f.ID
	})
	slices.SortStableFunc(l.b.Money.Funds, func(a, b books.Fund) int { return strings.Compare(a.ID, b.ID) })
}

// onlyOf lists the keys that only funds of one kind have.
var onlyOf = map[string][]string{
	"headcount": {"pay_requires", "levels", "min_days", "share", "max_heads", "cap", "confirm_within_working_days"},
	"marketing": {"period", "quota", "activities", "claim_within_days"},
}

// fund reads one fund.
func (m item) fund() books.Fund {
	m.Require("id", "name the programme")
	m.Require("kind", "headcount or marketing")
	f := books.Fund{
		ID:        settings.YAMLValue(m.YAMLMap, "id", "", parseID),
		Marketing: m.word("kind") == 1,
		Valid:     m.valid(),
		Partners:  m.partners(),
		Requires:  nameList(m.YAMLMap, "requires"),
	}
	kind, other := "headcount", "marketing"
	if f.Marketing {
		kind, other = other, kind
	}
	for _, key := range onlyOf[other] {
		if n := m.Get(key); n != nil {
			m.Fail(key, n, "leave it out", "a %s fund has none", kind)
		}
	}
	if f.Marketing {
		m.marketing(&f)
		return f
	}
	f.PayRequires, f.Levels = nameList(m.YAMLMap, "pay_requires"), m.fundLevels()
	f.MinDays, f.MaxHeads = m.Int("min_days", 0, 1, 31), m.Int("max_heads", 0, 1, 1_000_000)
	f.ByDays = m.word("share") == 1
	f.Cap, f.HasCap = settings.YAMLValue(m.YAMLMap, "cap", money.Amount{}, parseAmount), m.Get("cap") != nil
	f.ConfirmWithin = m.Int("confirm_within_working_days", 14, 1, 10_000)
	return f
}

// marketing reads the keys that only marketing funds have.
func (m item) marketing(f *books.Fund) {
	f.Yearly = m.word("period") == 1
	f.Activities, f.ClaimWithin = m.fundActivities(), m.Int("claim_within_days", -1, 0, 100_000)
	n := m.Get("quota")
	if n == nil {
		return
	}
	q := settings.YAMLFields(&m.l.files.Problems, n, m.Name("quota"), []string{"of_performance", "max"})
	if n.Kind != settings.Mapping {
		return
	}
	q.Require("of_performance", "share of the performance of the period before, in quotes")
	f.OfPerformance = true
	f.QuotaRate = settings.YAMLValue(q, "of_performance", money.Rate{}, money.ParseRate[string])
	f.QuotaMax, f.HasQuotaMax = settings.YAMLValue(q, "max", money.Amount{}, parseAmount), q.Get("max") != nil
}

// nameList reads a list of names.
func nameList(m settings.YAMLMap, key string) []string {
	n := m.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != settings.Sequence {
		m.Fail(key, n, "", "not a list of names")
		return nil
	}
	var out []string
	for i := range n.Items {
		if item := &n.Items[i]; item.Kind != settings.YAMLScalar || item.Text == "" {
			m.Fail(key, item, "", "%s where a name is needed", item.Kind)
			continue
		}
		out = append(out, n.Items[i].Text)
	}
	return out
}

// eachMapping visits the mappings of a list.
func (m item) eachMapping(key string, keys []string, visit func(settings.YAMLMap)) {
	n := m.Require(key, "a list of {"+strings.Join(keys, ", ")+"}")
	if n == nil {
		return
	}
	if n.Kind != settings.Sequence {
		m.Fail(key, n, "", "not a list of {%s}", strings.Join(keys, ", "))
		return
	}
	for i := range n.Items {
		item := &n.Items[i]
		one := settings.YAMLFields(&m.l.files.Problems, item, fmt.Sprintf("%s[%d]", m.Name(key), i+1), keys)
		if item.Kind != settings.Mapping {
			continue
		}
		for _, k := range keys {
			one.Require(k, "")
		}
		visit(one)
	}
}

func (m item) fundLevels() (levels []books.FundLevel) {
	m.eachMapping("levels", []string{"level", "amount"}, func(one settings.YAMLMap) {
		level := books.FundLevel{
			Level:  settings.YAMLValue(one, "level", "", parseID),
			Amount: settings.YAMLValue(one, "amount", money.Amount{}, parseAmount),
		}
		if slices.ContainsFunc(levels, func(x books.FundLevel) bool { return x.Level == level.Level }) {
			one.Fail("level", one.Get("level"), "", "is listed twice")
		}
		levels = append(levels, level)
	})
	return levels
}

func (m item) fundActivities() (activities []books.FundActivity) {
	m.eachMapping("activities", []string{"type", "share"}, func(one settings.YAMLMap) {
		a := books.FundActivity{
			Type:  settings.YAMLValue(one, "type", "", parseID),
			Share: settings.YAMLValue(one, "share", money.Rate{}, money.ParseRate[string]),
		}
		if slices.ContainsFunc(activities, func(x books.FundActivity) bool { return x.Type == a.Type }) {
			one.Fail("type", one.Get("type"), "", "is listed twice")
		}
		activities = append(activities, a)
	})
	return activities
}

// needFund returns the code of the fund that programme_id names. The fund must be of the given kind; either = any kind.
func needFund(r *row, marketing, either bool) (code int32, ok bool) {
	code, ok = need(r, "programme_id", r.rec.Key("programme_id"), "funds.yaml", r.l.b.Money.FundNamed)
	if ok && !either && r.l.b.Money.Funds[code].Marketing != marketing {
		r.rec.Fail("programme_id", "", "a %s fund", r.l.b.Money.Funds[code].Kind())
		return code, false
	}
	return code, ok
}

func loadFundQuotas(l *loader) {
	var rows []Entry[books.FundQuota]
	l.each("fund_quotas.csv", func(r *row) {
		q := books.FundQuota{Period: r.rec.Text("period"), Amount: r.rec.Amount("amount")}
		var known, ok bool
		q.Fund, known = needFund(r, true, false)
		q.Partner, ok = r.needPartner("partner_id")
		if known && !quotaPeriod(q.Period, l.b.Money.Funds[q.Fund].Yearly) {
			r.rec.Fail("period", "", "not a period of the fund, such as 2026-Q3, or 2026 where its period is a year")
		}
		if known && ok && l.b.Money.Funds[q.Fund].OfPerformance {
			r.rec.Fail(
				"programme_id",
				"remove quota from funds.yaml, or this row",
				"its quota is a share of the performance",
			)
		}
		if known && ok {
			rows = append(rows, Entry[books.FundQuota]{Row: q, At: r.rec.Mark("programme_id")})
		}
	})
	byKey := func(a, b *books.FundQuota) int {
		return cmp.Or(
			cmp.Compare(a.Fund, b.Fund),
			cmp.Compare(a.Partner, b.Partner),
			strings.Compare(a.Period, b.Period),
		)
	}
	rows = SortEntries(rows, byKey)
	rows = Once(l.files, "fund_quotas.csv", rows, byKey, func(q *books.FundQuota) string {
		return "programme_id " + l.b.Money.Funds[q.Fund].ID + ", partner_id " + l.b.Partners[q.Partner].ID +
			", period " + q.Period
	})
	l.b.Money.FundQuotas = RowsOf(rows)
}

// quotaPeriod reports whether a text is a quarter, or with yearly a year.
func quotaPeriod(text string, yearly bool) bool {
	year, quarter, isQuarter := strings.Cut(text, "-Q")
	if _, err := period.ParseCycle(year + "-01"); err != nil || len(year) != 4 || isQuarter == yearly {
		return false
	}
	return yearly || len(quarter) == 1 && quarter[0] >= '1' && quarter[0] <= '4'
}

func loadExperts(l *loader) {
	var rows []Entry[books.Expert]
	l.each("experts.csv", func(r *row) {
		e := books.Expert{ID: r.rec.Key("expert_id"), Level: r.rec.Key("level"), Project: r.rec.Text("project_id"),
			Valid: r.rec.Valid()}
		var known, ok bool
		e.Fund, known = needFund(r, false, false)
		e.Partner, ok = r.needPartner("partner_id")
		if known && e.Level != "" {
			if _, has := l.b.Money.Funds[e.Fund].Level(e.Level); !has {
				r.rec.Fail("level", "", "not a level of fund %s", l.b.Money.Funds[e.Fund].ID)
			}
		}
		if known && ok && e.ID != "" {
			rows = append(rows, Entry[books.Expert]{Row: e, Span: e.Valid, At: r.rec.Mark("expert_id")})
		}
	})
	byExpert := func(a, b *books.Expert) int { return cmp.Or(cmp.Compare(a.Fund, b.Fund), strings.Compare(a.ID, b.ID)) }
	rows = SortEntries(rows, byExpert)
	Overlaps(l.files, "experts.csv", rows, byExpert, func(e *books.Expert) string {
		return "expert_id " + e.ID + ", programme_id " + l.b.Money.Funds[e.Fund].ID
	})
	l.b.Money.Experts = RowsOf(SortEntries(rows, func(a, b *books.Expert) int {
		return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Partner, b.Partner), strings.Compare(a.ID, b.ID))
	}))
}

func loadQualifications(l *loader) {
	var rows []Entry[books.Qualification]
	l.each("qualifications.csv", func(r *row) {
		q := books.Qualification{Name: r.rec.Key("qualification"), Valid: r.rec.Valid()}
		var known, ok bool
		q.Fund, known = needFund(r, false, true)
		q.Partner, ok = r.needPartner("partner_id")
		if known && ok && q.Name != "" {
			rows = append(rows,
				Entry[books.Qualification]{Row: q, Span: q.Valid, At: r.rec.Mark("qualification")})
		}
	})
	byKey := func(a, b *books.Qualification) int {
		return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Partner, b.Partner), strings.Compare(a.Name, b.Name))
	}
	rows = SortEntries(rows, byKey)
	Overlaps(l.files, "qualifications.csv", rows, byKey, func(q *books.Qualification) string {
		return "partner_id " + l.b.Partners[q.Partner].ID + ", qualification " + q.Name
	})
	l.b.Money.Qualifications = RowsOf(rows)
}

func loadParties(l *loader) {
	var rows []Entry[books.Party]
	l.each("parties.csv", func(r *row) {
		p := books.Party{
			ID:        r.rec.Key("party_id"),
			LegalName: r.rec.Text("legal_name"),
			Address:   r.rec.Text("address"),
			TaxID:     r.rec.Text("tax_id"),
			Country:   r.rec.Text("country"),
			Email:     r.rec.Text("email"),
			Bank:      r.rec.Text("bank"),
			TaxExempt: r.rec.Flag("tax_exempt"), ExemptReason: r.rec.Text("exempt_reason"),
			PurchaseOrder: r.rec.Text("purchase_order"),
		}
		if p.ExemptReason != "" && !p.TaxExempt {
			r.rec.Fail("exempt_reason", "write tax_exempt YES, or leave it empty", "the party is not exempt")
		}
		if p.ID != "" {
			rows = append(rows, Entry[books.Party]{Row: p, At: r.rec.Mark("party_id")})
		}
	})
	byID := func(a, b *books.Party) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	rows = Once(l.files, "parties.csv", rows, byID, func(p *books.Party) string { return "party_id " + p.ID })
	l.b.Money.Parties = RowsOf(rows)
}

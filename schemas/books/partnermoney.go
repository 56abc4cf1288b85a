package books

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// PartnerMoney holds the books about partners' money, except incentives on performance (§9). All slices are sorted.
type PartnerMoney struct {
	Funds          []Fund          // by ID
	FundQuotas     []FundQuota     // by Fund, Partner, Period
	Experts        []Expert        // by Fund, Partner, ID, Valid.From
	Qualifications []Qualification // by Fund, Partner, Name, Valid.From
	CouponQuotas   []CouponQuota   // by Terms.ID
	Solutions      []Solution      // by ID, Valid.From
	Parties        []Party         // by ID
}

// Empty reports whether the workspace uses none of these books.
func (m *PartnerMoney) Empty() bool {
	return len(m.Funds)+len(m.CouponQuotas)+len(m.Solutions)+len(m.Parties) == 0
}

// UsesMoney reports whether the books use partners' money (§9), which includes the kinds of coupons that §9 adds.
func (b *Books) UsesMoney() bool {
	return !b.Money.Empty() ||
		slices.ContainsFunc(b.Coupons, func(c Coupon) bool { return c.Pickup || c.NotCommercial })
}

// Kind is the word of the fund's kind.
func (f *Fund) Kind() string {
	if f.Marketing {
		return fundKindWords[1]
	}
	return fundKindWords[0]
}

// Fund is one programme of funds.yaml (§9.4, §9.5).
type Fund struct {
	ID        string
	Marketing bool // kind: marketing; else headcount
	Valid     period.Span
	Partners  []int32  // nil = all
	Requires  []string // names of qualifications

	// Of headcount funds.
	PayRequires   []string
	Levels        []FundLevel
	MinDays       int // 0 = all days of the month
	ByDays        bool
	MaxHeads      int // 0 = no limit
	Cap           money.Amount
	HasCap        bool
	ConfirmWithin int // working days

	// Of marketing funds.
	Yearly        bool
	OfPerformance bool // the quota is a share of the partner's performance; otherwise fund_quotas.csv has it
	QuotaRate     money.Rate
	QuotaMax      money.Amount
	HasQuotaMax   bool
	Activities    []FundActivity
	ClaimWithin   int // days after the activity; -1 = no limit
}

// FundLevel is the monthly amount for an expert of a level.
type FundLevel struct {
	Level  string
	Amount money.Amount
}

// FundActivity is a kind of marketing and the share of its cost that the fund reimburses.
type FundActivity struct {
	Type  string
	Share money.Rate
}

// FundQuota is one row of fund_quotas.csv.
type FundQuota struct {
	Fund, Partner int32
	Period        string // 2026-Q3 or 2026
	Amount        money.Amount
}

// Expert is one row of experts.csv.
type Expert struct {
	ID            string
	Partner, Fund int32
	Level         string
	Project       string
	Valid         period.Span
}

// Qualification is one row of qualifications.csv.
type Qualification struct {
	Partner, Fund int32
	Name          string
	Valid         period.Span
}

// CouponQuota is one row of coupon_quotas.csv (§9.2). Terms are the terms of its coupons, but ID is the quota's id,
// Amount the quota, Valid the quota's validity, and Customer is -1.
type CouponQuota struct {
	Terms      Coupon
	Partner    int32
	Parent     int32 // index of the quota that it was handed down from; -1 = none
	MaxFace    money.Amount
	HasMaxFace bool
	Months     int // validity of its coupons
}

// Solution is one row of solutions.csv (§9.3): the level of a partner's solution, and the account that receives its
// test coupons.
type Solution struct {
	ID                string
	Partner, Customer int32
	Level             string
	Valid             period.Span
}

// QuotaNamed returns the index of a coupon quota, or -1.
func (m *PartnerMoney) QuotaNamed(id string) int32 {
	return find(m.CouponQuotas, id, func(q *CouponQuota) string { return q.Terms.ID })
}

// SolutionAt is the row of a solution in force at t.
func (m *PartnerMoney) SolutionAt(id string, t period.Instant) (*Solution, bool) {
	rows := run(m.Solutions, func(s *Solution) int { return strings.Compare(s.ID, id) })
	s := inForce(rows, t, func(s *Solution) period.Span { return s.Valid })
	return s, s != nil
}

// Party is one row of parties.csv: the name and bank details that documents show, and the data that determines taxes.
type Party struct {
	ID, LegalName, Address, TaxID, Country, Email, Bank string

	PurchaseOrder string // the recipient's number, shown on documents to it

	TaxExempt    bool
	ExemptReason string // shown on bills; empty unless TaxExempt
}

// FundNamed returns the index of a fund, or -1.
func (m *PartnerMoney) FundNamed(id string) int32 {
	return find(m.Funds, id, func(f *Fund) string { return f.ID })
}

// PartyNamed returns the index of a party, or -1.
func (m *PartnerMoney) PartyNamed(id string) int32 {
	return find(m.Parties, id, func(p *Party) string { return p.ID })
}

// NoCountry reports whether a party can have taxes but has no country, so that only taxes of any country apply to it
// (§10.6).
func (m *PartnerMoney) NoCountry(id string) bool {
	at := m.PartyNamed(id)
	return at < 0 || m.Parties[at].Country == "" && !m.Parties[at].TaxExempt
}

// Names reports whether a fund is for a partner.
func (f *Fund) Names(partner int32) bool {
	if f.Partners == nil {
		return true
	}
	_, named := slices.BinarySearch(f.Partners, partner)
	return named
}

// Level returns the amount for an expert of a level; ok is false if the fund does not have the level.
func (f *Fund) Level(level string) (amount money.Amount, ok bool) {
	for i := range f.Levels {
		if f.Levels[i].Level == level {
			return f.Levels[i].Amount, true
		}
	}
	return money.Amount{}, false
}

// Activity returns the share of an activity's cost that the fund reimburses; ok is false if the fund does not have the
// activity.
func (f *Fund) Activity(kind string) (share money.Rate, ok bool) {
	for i := range f.Activities {
		if f.Activities[i].Type == kind {
			return f.Activities[i].Share, true
		}
	}
	return money.Rate{}, false
}

// ExpertsOf lists the rows of a partner's experts for a fund, by expert and the start of validity.
func (m *PartnerMoney) ExpertsOf(fund, partner int32) []Expert {
	return run(m.Experts, func(e *Expert) int {
		return cmp.Or(cmp.Compare(e.Fund, fund), cmp.Compare(e.Partner, partner))
	})
}

// FundQuota is the quota that fund_quotas.csv gives a partner for a period of a fund; 0 without a row.
func (m *PartnerMoney) FundQuota(fund, partner int32, p string) money.Amount {
	rows := run(m.FundQuotas, func(q *FundQuota) int {
		return cmp.Or(cmp.Compare(q.Fund, fund), cmp.Compare(q.Partner, partner), strings.Compare(q.Period, p))
	})
	if len(rows) == 0 {
		return money.Amount{}
	}
	return rows[0].Amount
}

// Qualified reports whether a partner has all qualifications of a list for a fund at t.
func (m *PartnerMoney) Qualified(fund, partner int32, names []string, t period.Instant) bool {
	for _, name := range names {
		rows := run(m.Qualifications, func(q *Qualification) int {
			return cmp.Or(cmp.Compare(q.Fund, fund), cmp.Compare(q.Partner, partner), strings.Compare(q.Name, name))
		})
		if inForce(rows, t, func(q *Qualification) period.Span { return q.Valid }) == nil {
			return false
		}
	}
	return true
}

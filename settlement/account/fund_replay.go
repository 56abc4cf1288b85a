package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// FundInput holds all inputs of funds.
type FundInput struct {
	Books  *books.Books
	Events []FundEvent
	AsOf   period.Instant
	First  period.Cycle // first cycle with lines: start of a programme without valid_from; 0 = none

	// Performance returns the performance of a partner's own lines and transfers in the cycles from first to last
	// (§6.2).
	Performance func(partner int32, first, last period.Cycle) (money.Amount, error)
}

// FundRow is a row of the table funds (§9.5).
type FundRow struct {
	Partner, Fund int32
	Period        FundPeriod
	Claim         string // empty on months and quotas
	Heads         int64
	Quota, Listed money.Amount
	Reserved      money.Amount
	Claimed       money.Amount
	Approved      money.Amount
	Paid          money.Amount
	State         FundState
	Until         period.Instant // when time alone changes the state; Forever = never
}

// FundPayment is a payment to a partner by an event.
type FundPayment struct {
	EventID string
	Partner int32
	Stamp
	Amount money.Amount
}

// FundResult holds the funds as of an instant.
type FundResult struct {
	Verdicts []Verdict     // of the events, in their order in Input
	Rows     []FundRow     // in the order of the table
	Payments []FundPayment // in the order of the events
	// Kept holds, by event_id, what claims reserved after the accepted events that set it, and the values of the lists
	// for which partners applied.
	Kept map[string]money.Amount
}

type monthKey struct {
	fund, partner int32
	month         period.Cycle
}

type quotaKey struct {
	fund, partner int32
	period        FundPeriod
}

// month is a listed month of a headcount fund.
type month struct {
	list              HeadcountList
	from, void        period.Instant // when it was listed, and when it becomes void without an application
	state             FundState      // after the last event; at adds the effect of time
	heads             int64
	listed            money.Amount // value of the list when the partner applied
	claimed, approved money.Amount
}

// at returns the state at an instant that is not before the last event.
func (m *month) at(t period.Instant) FundState {
	switch {
	case m.state == FundListed && t < m.from:
		return NoFundState
	case m.state == FundListed && t >= m.void:
		return FundVoid
	}
	return m.state
}

// claim is a claim on a marketing fund.
type claim struct {
	key      quotaKey
	state    FundState
	planned  money.Amount
	reserved money.Amount // after that state; void and refused claims hold nothing
	approved money.Amount
	spent    money.Amount
	activity string
	ends     period.Instant // from then on it is void if it is requested or approved
	due      period.Instant // from then on it is void if it is held
}

// at returns the state at an instant that is not before the last event.
func (c *claim) at(t period.Instant) FundState {
	if until := c.until(); t >= until {
		return FundVoid
	}
	return c.state
}

// until returns when time alone makes the claim void.
func (c *claim) until() period.Instant {
	switch c.state {
	case FundRequested, FundApproved:
		return c.ends
	case FundHeld:
		return c.due
	default:
		return period.Forever
	}
}

// holds returns what the claim uses of its quota at an instant.
func (c *claim) holds(t period.Instant) money.Amount {
	if s := c.at(t); s == FundRefused || s == FundVoid {
		return money.Amount{}
	}
	return c.reserved
}

// quota is the amount that a marketing fund grants a partner for a period.
type quota struct {
	amount money.Amount
	claims []*claim
}

// replay holds the state between events.
type replay struct {
	in       *FundInput
	months   map[monthKey]*month
	claims   map[string]*claim
	quotas   map[quotaKey]*quota
	payments []FundPayment
	kept     map[string]money.Amount
}

// ReplayFunds decides the events and computes the funds as of the input's as-of.
func ReplayFunds(in *FundInput) (*FundResult, error) {
	r := &replay{in: in, months: map[monthKey]*month{}, claims: map[string]*claim{}, quotas: map[quotaKey]*quota{},
		kept: map[string]money.Amount{}}
	order := make([]int, len(in.Events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareEvents(&in.Events[a], &in.Events[b]) })
	out := &FundResult{Verdicts: make([]Verdict, len(in.Events))}
	for _, i := range order {
		e := &in.Events[i]
		v, err := r.decide(e)
		if err != nil {
			return nil, fmt.Errorf("fund event %s of partner %s: %w", e.ID, in.Books.Partners[e.Partner].ID, err)
		}
		out.Verdicts[i] = v
	}
	out.Payments, out.Kept = r.payments, r.kept
	var err error
	if out.Rows, err = r.rows(); err != nil {
		return nil, fmt.Errorf("list funds: %w", err)
	}
	return out, nil
}

// decide returns the verdict on an event, and applies the event if it counts.
func (r *replay) decide(e *FundEvent) (v Verdict, err error) {
	if e.Final {
		if e.Past.Accepted() {
			err = r.apply(e)
		}
		return e.Past, err
	}
	f := &r.in.Books.Money.Funds[e.Fund]
	switch {
	case f.Marketing:
		v, err = r.checkClaim(e)
	case e.Period.Length == Month:
		v, err = r.checkMonth(e)
	default:
		v, err = r.checkQuarter(e)
	}
	if err != nil || !v.Accepted() {
		return v, err
	}
	return v, r.apply(e)
}

// apply applies a counting event.
func (r *replay) apply(e *FundEvent) error {
	switch {
	case r.in.Books.Money.Funds[e.Fund].Marketing:
		return r.applyClaim(e)
	case e.Period.Length == Month:
		return r.applyMonth(e)
	default:
		return r.applyQuarter(e)
	}
}

// month returns the month of a headcount fund and creates it on first use.
func (r *replay) month(fund, partner int32, c period.Cycle) (*month, error) {
	key := monthKey{fund, partner, c}
	if m := r.months[key]; m != nil {
		return m, nil
	}
	bk := r.in.Books
	list, ok, err := listOf(bk, fund, partner, c)
	if err != nil {
		return nil, err
	}
	m := &month{list: list, from: bk.Zone.Bounds(c).To}
	if ok {
		m.state = FundListed
	}
	day := c.Add(1).First()
	m.void = bk.Zone.Start(bk.WorkingDays(day, bk.Money.Funds[fund].ConfirmWithin) + 1)
	r.months[key] = m
	return m, nil
}

func (r *replay) checkMonth(e *FundEvent) (Verdict, error) {
	m, err := r.month(e.Fund, e.Partner, e.Period.First)
	if err != nil {
		return Verdict{}, err
	}
	met := m.at(e.Instant)
	switch {
	case AfterMonth(met, e.Kind) == NoFundState:
		return BadState("event", met.String()), nil
	case e.Kind == FundApply && e.Heads > m.list.Heads:
		return Verdict{Why: reason.OverQuota, Column: "heads", Value: fmt.Sprint(e.Heads)}, nil
	case e.Kind == FundApply && e.Amount.Cmp(m.list.Amount) > 0, e.Kind == FundApprove && e.Amount.Cmp(m.claimed) > 0:
		return AboveQuota(e.Amount), nil
	}
	return Verdict{}, nil
}

func (r *replay) applyMonth(e *FundEvent) error {
	m, err := r.month(e.Fund, e.Partner, e.Period.First)
	if err != nil {
		return err
	}
	switch e.Kind {
	case FundApply:
		m.state, m.heads, m.listed, m.claimed = FundInReview, e.Heads, m.list.Amount, e.Amount
		if e.Kept != nil {
			m.listed = *e.Kept
		}
		r.kept[e.ID] = m.listed
	case FundApprove:
		m.state, m.approved = FundApproved, e.Amount
	default:
		m.state = FundRefused
	}
	return nil
}

// quarter returns the three months of an event's quarter.
func (r *replay) quarter(e *FundEvent) (months [3]*month, err error) {
	for i := range months {
		if months[i], err = r.month(e.Fund, e.Partner, e.Period.First.Add(i)); err != nil {
			return months, err
		}
	}
	return months, nil
}

func (r *replay) checkQuarter(e *FundEvent) (Verdict, error) {
	months, err := r.quarter(e)
	if err != nil {
		return Verdict{}, err
	}
	met, inReview := NoFundState, false
	for _, m := range months {
		s := m.at(e.Instant)
		inReview = inReview || s == FundInReview
		if s == FundApproved && met == NoFundState || s == FundRequested || s == FundInvoiced || s == FundPaidOut {
			met = s
		}
	}
	if inReview && e.Kind == FundRequestPayment {
		met = FundInReview
	}
	bk := r.in.Books
	switch {
	case e.Kind == FundRequestPayment && e.Instant < e.Period.Span(bk.Zone).To, AfterQuarter(met,
		e.Kind) == NoFundState:
		return BadState("event", met.String()), nil
	case e.Kind == FundRequestPayment && !bk.Money.Qualified(e.Fund, e.Partner, bk.Money.Funds[e.Fund].PayRequires,
		e.Time):
		return BadState("event", met.String()), nil
	}
	return Verdict{}, nil
}

func (r *replay) applyQuarter(e *FundEvent) error {
	months, err := r.quarter(e)
	if err != nil {
		return err
	}
	var sum money.AmountTotal
	for _, m := range months {
		if e.Kind == FundRequestPayment && m.at(e.Instant) == FundListed {
			m.state = FundForgone
		}
		next := AfterQuarter(m.state, e.Kind)
		if next == NoFundState {
			continue
		}
		m.state = next
		if err := sum.Add(m.approved); err != nil {
			return err
		}
	}
	if e.Kind != FundPaid {
		return nil
	}
	amount, err := sum.Amount()
	r.payments = append(r.payments, FundPayment{e.ID, e.Partner, e.Stamp, amount})
	return err
}

// quota returns the quota of a marketing fund and computes it on first use.
func (r *replay) quota(key quotaKey) (*quota, error) {
	if q := r.quotas[key]; q != nil {
		return q, nil
	}
	q := &quota{}
	r.quotas[key] = q
	bk := r.in.Books
	f := &bk.Money.Funds[key.fund]
	if !f.Names(key.partner) || !f.Valid.Overlaps(key.period.Span(bk.Zone)) {
		return q, nil
	}
	if !f.OfPerformance {
		q.amount = bk.Money.FundQuota(key.fund, key.partner, key.period.String())
		return q, nil
	}
	before := key.period.Before()
	performance, err := r.in.Performance(key.partner, before.First, before.Last())
	if err != nil || performance.Sign() <= 0 {
		return q, err
	}
	if q.amount, err = shareOf(performance, f.QuotaRate, bk.PartnerCurrency(key.partner).Digits); err != nil {
		return nil, err
	}
	if f.HasQuotaMax && q.amount.Cmp(f.QuotaMax) > 0 {
		q.amount = f.QuotaMax
	}
	return q, nil
}

// shareOf returns Rd(amount × rate), rounded once.
func shareOf(a money.Amount, rate money.Rate, digits int) (money.Amount, error) {
	_, units := rate.Raw()
	return money.Prorate(a, int64(units), rateUnit, digits)
}

// rateUnit is the number of units of money.RateScale in 1.
const rateUnit = 1e10

// left returns what is left of a quota at an instant.
func (q *quota) left(t period.Instant) (money.Amount, error) {
	left := q.amount
	for _, c := range q.claims {
		var err error
		if left, err = left.Sub(c.holds(t)); err != nil {
			return left, err
		}
	}
	return left, nil
}

func keyOf(e *FundEvent) quotaKey { return quotaKey{e.Fund, e.Partner, e.Period} }

// share is Share with the input's books.
func (r *replay) share(of quotaKey, activity string, a money.Amount) (money.Amount, error) {
	return FundShare(r.in.Books, of.fund, of.partner, activity, a)
}

// FundShare returns what a marketing fund reimburses of the cost of an activity: Rd(share × cost), in the digits of the
// partner's currency (§9.5).
func FundShare(bk *books.Books, fund, partner int32, activity string, cost money.Amount) (money.Amount, error) {
	rate, _ := bk.Money.Funds[fund].Activity(activity)
	return shareOf(cost, rate, bk.PartnerCurrency(partner).Digits)
}

func (r *replay) checkClaim(e *FundEvent) (Verdict, error) {
	c := r.claims[e.Claim]
	if c == nil {
		c = &claim{key: keyOf(e)}
	}
	met := c.at(e.Instant)
	switch {
	case c.key != keyOf(e):
		return BadState("event", NoFundState.String()), nil
	case AfterClaim(met, e.Kind) == NoFundState:
		return BadState("event", met.String()), nil
	case e.Kind == FundApprove && e.Amount.Cmp(c.planned) > 0:
		return AboveQuota(e.Amount), nil
	case e.Kind == FundHold && (e.Day < e.Period.First.First() || e.Day > e.Period.Last().Last()+afterPeriod):
		return BadState("event", met.String()), nil
	case e.Kind == FundRequest:
		return r.checkRequest(e)
	}
	return Verdict{}, nil
}

// afterPeriod is the number of days after its period in which an activity can still take place (§9.5).
const afterPeriod = 30

// checkRequest checks the request of a new claim.
func (r *replay) checkRequest(e *FundEvent) (Verdict, error) {
	bk := r.in.Books
	f := &bk.Money.Funds[e.Fund]
	_, there := bk.PartnerRowAt(e.Partner, e.Time)
	if !e.Period.Span(bk.Zone).Holds(e.Time) || !f.Valid.Holds(e.Time) || !f.Names(e.Partner) || !there ||
		!bk.Money.Qualified(e.Fund, e.Partner, f.Requires, e.Time) {
		return BadState("event", NoFundState.String()), nil
	}
	q, err := r.quota(keyOf(e))
	if err != nil {
		return Verdict{}, err
	}
	left, err := q.left(e.Instant)
	if err != nil {
		return Verdict{}, err
	}
	reserve, err := r.share(keyOf(e), e.Activity, e.Amount)
	if err != nil || reserve.Cmp(left) <= 0 {
		return Verdict{}, err
	}
	return AboveQuota(e.Amount), nil
}

func (r *replay) applyClaim(e *FundEvent) error {
	c := r.claims[e.Claim]
	if c == nil {
		c = &claim{key: keyOf(e), ends: r.in.Books.Zone.Start(e.Period.Last().Last() + afterPeriod + 1)}
		q, err := r.quota(c.key)
		if err != nil {
			return err
		}
		q.claims = append(q.claims, c)
		r.claims[e.Claim] = c
	}
	if next := AfterClaim(c.state, e.Kind); next != NoFundState {
		c.state = next
	}
	switch e.Kind {
	case FundRequest:
		c.planned, c.activity = e.Amount, e.Activity
		return r.reserve(c, e)
	case FundApprove:
		c.approved = e.Amount
		return r.reserve(c, e)
	case FundHold:
		c.due = period.Forever
		if days := r.in.Books.Money.Funds[e.Fund].ClaimWithin; days >= 0 {
			c.due = r.in.Books.Zone.Start(e.Day + period.Day(days) + 1)
		}
	case FundClaim:
		c.spent = e.Amount
		return r.reserve(c, e)
	case FundPaid:
		r.payments = append(r.payments, FundPayment{e.ID, e.Partner, e.Stamp, c.reserved})
	default: // only the state changes
	}
	return nil
}

// reserve sets what a claim reserves after an event. After the request it can only decrease, even if the books have
// raised the share: the quota was checked for the amount of the request (FUND-3).
func (r *replay) reserve(c *claim, e *FundEvent) error {
	amount, err := r.share(c.key, c.activity, e.Amount)
	switch {
	case err != nil:
		return err
	case e.Kept != nil:
		c.reserved = *e.Kept
	case e.Kind == FundRequest || amount.Cmp(c.reserved) < 0:
		c.reserved = amount
	}
	r.kept[e.ID] = c.reserved
	return nil
}

// compareRows compares rows by the order of the table funds.
func compareRows(a, b *FundRow) int {
	return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Fund, b.Fund),
		strings.Compare(a.Period.String(), b.Period.String()), strings.Compare(a.Claim, b.Claim))
}

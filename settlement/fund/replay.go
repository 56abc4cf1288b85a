package fund

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// Input holds all inputs of funds.
type Input struct {
	Books  *books.Books
	Events []Event
	AsOf   period.Instant
	First  period.Cycle // first cycle with lines: start of a programme without valid_from; 0 = none

	// Performance returns the performance of a partner's own lines and transfers in the cycles from first to last
	// (§6.2).
	Performance func(partner int32, first, last period.Cycle) (money.Amount, error)
}

// Row is a row of the table funds (§9.5).
type Row struct {
	Partner, Fund int32
	Period        Period
	Claim         string // empty on months and quotas
	Heads         int64
	Quota, Listed money.Amount
	Reserved      money.Amount
	Claimed       money.Amount
	Approved      money.Amount
	Paid          money.Amount
	State         State
	Until         period.Instant // when time alone changes the state; Forever = never
}

// Payment is a payment to a partner by an event.
type Payment struct {
	EventID string
	Partner int32
	verdict.Stamp
	Amount money.Amount
}

// Result holds the funds as of an instant.
type Result struct {
	Verdicts []verdict.Verdict // of the events, in their order in Input
	Rows     []Row             // in the order of the table
	Payments []Payment         // in the order of the events
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
	period        Period
}

// month is a listed month of a headcount fund.
type month struct {
	list              List
	from, void        period.Instant // when it was listed, and when it becomes void without an application
	state             State          // after the last event; at adds the effect of time
	heads             int64
	listed            money.Amount // value of the list when the partner applied
	claimed, approved money.Amount
}

// at returns the state at an instant that is not before the last event.
func (m *month) at(t period.Instant) State {
	switch {
	case m.state == Listed && t < m.from:
		return None
	case m.state == Listed && t >= m.void:
		return Void
	}
	return m.state
}

// claim is a claim on a marketing fund.
type claim struct {
	key      quotaKey
	state    State
	planned  money.Amount
	reserved money.Amount // after that state; void and refused claims hold nothing
	approved money.Amount
	spent    money.Amount
	activity string
	ends     period.Instant // from then on it is void if it is requested or approved
	due      period.Instant // from then on it is void if it is held
}

// at returns the state at an instant that is not before the last event.
func (c *claim) at(t period.Instant) State {
	if until := c.until(); t >= until {
		return Void
	}
	return c.state
}

// until returns when time alone makes the claim void.
func (c *claim) until() period.Instant {
	switch c.state {
	case Requested, Approved:
		return c.ends
	case Held:
		return c.due
	default:
		return period.Forever
	}
}

// holds returns what the claim uses of its quota at an instant.
func (c *claim) holds(t period.Instant) money.Amount {
	if s := c.at(t); s == Refused || s == Void {
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
	in       *Input
	months   map[monthKey]*month
	claims   map[string]*claim
	quotas   map[quotaKey]*quota
	payments []Payment
	kept     map[string]money.Amount
}

// Replay decides the events and computes the funds as of the input's as-of.
func Replay(in *Input) (*Result, error) {
	r := &replay{in: in, months: map[monthKey]*month{}, claims: map[string]*claim{}, quotas: map[quotaKey]*quota{},
		kept: map[string]money.Amount{}}
	order := make([]int, len(in.Events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareEvents(&in.Events[a], &in.Events[b]) })
	out := &Result{Verdicts: make([]verdict.Verdict, len(in.Events))}
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
func (r *replay) decide(e *Event) (v verdict.Verdict, err error) {
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
func (r *replay) apply(e *Event) error {
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
		m.state = Listed
	}
	day := c.Add(1).First()
	m.void = bk.Zone.Start(bk.WorkingDays(day, bk.Money.Funds[fund].ConfirmWithin) + 1)
	r.months[key] = m
	return m, nil
}

func (r *replay) checkMonth(e *Event) (verdict.Verdict, error) {
	m, err := r.month(e.Fund, e.Partner, e.Period.First)
	if err != nil {
		return verdict.Verdict{}, err
	}
	met := m.at(e.Instant)
	switch {
	case AfterMonth(met, e.Kind) == None:
		return verdict.State("event", met.String()), nil
	case e.Kind == Apply && e.Heads > m.list.Heads:
		return verdict.Verdict{Why: reason.OverQuota, Column: "heads", Value: fmt.Sprint(e.Heads)}, nil
	case e.Kind == Apply && e.Amount.Cmp(m.list.Amount) > 0, e.Kind == Approve && e.Amount.Cmp(m.claimed) > 0:
		return verdict.OverQuota(e.Amount), nil
	}
	return verdict.Verdict{}, nil
}

func (r *replay) applyMonth(e *Event) error {
	m, err := r.month(e.Fund, e.Partner, e.Period.First)
	if err != nil {
		return err
	}
	switch e.Kind {
	case Apply:
		m.state, m.heads, m.listed, m.claimed = InReview, e.Heads, m.list.Amount, e.Amount
		if e.Kept != nil {
			m.listed = *e.Kept
		}
		r.kept[e.ID] = m.listed
	case Approve:
		m.state, m.approved = Approved, e.Amount
	default:
		m.state = Refused
	}
	return nil
}

// quarter returns the three months of an event's quarter.
func (r *replay) quarter(e *Event) (months [3]*month, err error) {
	for i := range months {
		if months[i], err = r.month(e.Fund, e.Partner, e.Period.First.Add(i)); err != nil {
			return months, err
		}
	}
	return months, nil
}

func (r *replay) checkQuarter(e *Event) (verdict.Verdict, error) {
	months, err := r.quarter(e)
	if err != nil {
		return verdict.Verdict{}, err
	}
	met, inReview := None, false
	for _, m := range months {
		s := m.at(e.Instant)
		inReview = inReview || s == InReview
		if s == Approved && met == None || s == Requested || s == Invoiced || s == PaidOut {
			met = s
		}
	}
	if inReview && e.Kind == RequestPayment {
		met = InReview
	}
	bk := r.in.Books
	switch {
	case e.Kind == RequestPayment && e.Instant < e.Period.Span(bk.Zone).To, AfterQuarter(met, e.Kind) == None:
		return verdict.State("event", met.String()), nil
	case e.Kind == RequestPayment && !bk.Money.Qualified(e.Fund, e.Partner, bk.Money.Funds[e.Fund].PayRequires, e.Time):
		return verdict.State("event", met.String()), nil
	}
	return verdict.Verdict{}, nil
}

func (r *replay) applyQuarter(e *Event) error {
	months, err := r.quarter(e)
	if err != nil {
		return err
	}
	var sum money.AmountTotal
	for _, m := range months {
		if e.Kind == RequestPayment && m.at(e.Instant) == Listed {
			m.state = Forgone
		}
		next := AfterQuarter(m.state, e.Kind)
		if next == None {
			continue
		}
		m.state = next
		if err := sum.Add(m.approved); err != nil {
			return err
		}
	}
	if e.Kind != Paid {
		return nil
	}
	amount, err := sum.Amount()
	r.payments = append(r.payments, Payment{e.ID, e.Partner, e.Stamp, amount})
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

func keyOf(e *Event) quotaKey { return quotaKey{e.Fund, e.Partner, e.Period} }

// share is Share with the input's books.
func (r *replay) share(of quotaKey, activity string, a money.Amount) (money.Amount, error) {
	return Share(r.in.Books, of.fund, of.partner, activity, a)
}

// Share returns what a marketing fund reimburses of the cost of an activity: Rd(share × cost), in the digits of the
// partner's currency (§9.5).
func Share(bk *books.Books, fund, partner int32, activity string, cost money.Amount) (money.Amount, error) {
	rate, _ := bk.Money.Funds[fund].Activity(activity)
	return shareOf(cost, rate, bk.PartnerCurrency(partner).Digits)
}

func (r *replay) checkClaim(e *Event) (verdict.Verdict, error) {
	c := r.claims[e.Claim]
	if c == nil {
		c = &claim{key: keyOf(e)}
	}
	met := c.at(e.Instant)
	switch {
	case c.key != keyOf(e):
		return verdict.State("event", None.String()), nil
	case AfterClaim(met, e.Kind) == None:
		return verdict.State("event", met.String()), nil
	case e.Kind == Approve && e.Amount.Cmp(c.planned) > 0:
		return verdict.OverQuota(e.Amount), nil
	case e.Kind == Hold && (e.Day < e.Period.First.First() || e.Day > e.Period.Last().Last()+afterPeriod):
		return verdict.State("event", met.String()), nil
	case e.Kind == Request:
		return r.checkRequest(e)
	}
	return verdict.Verdict{}, nil
}

// afterPeriod is the number of days after its period in which an activity can still take place (§9.5).
const afterPeriod = 30

// checkRequest checks the request of a new claim.
func (r *replay) checkRequest(e *Event) (verdict.Verdict, error) {
	bk := r.in.Books
	f := &bk.Money.Funds[e.Fund]
	_, there := bk.PartnerRowAt(e.Partner, e.Time)
	if !e.Period.Span(bk.Zone).Holds(e.Time) || !f.Valid.Holds(e.Time) || !f.Names(e.Partner) || !there ||
		!bk.Money.Qualified(e.Fund, e.Partner, f.Requires, e.Time) {
		return verdict.State("event", None.String()), nil
	}
	q, err := r.quota(keyOf(e))
	if err != nil {
		return verdict.Verdict{}, err
	}
	left, err := q.left(e.Instant)
	if err != nil {
		return verdict.Verdict{}, err
	}
	reserve, err := r.share(keyOf(e), e.Activity, e.Amount)
	if err != nil || reserve.Cmp(left) <= 0 {
		return verdict.Verdict{}, err
	}
	return verdict.OverQuota(e.Amount), nil
}

func (r *replay) applyClaim(e *Event) error {
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
	if next := AfterClaim(c.state, e.Kind); next != None {
		c.state = next
	}
	switch e.Kind {
	case Request:
		c.planned, c.activity = e.Amount, e.Activity
		return r.reserve(c, e)
	case Approve:
		c.approved = e.Amount
		return r.reserve(c, e)
	case Hold:
		c.due = period.Forever
		if days := r.in.Books.Money.Funds[e.Fund].ClaimWithin; days >= 0 {
			c.due = r.in.Books.Zone.Start(e.Day + period.Day(days) + 1)
		}
	case Claim:
		c.spent = e.Amount
		return r.reserve(c, e)
	case Paid:
		r.payments = append(r.payments, Payment{e.ID, e.Partner, e.Stamp, c.reserved})
	default: // only the state changes
	}
	return nil
}

// reserve sets what a claim reserves after an event. After the request it can only decrease, even if the books have
// raised the share: the quota was checked for the amount of the request (FUND-3).
func (r *replay) reserve(c *claim, e *Event) error {
	amount, err := r.share(c.key, c.activity, e.Amount)
	switch {
	case err != nil:
		return err
	case e.Kept != nil:
		c.reserved = *e.Kept
	case e.Kind == Request || amount.Cmp(c.reserved) < 0:
		c.reserved = amount
	}
	r.kept[e.ID] = c.reserved
	return nil
}

// compareRows compares rows by the order of the table funds.
func compareRows(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Fund, b.Fund),
		strings.Compare(a.Period.String(), b.Period.String()), strings.Compare(a.Claim, b.Claim))
}

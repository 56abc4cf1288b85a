package explain

import (
	"context"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// fundID holds the parts of the id of a list or quota: PARTNER_ID/PROGRAMME_ID/PERIOD.
type fundID struct {
	partner, programme int32
	names              [3]string
	period             account.FundPeriod
}

// fundID parses the id; ok is false if the books do not contain its partner and programme.
func (t *teller) fundID() (f fundID, ok bool) {
	parts := strings.Split(t.id, "/")
	if len(parts) != len(f.names) {
		return f, false
	}
	copy(f.names[:], parts)
	var err error
	f.partner, f.programme = t.src.Books.Partner(parts[0]), t.src.Books.Money.FundNamed(parts[1])
	f.period, err = account.ParseFundPeriod(parts[2])
	return f, err == nil && f.partner >= 0 && f.programme >= 0
}

// fund explains the list of a month of a headcount fund (§9.4), or the quota of a period of a marketing fund (§9.5).
func (t *teller) fund(context.Context) error {
	f, ok := t.fundID()
	if !ok {
		return nil
	}
	var claims []rowOfFund
	var row *rowOfFund
	err := query.EachCouponRow(t.src.Snap, tables.Funds(), func(r rows.Row[tables.Fund]) error {
		if r.Word(tables.FundPartnerID) != f.names[0] || r.Word(tables.FundProgrammeID) != f.names[1] ||
			r.Word(tables.FundPeriod) != f.names[2] {
			return nil
		}
		one, err := readFund(r)
		if one.claim == "" {
			row = &one
		} else {
			claims = append(claims, one)
		}
		return err
	})
	if err != nil || row == nil {
		return err
	}
	t.story.PartnerID = f.names[0]
	t.fact("programme", f.names[1])
	t.fact("period", f.names[2])
	t.fact("state", row.state)
	t.fact("deadline", row.deadline)
	if t.src.Books.Money.Funds[f.programme].Marketing {
		return t.quota(&f, row, claims)
	}
	return t.list(&f, row)
}

// rowOfFund is a row of the table funds.
type rowOfFund struct {
	claim, state, deadline                           string
	heads                                            int64
	quota, listed, reserved, claimed, approved, paid money.Amount
}

func readFund(r rows.Row[tables.Fund]) (f rowOfFund, err error) {
	if f.deadline, err = deadlineOf(r); err != nil {
		return f, err
	}
	f.claim, f.state = string(r.Text(tables.FundClaimID)), r.Word(tables.FundState)
	f.heads = r.Whole(tables.FundHeads)
	for i, to := range []*money.Amount{&f.quota, &f.listed, &f.reserved, &f.claimed, &f.approved, &f.paid} {
		if *to, err = r.Amount(tables.FundAmounts()[i]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// deadlineOf returns the deadline of a row of the table funds.
func deadlineOf(r rows.Row[tables.Fund]) (string, error) {
	d, ok, err := query.FundDeadline(r)
	if !ok {
		return "none", err
	}
	return deadlineText(&d), nil
}

// quota explains the quota of a period: how it is calculated, and how much of it each claim uses.
func (t *teller) quota(f *fundID, row *rowOfFund, claims []rowOfFund) error {
	t.fact("quota", row.quota.Trim())
	programme := &t.src.Books.Money.Funds[f.programme]
	if programme.OfPerformance {
		text := fmt.Sprintf("%s of the performance in %s", programme.QuotaRate.Trim(), f.period.Before())
		if programme.HasQuotaMax {
			text += ", at most " + programme.QuotaMax.Trim()
		}
		t.fact("source", text+" (books/funds.yaml)")
	} else {
		t.fact("source", "books/fund_quotas.csv")
		t.story.Agrees = t.src.Books.Money.FundQuota(f.programme, f.partner, f.names[2]) == row.quota
	}
	left := row.quota
	var sum money.AmountTotal
	var steps []string
	for i := range claims {
		c, before := &claims[i], left
		var err error
		if left, err = left.Sub(c.reserved); err != nil {
			return err
		}
		if err := sum.Add(c.reserved); err != nil {
			return err
		}
		steps = append(steps, fmt.Sprintf("claim %s is %s and reserves %s; %s (`tollbook explain claim/%s`)", c.claim,
			c.state, c.reserved.Trim(), change("left", before, left), c.claim))
	}
	all, err := sum.Amount()
	if err != nil {
		return err
	}
	t.fact("reserved", row.reserved.Trim())
	t.fact("left", left.Trim())
	t.fact("paid", row.paid.Trim())
	t.story.Agrees = t.story.Agrees && all == row.reserved
	t.part("left = quota - what its claims reserve; refused and void claims reserve nothing (§9.5)", steps...)
	return nil
}

// list explains the list of a month: its experts, and the events that name the month or its quarter.
func (t *teller) list(f *fundID, row *rowOfFund) error {
	experts, err := account.HeadcountExperts(t.src.Books, f.programme, f.partner, f.period.First)
	if err != nil {
		return err
	}
	programme, digits := &t.src.Books.Money.Funds[f.programme], t.src.Books.PartnerCurrency(f.partner).Digits
	happened, worth, err := t.eventsOfList(f, programme)
	if err != nil {
		return err
	}
	var sum money.AmountTotal
	var steps []string
	for i := range experts {
		x, before := &experts[i], sum
		if err := sum.Add(x.Amount); err != nil {
			return err
		}
		level, _ := programme.Level(x.Level)
		share := ""
		if programme.ByDays {
			share = fmt.Sprintf(" × %d / %d days", x.Days, f.period.First.Days())
		}
		steps = append(steps, fmt.Sprintf("%s, %s, %d days in force: %s = %s%s; sum %s → %s", x.ID, x.Level, x.Days,
			x.Amount.Trim(), level.Trim(), share, before.StringFixed(digits), sum.StringFixed(digits)))
	}
	listed, err := sum.Amount()
	if err != nil {
		return err
	}
	if programme.HasCap && listed.Cmp(programme.Cap) > 0 {
		listed = programme.Cap
		steps = append(steps, "cap: "+listed.Trim())
	}
	if worth != nil && *worth != listed {
		listed = *worth
		t.fact("listed", listed.Trim()+", as it was when the cycle of `apply` was closed")
		steps = append(steps, "the books of today; the list that was applied for was worth "+listed.Trim())
	} else {
		t.fact("listed", fmt.Sprintf("%s for %d heads at %s", row.listed.Trim(), len(experts),
			t.src.Books.Zone.Bounds(f.period.First).To))
	}
	t.story.Agrees = listed == row.listed
	t.part("the list: experts with at least the days that the programme asks for, the most valuable first (§9.4)",
		steps...)
	return t.listEvents(happened, f, row)
}

// eventsOfList returns the events that name a month or its quarter, and the value of the list for which an event of a
// closed cycle applied; nil = there is none.
func (t *teller) eventsOfList(f *fundID, programme *books.Fund) ([]*accept.MoneyEvent, *money.Amount, error) {
	quarter := account.FundPeriodOf(f.period.First, account.Quarter).String()
	happened, err := t.happened("fund_events", func(r rows.Row[tables.PartnerEvent]) bool {
		p := r.Word(tables.PartnerEventPeriod)
		return r.Word(tables.PartnerEventPartnerID) == f.names[0] && r.Word(tables.PartnerEventScope) == programme.ID &&
			(p == f.names[2] || p == quarter)
	})
	if err != nil {
		return nil, nil, err
	}
	kept, err := keptAmounts(t.src.Snap, tables.FactListed)
	for _, e := range happened {
		if worth, is := kept[e.ID]; is && e.Verdict.Accepted() {
			return happened, &worth, err
		}
	}
	return happened, nil, err
}

// listEvents lists the events of a month with the amounts after them.
func (t *teller) listEvents(happened []*accept.MoneyEvent, f *fundID, row *rowOfFund) error {
	quarter := account.FundPeriodOf(f.period.First, account.Quarter).String()
	state := account.FundListed
	var steps []string
	for _, e := range happened {
		t.feed(e)
		text := fmt.Sprintf("%s: %s", step(e), outcome(e))
		kind, err := account.ParseFundKind(e.Type)
		if err != nil {
			return err
		}
		if e.Verdict.Accepted() {
			was := state
			state = afterList(state, kind, e.Period == quarter)
			text = fmt.Sprintf("%s: %s → %s", step(e), was, state)
			if was == state {
				text = fmt.Sprintf("%s: %s; this month stays %s", step(e), outcome(e), state)
			}
			if kind == account.FundApply {
				text += fmt.Sprintf("; %d heads", e.Heads)
			}
		}
		steps = append(steps, text)
	}
	if row.state == account.FundVoid.String() {
		steps = append(steps, fmt.Sprintf("nobody applied by the deadline: %s → %s", state, row.state))
		state = account.FundVoid
	}
	for _, one := range [...]struct {
		name string
		a    money.Amount
	}{{"applied for", row.claimed}, {"approved", row.approved}, {"paid", row.paid}} {
		if !one.a.IsZero() {
			t.fact(one.name, one.a.Trim())
		}
	}
	t.story.Agrees = t.story.Agrees && state.String() == row.state
	t.part("events of the month and of its quarter, in the order in which they take effect (§9.4)", steps...)
	return nil
}

// afterList returns the state of a listed month after a counting event.
func afterList(s account.FundState, kind account.FundKind, ofQuarter bool) account.FundState {
	var next account.FundState
	switch {
	case !ofQuarter:
		next = account.AfterMonth(s, kind)
	case kind == account.FundRequestPayment && s == account.FundListed:
		next = account.FundForgone
	default:
		next = account.AfterQuarter(s, kind)
	}
	if next == account.NoFundState {
		return s
	}
	return next
}

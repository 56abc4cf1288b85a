package partner

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// Stage replays partners' money within a run, after its lines are paid and its partners are settled.
type Stage struct {
	Txn      *lake.SubTxn
	Books    *books.Books
	Settings *settings.Settings
	Book     *settlement.Book
	AsOf     period.Instant
	Events   *accept.EventBook
	Store    *accept.EventStore
	Cycles   []period.Cycle // of the next state, ascending
	Closed   period.Cycle   // the last cycle closed before the run; lake.NoCycle = none
	Closing  period.Cycle   // the cycle that the run closes; lake.NoCycle = none
	// Load loads the events of all feeds except coupons, and those of Events.Ledger; nil = they are loaded. It is set
	// if no event is new.
	Load func() error
	// Decided receives the outcome of each row of the run in Events.Ledger.
	Decided func(accept.EventDecision)
	// SortBytes is the number of bytes of entries that are sorted in memory; 0 = the default of package rows.
	SortBytes int

	issued []account.IssuedCoupon
	payers map[string]payer // of order lines, by line id
}

// Outcome is the result of the replays.
type Outcome struct {
	// Refused are the events of this run that do not count. Turned are events of earlier runs whose verdict changed.
	Refused   []*accept.MoneyEvent
	Turned    []accept.EventTurn
	Overdrawn []string // partners whose cash is below zero
	// CouponUses holds the payments by coupons in coupon_records, by cycle and customer; a cycle without uses has none.
	CouponUses map[period.Cycle]map[string]money.AmountTotal
	Notes      []string
}

// Key is the key of one of the step's tables: one list that belongs to no cycle.
func Key[T any](t tables.Def[T]) lake.FileKey {
	return lake.FileKey{Table: t.Name, Bucket: lake.NoBucket}
}

// Used reports whether a workspace uses the step (PARTNER-2).
func (s *Stage) Used() bool {
	if s.Books.UsesMoney() || s.Settings.KeepsPartnersMoney() {
		return true
	}
	for _, list := range s.Events.Money {
		if len(list) > 0 {
			return true
		}
	}
	if s.Events.Ledger.Fresh() {
		return true
	}
	for _, e := range s.Txn.Next().Find(accept.MoneyKey()) {
		if e.Rows > 0 {
			return true
		}
	}
	return false
}

// Run replays partners' money and stores the tables and the verdicts. It must be called after Issue. From earlier
// replays it reads only the facts of closed cycles and the routes of withdrawals in them (PARTNER-1). Without news it
// replays nothing (PARTNER-7).
func (s *Stage) Run() (*Outcome, error) {
	out := &Outcome{}
	if !s.Used() {
		return out, nil
	}
	r := &round{stage: s, out: out, performances: performances{Stage: s}}
	if s.Settings.Payments == settings.Ledger {
		if err := s.readPayers(); err != nil {
			return nil, fmt.Errorf("read orders that partners paid: %w", err)
		}
	}
	inputs := r.inputs()
	rests, err := r.rests(inputs)
	if err != nil {
		return nil, fmt.Errorf("read facts of partners: %w", err)
	}
	if rests {
		return out, r.rest()
	}
	if err := r.load(); err != nil {
		return nil, err
	}
	if err := r.gather(); err != nil {
		return nil, fmt.Errorf("gather facts of partners: %w", err)
	}
	for _, step := range []func() error{r.coupons, r.funds, r.accounts, r.invoices} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := r.mark(inputs); err != nil {
		return nil, err
	}
	if err := s.Store.StoreMoney(s.Events, r.decideLedger); err != nil {
		return nil, err
	}
	r.compare()
	return out, nil
}

// round is one run of the stage.
type round struct {
	stage    *Stage
	out      *Outcome
	facts    []fact
	frozen   []fact // facts of closed cycles, which are stored
	payments []account.FundPayment
	fundRows []account.FundRow
	refused  map[int64]account.Verdict // on events of the ledger that the replay rejected, by index
	turned   []accept.EventTurn        // of the ledger

	performances performances
}

// closedThrough is the last cycle that is closed after the run (PARTNER-5).
func (s *Stage) closedThrough() period.Cycle { return max(s.Closed, s.Closing) }

// closedBefore reports whether a cycle was closed before the run.
func (s *Stage) closedBefore(c period.Cycle) bool { return s.Closed != lake.NoCycle && c <= s.Closed }

// paysIn reports whether incentives and funds that are paid in open cycles are paid into the account: only payments by
// ledger have accounts (§9.1).
func (s *Stage) paysIn() bool {
	return s.Settings.IncentivePayout && s.Settings.Payments == settings.Ledger
}

// stamp returns the times of an event; it is final if its cycle was closed before the run (PARTNER-3).
func (s *Stage) stamp(e *accept.MoneyEvent) account.Stamp {
	final := s.closedBefore(s.Books.Zone.Cycle(e.Instant))
	return account.Stamp{Time: e.Time, Instant: e.Instant, Final: final, Past: e.Past}
}

// compare lists the events whose verdict changed, by feed and event_id. Those of the ledger are known already.
func (r *round) compare() {
	names := append(slices.Collect(maps.Keys(r.stage.Events.Money)), accept.LedgerFeed)
	slices.Sort(names)
	for _, name := range names {
		if name == accept.LedgerFeed {
			r.out.Turned = append(r.out.Turned, r.turned...)
		}
		for _, e := range r.stage.Events.MoneyEvents(name) {
			switch {
			case e.File >= 0 && !e.Verdict.Accepted():
				r.out.Refused = append(r.out.Refused, e)
			case e.File < 0 && e.Past != e.Verdict:
				r.out.Turned = append(r.out.Turned, turnOf(e))
			}
		}
	}
}

// turnOf returns the change of verdict of an event of an earlier run.
func turnOf(e *accept.MoneyEvent) accept.EventTurn {
	return accept.EventTurn{Feed: e.Feed, From: e.From, Was: !e.Past.Accepted(), Is: !e.Verdict.Accepted(),
		Refusal: e.Refusal()}
}

// gone is the verdict on an event that names something that the books no longer contain.
func gone(column string) account.Verdict {
	return account.Verdict{Why: reason.BadState, Column: column, Value: "none"}
}

// funds replays headcount and marketing funds.
func (r *round) funds() error {
	in := &account.FundInput{Books: r.stage.Books, AsOf: r.stage.AsOf, Performance: r.performances.of}
	if len(r.stage.Cycles) > 0 {
		in.First = r.stage.Cycles[0]
	}
	var list []*accept.MoneyEvent
	closed := r.keptOfFunds()
	for _, e := range r.stage.Events.MoneyEvents("fund_events") {
		it, ok := r.fundEvent(e)
		if kept, is := closed[e.ID]; is {
			it.Kept = &kept
		}
		if !ok {
			e.Verdict = gone("event")
			continue
		}
		list, in.Events = append(list, e), append(in.Events, it)
	}
	out, err := account.ReplayFunds(in)
	if err != nil {
		return fmt.Errorf("replay funds: %w", err)
	}
	for i, v := range out.Verdicts {
		list[i].Verdict = v
	}
	r.payments, r.fundRows = out.Payments, out.Rows
	r.keepFunds(in.Events, out)
	return r.stage.putFunds(out.Rows)
}

// fundEvent converts an event for package account; ok is false if the books no longer contain its partner or programme.
func (r *round) fundEvent(e *accept.MoneyEvent) (it account.FundEvent, ok bool) {
	it = account.FundEvent{
		Stamp:    r.stage.stamp(e),
		ID:       e.ID,
		Partner:  r.stage.Books.Partner(e.Partner),
		Fund:     r.stage.Books.Money.FundNamed(e.Scope),
		Claim:    e.Subject,
		Heads:    e.Heads,
		Amount:   e.Amount,
		Activity: e.Detail,
	}
	var errs [3]error
	it.Kind, errs[0] = account.ParseFundKind(e.Type)
	it.Period, errs[1] = account.ParseFundPeriod(e.Period)
	if e.Note != "" {
		it.Day, errs[2] = period.ParseDay(e.Note)
	}
	return it, it.Partner >= 0 && it.Fund >= 0 && errs == [3]error{}
}

// invoices replays invoices.
func (r *round) invoices() error {
	in := &invoice.Input{Zone: r.stage.Books.Zone, Invoiceable: map[invoice.Key]money.Amount{},
		Closed: func(c period.Cycle) bool { return r.stage.Closed != lake.NoCycle && c <= r.stage.Closed }}
	for i := range r.facts {
		f := &r.facts[i]
		if f.kind != factInvoiceable {
			continue
		}
		key := invoice.Key{Cycle: f.cycle, Issuer: f.partner, Recipient: f.other}
		sum, err := in.Invoiceable[key].Add(f.amount)
		if err != nil {
			return err
		}
		in.Invoiceable[key] = sum
	}
	list := r.stage.Events.MoneyEvents("invoices")
	for _, e := range list {
		it := invoice.Event{Stamp: r.stage.stamp(e), ID: e.ID, Invoice: e.Subject, Number: e.Detail, Amount: e.Amount,
			Key: invoice.Key{Issuer: e.Partner, Recipient: e.Other}}
		var err error
		if it.Kind, err = invoice.ParseKind(e.Type); err != nil {
			return err
		}
		if it.Kind.New() {
			if it.Key.Cycle, err = period.ParseCycle(e.Scope); err != nil {
				return err
			}
		}
		in.Events = append(in.Events, it)
	}
	out, err := invoice.Replay(in)
	if err != nil {
		return fmt.Errorf("replay invoices: %w", err)
	}
	for i, v := range out.Verdicts {
		list[i].Verdict = v
	}
	return r.stage.putInvoices(out.Rows, list)
}

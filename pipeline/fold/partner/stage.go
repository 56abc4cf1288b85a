package partner

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/coupon"
	"github.com/tollbook/tollbook/settlement/fund"
	"github.com/tollbook/tollbook/settlement/invoice"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// Stage replays partners' money within a run, after its lines are paid and its partners settled.
type Stage struct {
	Txn      *lake.SubTxn
	Books    *books.Books
	Settings *settings.Settings
	Book     *settlement.Book
	AsOf     period.Instant
	Events   *events.Book
	Maker    *events.Maker
	Cycles   []period.Cycle            // of the state to come, ascending
	Closed   period.Cycle              // the last cycle closed before the run; place.NoCycle = none
	Closing  period.Cycle              // the cycle that the run closes; place.NoCycle = none
	Gone     func(c period.Cycle) bool // whether a closed cycle's lines are archived
	// Load loads the events of all feeds but coupons; nil = they are loaded. It is set if none of them is new.
	Load func() error

	before map[*events.MoneyEvent]verdict.Verdict // verdicts before the run
	issued []coupon.Issued
}

// Outcome is what the replays decided.
type Outcome struct {
	// Refused are the events of this run that do not count. Turned are events of earlier runs about which the verdict
	// changed.
	Refused   []*events.MoneyEvent
	Turned    []events.Turn
	Overdrawn []string // partners whose cash is below zero
	// CouponUses is what coupon_records say that coupons paid, by cycle; a cycle without uses has none.
	CouponUses map[string]money.AmountTotal
	Notes      []string
}

// Key is the place of one of the step's tables: one list of no cycle.
func Key(t *tables.Table) lake.FileKey { return lake.FileKey{Table: t.Name, Bucket: lake.NoBucket} }

// Used reports whether a workspace uses the step (PARTNER-2).
func (s *Stage) Used() bool {
	if (s.Books.UsesMoney() || s.Settings.IncentivePayout) && !s.Books.Mixed {
		return true
	}
	for _, list := range s.Events.Money {
		if len(list) > 0 {
			return true
		}
	}
	for _, e := range s.Txn.Next().Find(events.MoneyKey()) {
		if e.Rows > 0 {
			return true
		}
	}
	return false
}

// Run replays, and stores the tables and the verdicts. It comes after Issue. It reads no table of an earlier replay but
// the facts of closed cycles (PARTNER-1). It replays nothing if there is no news (PARTNER-7).
func (s *Stage) Run() (*Outcome, error) {
	out := &Outcome{}
	if !s.Used() {
		return out, nil
	}
	if s.Books.Mixed {
		return nil, errors.New("the lake has events of partners' money, which are not supported with customers or " +
			"partners of several currencies")
	}
	r := &round{Stage: s, out: out}
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
	r.compare()
	if err := r.mark(inputs); err != nil {
		return nil, err
	}
	return out, s.Maker.StoreMoney(s.Events)
}

// round is one run of the stage.
type round struct {
	*Stage
	out      *Outcome
	facts    []fact
	frozen   []fact // those of closed cycles, which are stored
	payments []fund.Payment
	fundRows []fund.Row

	performances map[period.Cycle]map[int32]money.Amount
}

// closedThrough is the last cycle that is closed after the run (PARTNER-5).
func (r *round) closedThrough() period.Cycle { return max(r.Closed, r.Closing) }

// stamp places an event in time; it is final if its cycle was closed before the run (PARTNER-3).
func (s *Stage) stamp(e *events.MoneyEvent) verdict.Stamp {
	final := s.Closed != place.NoCycle && s.Books.Zone.Cycle(e.Instant) <= s.Closed
	return verdict.Stamp{Time: e.Time, Instant: e.Instant, Final: final, Past: e.Verdict}
}

// compare lists the events whose verdict is another than before.
func (r *round) compare() {
	for _, name := range slices.Sorted(maps.Keys(r.Events.Money)) {
		for _, e := range r.Events.MoneyEvents(name) {
			was := r.before[e]
			switch {
			case e.File >= 0 && !e.Verdict.Accepted():
				r.out.Refused = append(r.out.Refused, e)
			case e.File < 0 && was != e.Verdict:
				r.out.Turned = append(
					r.out.Turned,
					events.Turn{
						Feed:    name,
						From:    e.From,
						Was:     !was.Accepted(),
						Is:      !e.Verdict.Accepted(),
						Refusal: e.Refusal(),
					},
				)
			}
		}
	}
}

// gone is the verdict over an event of whom the books no longer know something.
func gone(column string) verdict.Verdict {
	return verdict.Verdict{Why: reason.BadState, Column: column, Value: "none"}
}

// funds replays headcount and marketing funds.
func (r *round) funds() error {
	in := &fund.Input{Books: r.Books, AsOf: r.AsOf, Performance: r.performance}
	if len(r.Cycles) > 0 {
		in.First = r.Cycles[0]
	}
	var list []*events.MoneyEvent
	for _, e := range r.Events.MoneyEvents("fund_events") {
		it, ok := r.fundEvent(e)
		if !ok {
			e.Verdict = gone("event")
			continue
		}
		list, in.Events = append(list, e), append(in.Events, it)
	}
	out, err := fund.Replay(in)
	if err != nil {
		return fmt.Errorf("replay funds: %w", err)
	}
	for i, v := range out.Verdicts {
		list[i].Verdict = v
	}
	r.payments, r.fundRows = out.Payments, out.Rows
	return r.putFunds(out.Rows)
}

// fundEvent is an event as package fund takes it; ok is false when the books no longer have its partner or programme.
func (r *round) fundEvent(e *events.MoneyEvent) (it fund.Event, ok bool) {
	it = fund.Event{
		Stamp:    r.stamp(e),
		ID:       e.ID,
		Partner:  r.Books.Partner(e.Partner),
		Fund:     r.Books.Money.FundNamed(e.Scope),
		Claim:    e.Subject,
		Heads:    e.Heads,
		Amount:   e.Amount,
		Activity: e.Detail,
	}
	var errs [3]error
	it.Kind, errs[0] = fund.ParseKind(e.Type)
	it.Period, errs[1] = fund.ParsePeriod(e.Period)
	if e.Note != "" {
		it.Day, errs[2] = period.ParseDay(e.Note)
	}
	return it, it.Partner >= 0 && it.Fund >= 0 && errs == [3]error{}
}

// accounts replays partners' accounts and withdrawals.
func (r *round) accounts() error {
	receivables, err := r.receivables()
	if err != nil {
		return err
	}
	in := &account.Input{Zone: r.Books.Zone}
	var list []*events.MoneyEvent
	add := func(e *events.MoneyEvent, it account.Entry, ok bool) {
		if !ok {
			e.Verdict = gone(columnOfType(e.Feed))
			return
		}
		list, in.Entries = append(list, e), append(in.Entries, it)
	}
	for _, e := range r.Events.MoneyEvents("partner_accounts") {
		it, ok := r.accountEntry(e, receivables)
		add(e, it, ok)
	}
	for _, e := range r.Events.MoneyEvents("withdrawals") {
		it, ok := r.withdrawalEntry(e)
		add(e, it, ok)
	}
	facts, err := r.factEntries()
	if err != nil {
		return err
	}
	in.Entries = append(in.Entries, facts...)
	out, err := account.Replay(in)
	if err != nil {
		return fmt.Errorf("replay partners' accounts: %w", err)
	}
	for i, e := range list {
		e.Verdict = out.Verdicts[i]
	}
	for partner := range r.Books.Partners {
		if out.Balances[int32(partner)][account.Cash].Sign() < 0 {
			r.out.Overdrawn = append(r.out.Overdrawn, r.Books.Partners[partner].ID)
		}
	}
	if err := r.putAccounts(in.Entries, out.Postings); err != nil {
		return err
	}
	if err := r.putWithdrawals(out.Withdrawals); err != nil {
		return err
	}
	return r.putReceivables(receivables)
}

// columnOfType is the column of a feed that says what happens.
func columnOfType(feedName string) string {
	if feedName == "partner_accounts" {
		return "type"
	}
	return "event"
}

type receivableKey struct {
	partner int32
	cycle   period.Cycle
}

// receivables is what partners owe for closed cycles, before anything is paid.
func (r *round) receivables() (map[receivableKey]*account.Receivable, error) {
	all := map[receivableKey]*account.Receivable{}
	for i := range r.facts {
		f := &r.facts[i]
		if f.kind != factOwed && f.kind != factCollected {
			continue
		}
		key := receivableKey{r.Books.Partner(f.partner), f.cycle}
		if key.partner < 0 {
			return nil, &events.GoneError{Book: "partners.csv", What: "partner", ID: f.partner}
		}
		one := all[key]
		if one == nil {
			one = &account.Receivable{Partner: key.partner, Cycle: key.cycle, SetOff: r.Settings.Receivables.SetOff}
			all[key] = one
		}
		to := &one.Amount
		if f.kind == factCollected {
			to = &one.Collected
		}
		var err error
		if *to, err = to.Add(f.amount); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// accountEntry is an event of partner_accounts as package account takes it.
func (r *round) accountEntry(
	e *events.MoneyEvent,
	receivables map[receivableKey]*account.Receivable,
) (it account.Entry, ok bool) {
	it = account.Entry{
		Stamp:   r.stamp(e),
		ID:      e.ID,
		Partner: r.Books.Partner(e.Partner),
		To:      -1,
		Amount:  e.Amount,
		Channel: e.Detail,
	}
	it.Type, ok = account.ParseType(e.Type)
	switch it.Type {
	case account.Allocate, account.Reclaim:
		it.To, it.Other, it.From = r.Books.Partner(e.Other), e.Other, e.Partner
		ok = ok && it.To >= 0
	case account.StatementPayment:
		var err error
		if it.Cycle, err = period.ParseCycle(e.Scope); err != nil {
			return it, false
		}
		if it.Cycle <= r.Closed && r.Closed != place.NoCycle {
			key := receivableKey{it.Partner, it.Cycle}
			if receivables[key] == nil {
				receivables[key] = &account.Receivable{
					Partner: it.Partner,
					Cycle:   it.Cycle,
					SetOff:  r.Settings.Receivables.SetOff,
				}
			}
			it.Unpaid = receivables[key]
		}
	}
	return it, ok && it.Partner >= 0
}

// withdrawalEntry is an event of withdrawals as package account takes it.
func (r *round) withdrawalEntry(e *events.MoneyEvent) (it account.Entry, ok bool) {
	it = account.Entry{
		Stamp:      r.stamp(e),
		ID:         e.ID,
		Partner:    r.Books.Partner(e.Partner),
		To:         -1,
		Amount:     e.Amount,
		Withdrawal: e.Subject,
		Rebate:     e.Detail == "rebate",
	}
	it.Type, ok = account.ParseWithdrawal(e.Type)
	if it.Partner < 0 {
		return it, false
	}
	entity := "default"
	if row, there := r.Books.PartnerRowAt(it.Partner, e.Time); there && row.SigningEntity != "" {
		entity = row.SigningEntity
	}
	it.Windows = r.Settings.Withdrawal.OriginalRoute.Of(entity)
	return it, ok
}

// factEntries are the entries that other facts make: customers' allocations, order lines, and payments of incentives
// and funds.
func (r *round) factEntries() ([]account.Entry, error) {
	if r.Settings.Payments != settings.Ledger {
		return nil, nil
	}
	var list []account.Entry
	for i := range r.facts {
		f := &r.facts[i]
		kind, is := entryTypes[f.kind]
		if !is {
			continue
		}
		it := account.Entry{
			Stamp:   verdict.Stamp{Time: f.time, Instant: f.instant},
			ID:      f.id,
			Type:    kind,
			Fact:    true,
			Place:   f.place,
			Partner: r.Books.Partner(f.partner),
			To:      -1,
			Other:   f.other,
			Amount:  f.amount,
		}
		if it.Partner < 0 {
			return nil, &events.GoneError{Book: "partners.csv", What: "partner", ID: f.partner}
		}
		list = append(list, it)
	}
	if !r.Settings.IncentivePayout {
		return list, nil
	}
	for i := range r.payments {
		p := &r.payments[i]
		list = append(
			list,
			account.Entry{
				Stamp:   verdict.Stamp{Time: p.Time, Instant: p.Instant},
				ID:      p.EventID,
				Type:    account.Fund,
				Fact:    true,
				Partner: p.Partner,
				To:      -1,
				Amount:  p.Amount,
			},
		)
	}
	paid, err := r.incentivesPaid()
	return append(list, paid...), err
}

// invoices replays invoices.
func (r *round) invoices() error {
	in := &invoice.Input{Zone: r.Books.Zone, Invoiceable: map[invoice.Key]money.Amount{},
		Closed: func(c period.Cycle) bool { return r.Closed != place.NoCycle && c <= r.Closed }}
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
	list := r.Events.MoneyEvents("invoices")
	for _, e := range list {
		it := invoice.Event{Stamp: r.stamp(e), ID: e.ID, Invoice: e.Subject, Number: e.Detail, Amount: e.Amount,
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
	return r.putInvoices(out.Rows, list)
}

package accept

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// MoneyWords are settings that rows about partners' money need.
type MoneyWords struct {
	Vendor  string // the vendor's id
	Content string // default of an invoice's content
}

// use says whether an event uses a column.
type use uint8

const (
	unused use = iota
	optional
	needed
)

// form defines how the rows of a feed become events.
type form struct {
	spec  *feed.Spec
	kind  string // the column with the type
	uses  func(in *EventIntake, e *MoneyEvent, column string) use
	field map[string]func(e *MoneyEvent) *string // by column: the text field that stores it
	words func(in *EventIntake, e *MoneyEvent) *failure
	check func(in *EventIntake, e *MoneyEvent) *failure // after the time was checked; nil = none
	done  func(in *EventIntake, e *MoneyEvent)          // fills in defaults
}

// invoiceFeed is the feed of §9.7.
const invoiceFeed = "invoices"

// formOf returns the form of a feed about partners' money; nil for other feeds.
func formOf(name string) *form {
	switch name {
	case "coupons":
		return couponForm()
	case "partner_accounts":
		return accountForm()
	case "fund_events":
		return fundForm()
	case "withdrawals":
		return withdrawalForm()
	case invoiceFeed:
		return invoiceForm()
	}
	return nil
}

// IsMoney reports whether a feed is one about partners' money (§9).
func IsMoney(name string) bool { return formOf(name) != nil }

// cells gives access to a row of a feed by column.
type cells interface {
	text(column string) string
	amount(column string) (money.Amount, *failure)
	time(column string) (period.Instant, *failure)
	whole(column string) (int64, *failure)
}

// sound is a row without a fault.
type sound struct {
	v *view
	i int
}

func (c sound) text(column string) string { return c.v.text(column, c.i) }

func (c sound) amount(column string) (money.Amount, *failure) {
	a, ok := c.v.amount(column, c.i)
	return a, missing(column, ok)
}

func (c sound) time(column string) (period.Instant, *failure) {
	t, ok := c.v.time(column, c.i)
	return t, missing(column, ok)
}

func (c sound) whole(column string) (int64, *failure) {
	n, ok := c.v.whole(column, c.i)
	return n, missing(column, ok)
}

func missing(column string, there bool) *failure {
	if there {
		return nil
	}
	return &failure{column, reason.MissingValue, ""}
}

// faulty is a row with a column that the reader could not parse. The event may not use this column.
type faulty map[string]string

func (c faulty) text(column string) string { return c[column] }

func (c faulty) amount(column string) (money.Amount, *failure) {
	a, err := money.ParseAmount(c[column])
	var wrong *money.ParseError
	if !errors.As(err, &wrong) {
		if a.Sign() < 0 {
			return a, &failure{column, reason.BadDecimal, c[column]}
		}
		return a, nil
	}
	why, _ := reason.Parse(wrong.Kind.String())
	if _, decimals, _ := strings.Cut(c[column], "."); why == reason.OutOfRange && strings.Trim(decimals, "0") != "" {
		why = reason.BadDecimal
	}
	return a, &failure{column, why, c[column]}
}

func (c faulty) time(column string) (period.Instant, *failure) {
	if c[column] == "" {
		return 0, missing(column, false)
	}
	t, err := period.ParseInstant(c[column])
	if err != nil {
		return 0, &failure{column, reason.BadTime, c[column]}
	}
	return t, nil
}

func (c faulty) whole(column string) (int64, *failure) {
	if c[column] == "" {
		return 0, missing(column, false)
	}
	n, ok := feed.ParseWhole(c[column])
	if !ok {
		return 0, &failure{column, reason.BadDecimal, c[column]}
	}
	return n, nil
}

// moneyRow reads a row without a fault.
func (in *EventIntake) moneyRow(f *form) func(v *view, i int, file int32) (string, *failure) {
	return func(v *view, i int, file int32) (string, *failure) {
		e := &MoneyEvent{Feed: f.spec.Name, AsOf: in.AsOf, File: file, Row: v.batch.First + int64(i)}
		if bad := in.fillMoney(f, e, sound{v, i}); bad != nil {
			return e.ID, bad
		}
		e.From.Raw = string(v.batch.Raw(nil, i))
		in.keepMoney(e)
		return e.ID, nil
	}
}

func (in *EventIntake) keepMoney(e *MoneyEvent) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if e.Feed == LedgerFeed {
		in.ledger.add(e)
		return
	}
	in.money = append(in.money, e)
}

// fillMoney reads and checks a row: words first, then column by column, then the time (§3.20).
func (in *EventIntake) fillMoney(f *form, e *MoneyEvent, c cells) *failure {
	e.ID, e.Type = c.text("event_id"), c.text(f.kind)
	for i := range f.spec.Columns {
		column := f.spec.Columns[i].Name
		if to := f.field[column]; to != nil {
			*to(e) = c.text(column)
		}
	}
	var bad *failure
	if e.Time, bad = c.time("time"); bad != nil {
		e.Time = period.Past
	}
	if bad := f.words(in, e); bad != nil {
		return bad
	}
	for i := range f.spec.Columns {
		if bad := in.fillColumn(f, e, c, &f.spec.Columns[i]); bad != nil {
			return bad
		}
	}
	if e.Time > in.Latest {
		return &failure{"time", reason.Future, e.Time.String()}
	}
	if f.check != nil {
		if bad := f.check(in, e); bad != nil {
			return bad
		}
	}
	if f.done != nil {
		f.done(in, e)
	}
	return nil
}

// fillColumn reads and checks a column of an event.
func (in *EventIntake) fillColumn(f *form, e *MoneyEvent, c cells, column *feed.SpecColumn) (bad *failure) {
	how := needed
	if !column.Required {
		how = f.uses(in, e, column.Name)
	}
	to := f.field[column.Name]
	switch {
	case how == unused && to != nil:
		*to(e) = ""
		return nil
	case how == unused:
		return nil
	}
	switch column.Kind {
	case feed.TimeColumn:
		e.Time, bad = c.time(column.Name)
	case feed.AmountColumn:
		if e.Amount, bad = c.amount(column.Name); bad == nil {
			bad = in.checks().badAmount(e)
		}
	case feed.WholeColumn:
		if e.Heads, bad = c.whole(column.Name); bad == nil && e.Heads < 1 {
			bad = &failure{column.Name, reason.OutOfRange, strconv.FormatInt(e.Heads, 10)}
		}
	default:
		if how == needed && c.text(column.Name) == "" {
			bad = missing(column.Name, false)
		}
		if bad == nil && column.Name == "cycle" {
			bad = badCycle(e.Scope)
		}
		if bad == nil && column.Name == "activity_date" {
			if _, err := period.ParseDay(e.Note); err != nil {
				bad = &failure{column.Name, reason.BadTime, e.Note}
			}
		}
	}
	return bad
}

// badAmount returns the failure of an amount with too many digits for the currency, or of a 0 other than a credit limit
// (§9).
func (k checks) badAmount(e *MoneyEvent) *failure {
	switch {
	case finer(e.Amount, k.currencyOf(e).Digits):
		return &failure{"amount", reason.BadDecimal, e.Amount.Trim()}
	case e.Amount.IsZero() && e.Type != CreditLimit:
		return &failure{"amount", reason.OutOfRange, e.Amount.Trim()}
	}
	return nil
}

// currencyOf returns the currency of an event's amount: the partner's; for an invoice the recipient's (§10.7).
func (k checks) currencyOf(e *MoneyEvent) money.Currency {
	id := e.Partner
	if e.Feed == invoiceFeed {
		id = e.Other
	}
	if partner := k.books.Partner(id); partner >= 0 {
		return k.books.PartnerCurrency(partner)
	}
	return k.books.CustomerCurrencyOf(id)
}

// faultyMoney reads a row with a fault. The fault is ignored if the event does not use the column.
func (in *EventIntake) faultyMoney(
	f *form,
	b *feed.Batch,
	file int32,
	texts map[string]string,
	fault *feed.Fault,
) (string, *failure) {
	e := &MoneyEvent{Feed: f.spec.Name, AsOf: in.AsOf, File: file, Row: b.First + int64(fault.Index)}
	if fault.Column == "" || fault.Reason == reason.BadRow {
		return texts["event_id"], &failure{fault.Column, fault.Reason, fault.Value}
	}
	if bad := in.fillMoney(f, e, faulty(texts)); bad != nil {
		return e.ID, bad
	}
	e.From.Raw = string(b.Raw(nil, fault.Index))
	in.keepMoney(e)
	return e.ID, nil
}

// decideMoney decides the events about partners' money by identity and adds the accepted ones to the book. A replay
// decides later whether they fit; until then they count as accepted.
func (b *EventBook) decideMoney(in *EventIntake, t *EventTerms) (out []EventDecision) {
	byFeed := map[string][]*MoneyEvent{}
	for _, e := range in.money {
		byFeed[e.Feed] = append(byFeed[e.Feed], e)
	}
	b.Ledger = &PartnerLedger{fresh: &in.ledger, terms: t}
	for _, spec := range feed.PartnerMoneySpecs() {
		if spec.Name == LedgerFeed {
			continue // PartnerLedger.Each decides them
		}
		known := b.Money[spec.Name]
		if known == nil {
			known = map[string]*MoneyEvent{}
			b.Money[spec.Name] = known
		}
		decided, sound := decideIdentities(byIdentity(byFeed[spec.Name], t.Drop), known, "event_id")
		out = append(out, decided...)
		for _, g := range sound {
			e := g[0]
			raw := e.From.Raw
			e.From = t.Source(e.File, e.Row)
			e.From.Raw = raw
			e.Instant = EffectOf(t.Zone, t.BilledIn(e.Time), e.Time, e.AsOf)
			known[e.ID] = e
			out = append(out, acceptFirst(g)...)
		}
	}
	return out
}

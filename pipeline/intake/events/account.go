package events

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// The types of account events (§3.16).
const (
	Recharge    = "recharge"
	Allocate    = "allocate"
	Reclaim     = "reclaim"
	Withdraw    = "withdraw"
	CreditLimit = "credit_limit"
)

// The balance types of account events (§3.16).
const (
	Cash        = "cash"
	StoredValue = "stored_value"
	FlexiCoupon = "flexi_coupon"
	Credit      = "credit"
)

// Source is where a record came from: all that a reject keeps of it.
type Source struct {
	File   string // below inbox/
	Hash   string
	Row    int64
	Header string // what must precede Raw to read it again
	Raw    string
}

// AccountEvent is one row of the accounts feed that passed acceptance (§3.16).
type AccountEvent struct {
	ID            string
	Customer      int32
	Time          period.Instant // as given
	Type, Balance string
	Amount        money.Amount // > 0; of CreditLimit the new limit, ≥ 0

	Instant period.Instant // when it takes effect (EV-6)
	Cycle   period.Cycle   // that holds Instant
	AsOf    period.Instant // clock of the run that accepted it
	Refused bool           // by the last replay of its cycle: it counts as rejected (EV-7)
	From    Source         // of a Reclaim or Withdraw; the others are never refused
	File    int32          // of the run; −1 = accepted by an earlier one
	Row     int64
}

// Takes reports whether the event takes from a balance, so that a replay may refuse it (§6.3).
func (e *AccountEvent) Takes() bool { return e.Type == Reclaim || e.Type == Withdraw }

// Before is the order of account events of one customer (§6.3): by instant, then their own time, then event_id
// bytewise. The own times differ only among events that take effect late.
func (e *AccountEvent) Before(f *AccountEvent) int {
	return cmp.Or(cmp.Compare(e.Instant, f.Instant), cmp.Compare(e.Time, f.Time), strings.Compare(e.ID, f.ID))
}

// same reports whether two rows have the same content (§3.20).
func (e *AccountEvent) same(f *AccountEvent) bool {
	return e.ID == f.ID && e.Customer == f.Customer && e.Time == f.Time && e.Type == f.Type && e.Balance == f.Balance &&
		e.Amount == f.Amount
}

// badAccountWord is a word of an account event that is not in its list, or two that do not go together (§3.20).
func badAccountWord(kind, balance string) *failure {
	if kind != "" && !slices.Contains([]string{Recharge, Allocate, Reclaim, Withdraw, CreditLimit}, kind) {
		return &failure{"type", reason.BadRow, kind}
	}
	if balance != "" && !slices.Contains([]string{Cash, StoredValue, FlexiCoupon, Credit}, balance) {
		return &failure{"balance_type", reason.BadRow, balance}
	}
	takes := kind == Reclaim || kind == Withdraw
	if kind != "" && balance != "" && (balance == Credit && takes || balance != Credit && kind == CreditLimit) {
		return &failure{"balance_type", reason.BadRow, balance}
	}
	return nil
}

// badMoney is an amount with more digits than the currency has, or a 0 that is not a credit limit (§3.16).
func badMoney(e *AccountEvent, digits int) *failure {
	switch {
	case finer(e.Amount, digits):
		return &failure{"amount", reason.BadDecimal, e.Amount.Trim()}
	case e.Amount.IsZero() && e.Type != CreditLimit:
		return &failure{"amount", reason.OutOfRange, e.Amount.Trim()}
	}
	return nil
}

// account reads and checks row i of the accounts feed, and keeps it if it passes.
func (in *Intake) account(v *view, i int, file int32) (id string, bad *failure) {
	e := &AccountEvent{ID: v.text("event_id", i), Type: v.text("type", i), Balance: v.text("balance_type", i),
		AsOf: in.AsOf, File: file, Row: v.batch.First + int64(i)}
	e.Amount, _ = v.amount("amount", i)
	if bad := badAccountWord(e.Type, e.Balance); bad != nil {
		return e.ID, bad
	}
	if bad := badMoney(e, in.Books.CustomerCurrencyOf(v.text("customer_id", i)).Digits); bad != nil {
		return e.ID, bad
	}
	if e.Time, _ = v.time("time", i); e.Time > in.Latest {
		return e.ID, &failure{"time", reason.Future, e.Time.String()}
	}
	if bad := in.checks().checkCustomer(v.text("customer_id", i), e.Time, &e.Customer); bad != nil {
		return e.ID, bad
	}
	if in.checks().crossesCurrencies(e) {
		return e.ID, &failure{"type", reason.BadRow, e.Type}
	}
	if e.Takes() {
		e.From.Raw = string(v.batch.Raw(nil, i))
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.accounts = append(in.accounts, e)
	return e.ID, nil
}

// crossesCurrencies reports whether an event moves money between a customer and its reseller (§9.1) that have different
// currencies (§10.7).
func (k checks) crossesCurrencies(e *AccountEvent) bool {
	if !k.books.Mixed || e.Balance != Cash || e.Type != Allocate && e.Type != Reclaim {
		return false
	}
	a, ok := k.books.Associations.At(e.Customer, e.Time)
	return ok && a.Type == books.Resale &&
		k.books.Partners[a.Partner].Currency != k.books.Customers[e.Customer].Currency
}

// takeEffect puts the event into the cycle it is billed in: its own, or the earliest that was open when it came (EV-6).
func (e *AccountEvent) takeEffect(zone *period.Zone, billed period.Cycle) {
	e.Cycle, e.Instant = billed, e.Time
	if bounds := zone.Bounds(billed); !bounds.Holds(e.Time) {
		e.Instant = min(max(e.AsOf, bounds.From), bounds.To-1)
	}
}

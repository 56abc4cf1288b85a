package accept

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/reason"
)

// badAccountWord returns the failure of a word that is not in its list, or of two that cannot be combined (§3.20).
func badAccountWord(kind, balance string) *failure {
	if kind != "" && !slices.Contains([]string{Recharge, Allocate, Reclaim, Withdraw,
		CreditLimit}, kind) {
		return &failure{"type", reason.BadRow, kind}
	}
	if balance != "" && !slices.Contains([]string{Cash, StoredValue, FlexiCoupon, Credit},
		balance) {
		return &failure{"balance_type", reason.BadRow, balance}
	}
	takes := kind == Reclaim || kind == Withdraw
	if kind != "" && balance != "" && (balance == Credit && takes ||
		balance != Credit && kind == CreditLimit) {
		return &failure{"balance_type", reason.BadRow, balance}
	}
	return nil
}

// badMoney returns the failure of an amount with too many digits for the currency, or of a 0 other than a credit limit
// (§3.16).
func badMoney(e *Account, digits int) *failure {
	switch {
	case finer(e.Amount, digits):
		return &failure{"amount", reason.BadDecimal, e.Amount.Trim()}
	case e.Amount.IsZero() && e.Type != CreditLimit:
		return &failure{"amount", reason.OutOfRange, e.Amount.Trim()}
	}
	return nil
}

// account reads and checks row i of the accounts feed, and keeps it if it passes.
func (in *EventIntake) account(v *view, i int, file int32) (id string, bad *failure) {
	e := &Account{ID: v.text("event_id", i), Type: v.text("type", i), Balance: v.text("balance_type", i),
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
	bad = in.checks().checkCustomer(v.text("customer_id", i), e.Time, &e.Customer)
	if bad != nil && bad.why != reason.ClosedAccount { // money moves after the customer's end too (§3.22)
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

// crossesCurrencies reports whether an event moves money between a customer and its current or last reseller (§9.1)
// that have different currencies (§10.7).
func (k checks) crossesCurrencies(e *Account) bool {
	if !k.books.Mixed || e.Balance != Cash || e.Type != Allocate && e.Type != Reclaim {
		return false
	}
	partner, ok := k.books.Associations.Reseller(e.Customer, e.Time, e.Type == Reclaim)
	return ok && k.books.Partners[partner].Currency != k.books.Customers[e.Customer].Currency
}

package account

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// account holds a partner's balances between entries.
type account struct {
	balance     [balances]money.Amount // Credit = what is left of the limit
	limit, used money.Amount
	layers      layers
	withdrawals []*Withdrawal // undecided ones
}

// Replay is the state of partners' accounts between entries. Partners that no entry or withdrawal_id connects can have
// separate replays.
type Replay struct {
	zone        *period.Zone
	accounts    map[int32]*account
	withdrawals map[string]*Withdrawal
	postings    []Posting // of the last entry
	last        order     // of the last entry
}

// NewReplay returns accounts without entries.
func NewReplay(zone *period.Zone) *Replay {
	return &Replay{zone: zone, accounts: map[int32]*account{}, withdrawals: map[string]*Withdrawal{}}
}

// Next decides an entry, and applies it if it counts. Entries must come in the order of Compare (ACCT-1). The postings
// are valid until the next call.
func (r *Replay) Next(e *Entry) (Verdict, []Posting, error) {
	at := e.order()
	if begun := r.last.id != ""; begun && r.last.compare(at) > 0 {
		return Verdict{}, nil, fmt.Errorf("partner account entry %s comes after %s", e.ID, r.last.id)
	}
	r.last, r.postings = at, r.postings[:0]
	v, err := r.decide(e)
	if err != nil {
		return v, nil, fmt.Errorf("partner account entry %s: %w", e.ID, err)
	}
	return v, r.postings, nil
}

// Balances returns the balances of all partners with entries.
func (r *Replay) Balances() map[int32][4]money.Amount {
	out := make(map[int32][4]money.Amount, len(r.accounts))
	for partner, a := range r.accounts {
		out[partner] = a.balance
	}
	return out
}

func (r *Replay) account(partner int32) *account {
	a := r.accounts[partner]
	if a == nil {
		a = &account{}
		r.accounts[partner] = a
	}
	return a
}

// decide returns the verdict on an entry, and applies the entry if it counts.
func (r *Replay) decide(e *Entry) (v Verdict, err error) {
	switch {
	case e.Final:
		v = e.Past
	case !e.Fact:
		v, err = r.check(e)
	}
	if err != nil || !v.Accepted() {
		return v, err
	}
	return v, r.apply(e)
}

// check returns the verdict on an event.
func (r *Replay) check(e *Entry) (Verdict, error) {
	a := r.account(e.Partner)
	var has money.Amount
	switch e.Type {
	case Recharge, CreditLimit:
		return Verdict{}, nil
	case Allocate:
		has = a.balance[Cash]
	case Reclaim:
		has = r.account(e.To).balance[Cash]
	case ConvertRebate:
		has = a.balance[Rebate]
	case StatementPayment:
		return r.checkPayment(a, e)
	default:
		return r.checkWithdrawal(e), nil
	}
	if e.Amount.Cmp(has) > 0 {
		return InsufficientBalance(e.Amount), nil
	}
	return Verdict{}, nil
}

// checkPayment returns the verdict on the payment of a statement.
func (r *Replay) checkPayment(a *account, e *Entry) (Verdict, error) {
	if e.Unpaid == nil {
		return BadState("type", "open"), nil
	}
	unpaid, err := e.Unpaid.Unpaid()
	if err != nil {
		return Verdict{}, err
	}
	if e.Amount.Cmp(unpaid) > 0 {
		return AboveInvoiced(e.Amount), nil
	}
	has, err := most(a.balance[Cash], money.Amount{}).Add(a.balance[Credit])
	if err != nil {
		return Verdict{}, err
	}
	if e.Amount.Cmp(has) > 0 {
		return InsufficientBalance(e.Amount), nil
	}
	return Verdict{}, nil
}

// apply applies a counting entry.
func (r *Replay) apply(e *Entry) error {
	a := r.account(e.Partner)
	switch e.Type {
	case CreditLimit:
		return r.setLimit(a, e)
	case Recharge:
		return r.recharge(a, e)
	case Incentive, Fund:
		return r.post(a, e, Rebate, e.Amount)
	case ConvertRebate:
		if err := r.bring(a, e, e.Amount); err != nil {
			return err
		}
		return r.post(a, e, Rebate, e.Amount.Neg())
	case Allocate, Reclaim:
		return r.allocate(a, e)
	case Order, Refund:
		if e.Amount.Sign() < 0 {
			return r.pay(a, e, e.Amount.Neg())
		}
		return r.bring(a, e, e.Amount)
	case StatementPayment:
		return r.payStatement(a, e)
	default:
		return r.applyWithdrawal(e)
	}
}

// post changes a balance and adds a posting, unless the change is 0.
func (r *Replay) post(a *account, e *Entry, b Balance, change money.Amount) (err error) {
	return r.postFor(a, party{e.Partner, e.Other}, b, change)
}

// party is the partner whose balance a posting changes, and the counterparty.
type party struct {
	partner int32
	other   string
}

func (r *Replay) postFor(a *account, who party, b Balance, change money.Amount) (err error) {
	if change.IsZero() {
		return nil
	}
	if a.balance[b], err = a.balance[b].Add(change); err != nil {
		return err
	}
	r.postings = append(r.postings, Posting{who.partner, who.other, b, change, a.balance[b]})
	return nil
}

// bring adds to cash; a positive rest is a new layer.
func (r *Replay) bring(a *account, e *Entry, amount money.Amount) error {
	if err := a.layer(e, amount, ""); err != nil {
		return err
	}
	return r.post(a, e, Cash, amount)
}

// layer adds the layer for an amount that is added to cash. It must be called before the posting.
func (a *account) layer(e *Entry, amount money.Amount, channel string) error {
	after, err := a.balance[Cash].Add(amount)
	if err != nil {
		return err
	}
	above := least(after, amount)
	if above.Sign() > 0 {
		a.layers.add(layer{id: e.ID, channel: channel, time: e.Time, left: above})
	}
	return nil
}

// pay takes from cash, which a fact can make negative.
func (r *Replay) pay(a *account, e *Entry, amount money.Amount) error {
	if err := a.layers.spend(amount); err != nil {
		return err
	}
	return r.post(a, e, Cash, amount.Neg())
}

// setLimit sets the credit limit; if more is used, no credit is left.
func (r *Replay) setLimit(a *account, e *Entry) error {
	a.limit = e.Amount
	change, err := a.creditChange()
	if err != nil {
		return err
	}
	return r.post(a, e, Credit, change)
}

// creditChange returns the difference between the credit that is left and the credit balance.
func (a *account) creditChange() (money.Amount, error) {
	left, err := a.limit.Sub(a.used)
	if err != nil {
		return left, err
	}
	return most(left, money.Amount{}).Sub(a.balance[Credit])
}

// recharge first covers negative cash, then repays credit, and adds the rest to cash.
func (r *Replay) recharge(a *account, e *Entry) error {
	return r.rechargeFor(a, e, party{e.Partner, e.Other})
}

func (r *Replay) rechargeFor(a *account, e *Entry, who party) error {
	hole := least(e.Amount, most(a.balance[Cash].Neg(), money.Amount{}))
	rest, err := e.Amount.Sub(hole)
	if err != nil {
		return err
	}
	back := least(rest, a.used)
	cash, err := e.Amount.Sub(back)
	if err != nil {
		return err
	}
	if a.used, err = a.used.Sub(back); err != nil {
		return err
	}
	if err := a.layer(e, cash, e.Channel); err != nil {
		return err
	}
	if err := r.postFor(a, who, Cash, cash); err != nil {
		return err
	}
	change, err := a.creditChange()
	if err != nil {
		return err
	}
	return r.postFor(a, who, Credit, change)
}

// allocate moves cash between partners, or between a partner and its customer.
func (r *Replay) allocate(a *account, e *Entry) error {
	switch {
	case e.To < 0 && e.Type == Allocate:
		return r.pay(a, e, e.Amount)
	case e.To < 0:
		return r.bring(a, e, e.Amount)
	}
	to := r.account(e.To)
	if e.Type == Allocate {
		if err := r.pay(a, e, e.Amount); err != nil {
			return err
		}
		return r.rechargeFor(to, e, party{e.To, e.From})
	}
	if err := to.layers.spend(e.Amount); err != nil {
		return err
	}
	if err := r.postFor(to, party{e.To, e.From}, Cash, e.Amount.Neg()); err != nil {
		return err
	}
	return r.bring(a, e, e.Amount)
}

// payStatement pays what a partner owes for a cycle, first from cash, then from credit.
func (r *Replay) payStatement(a *account, e *Entry) (err error) {
	if e.Unpaid == nil {
		return nil // a final event for a cycle that is not closed
	}
	if e.Unpaid.Paid, err = e.Unpaid.Paid.Add(e.Amount); err != nil {
		return err
	}
	cash := least(e.Amount, most(a.balance[Cash], money.Amount{}))
	credit, err := e.Amount.Sub(cash)
	if err != nil {
		return err
	}
	if err := r.pay(a, e, cash); err != nil {
		return err
	}
	if a.used, err = a.used.Add(credit); err != nil {
		return err
	}
	change, err := a.creditChange()
	if err != nil {
		return err
	}
	return r.post(a, e, Credit, change)
}

package account

import (
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// WithdrawalState is the state of a withdrawal (§9.6).
type WithdrawalState uint8

// The states of withdrawals.
const (
	NoWithdrawal WithdrawalState = iota
	Requested
	Approved
	Refused
	Done
	Failed
)

var withdrawalWords = [...]string{"none", "requested", "approved", "refused", "done", "failed"}

// String is the state's word in tables and messages.
func (s WithdrawalState) String() string { return withdrawalWords[s] }

// afterWithdrawal returns the state after an event, or NoWithdrawal if the event does not fit.
func afterWithdrawal(s WithdrawalState, t Type) WithdrawalState {
	switch {
	case s == NoWithdrawal && t == WithdrawRequest:
		return Requested
	case s == Requested && t == WithdrawApprove:
		return Approved
	case s == Requested && t == WithdrawRefuse:
		return Refused
	case s == Approved && t == WithdrawDone:
		return Done
	case s == Approved && t == WithdrawFailed:
		return Failed
	}
	return NoWithdrawal
}

// Route is the way in which a part of a withdrawal is paid.
type Route string

// The routes.
const (
	Original Route = "original"
	Bank     Route = "bank"
	ToRebate Route = "rebate"
)

// Part is a part of a withdrawal, in the order in which the money was taken.
type Part struct {
	Route      Route
	RechargeID string // Original only
	Channel    string // Original only
	Amount     money.Amount
}

// Withdrawal is a withdrawal and its parts.
type Withdrawal struct {
	ID        string
	Partner   int32
	Rebate    bool // its source; else cash
	Amount    money.Amount
	Parts     []Part
	State     WithdrawalState
	Requested period.Instant
	Decided   period.Instant // own time of the last event after the request; Past = none

	taken []layer
}

// pending reports whether the withdrawal is undecided: then no other withdrawal from its source can be requested.
func (w *Withdrawal) pending() bool { return w.State == Requested || w.State == Approved }

// checkWithdrawal returns the verdict on an event of a withdrawal.
func (r *Replay) checkWithdrawal(e *Entry) Verdict {
	w, met := r.withdrawals[e.Withdrawal], NoWithdrawal
	if w != nil && w.Partner == e.Partner {
		met = w.State
	}
	a := r.account(e.Partner)
	if e.Type != WithdrawRequest {
		if w == nil || afterWithdrawal(met, e.Type) == NoWithdrawal {
			return BadState("event", met.String())
		}
		return Verdict{}
	}
	other := a.pending(e.Rebate)
	switch {
	case w != nil:
		return BadState("event", w.State.String())
	case other != nil:
		return BadState("event", other.State.String())
	case e.Rebate && e.Amount.Cmp(a.balance[Rebate]) > 0, !e.Rebate && e.Amount.Cmp(a.balance[Cash]) > 0:
		return InsufficientBalance(e.Amount)
	}
	return Verdict{}
}

// pending returns the account's undecided withdrawal from a source; nil = none.
func (a *account) pending(rebate bool) *Withdrawal {
	for _, w := range a.withdrawals {
		if w.Rebate == rebate && w.pending() {
			return w
		}
	}
	return nil
}

// applyWithdrawal applies a counting event of a withdrawal.
func (r *Replay) applyWithdrawal(e *Entry) error {
	a := r.account(e.Partner)
	if e.Type == WithdrawRequest {
		return r.request(a, e)
	}
	w := r.withdrawals[e.Withdrawal]
	if w == nil {
		return nil // a final event of a request that is not in the lake
	}
	w.State, w.Decided = afterWithdrawal(w.State, e.Type), e.Time
	if e.Type == WithdrawApprove {
		return nil
	}
	source := Cash
	if w.Rebate {
		source = Rebate
	}
	if e.Type != WithdrawDone {
		if err := r.post(a, e, source, w.Amount); err != nil {
			return err
		}
		if !w.Rebate {
			if err := a.giveBack(w.taken); err != nil {
				return err
			}
		}
	}
	return r.post(a, e, Frozen, w.Amount.Neg())
}

// giveBack returns money to its layers; negative cash then uses up the oldest of them.
func (a *account) giveBack(taken []layer) error {
	if err := a.layers.restore(taken); err != nil {
		return err
	}
	var sum money.AmountTotal
	for i := range a.layers.list {
		if err := sum.Add(a.layers.list[i].left); err != nil {
			return err
		}
	}
	all, err := sum.Amount()
	if err != nil {
		return err
	}
	above, err := all.Sub(most(a.balance[Cash], money.Amount{}))
	if err != nil {
		return err
	}
	return a.layers.spend(above)
}

// request freezes the amount of a new withdrawal.
func (r *Replay) request(a *account, e *Entry) error {
	w := &Withdrawal{
		ID:        e.Withdrawal,
		Partner:   e.Partner,
		Rebate:    e.Rebate,
		Amount:    e.Amount,
		State:     Requested,
		Requested: e.Time,
		Decided:   period.Past,
	}
	r.withdrawals[w.ID] = w
	a.withdrawals = append(slices.DeleteFunc(a.withdrawals, func(w *Withdrawal) bool { return !w.pending() }), w)
	source := Cash
	if e.Rebate {
		source = Rebate
		w.Parts = []Part{{Route: ToRebate, Amount: e.Amount}}
	} else if err := r.route(a, w, e); err != nil {
		return err
	}
	if err := r.post(a, e, source, e.Amount.Neg()); err != nil {
		return err
	}
	return r.post(a, e, Frozen, e.Amount)
}

// route takes the amount of a withdrawal from the layers of cash: first from recharges that go back the way they came,
// newest first; the rest, as one part to the bank, from the other layers, oldest first.
func (r *Replay) route(a *account, w *Withdrawal, e *Entry) error {
	left := e.Amount
	for i := len(a.layers.list) - 1; i >= 0 && left.Sign() > 0; i-- {
		one := &a.layers.list[i]
		if !r.goesBack(one, e) {
			continue
		}
		taken, err := a.layers.take(i, least(left, one.left))
		if err != nil {
			return err
		}
		w.Parts = append(w.Parts, Part{Original, taken.id, taken.channel, taken.left})
		w.taken = append(w.taken, taken)
		if left, err = left.Sub(taken.left); err != nil {
			return err
		}
	}
	if left.Sign() > 0 {
		w.Parts = append(w.Parts, Part{Route: Bank, Amount: left})
	}
	for i := 0; i < len(a.layers.list) && left.Sign() > 0; i++ {
		one := &a.layers.list[i]
		if r.goesBack(one, e) {
			continue
		}
		taken, err := a.layers.take(i, least(left, one.left))
		if err != nil {
			return err
		}
		w.taken = append(w.taken, taken)
		if left, err = left.Sub(taken.left); err != nil {
			return err
		}
	}
	a.layers.tidy()
	return nil
}

// goesBack reports whether a layer is a recharge that goes back the way it came.
func (r *Replay) goesBack(one *layer, e *Entry) bool {
	if e.Back != nil {
		return one.channel != "" && e.Back[one.id]
	}
	months, has := e.Windows[one.channel]
	return one.channel != "" && has && (months == Always || e.Time < r.zone.MonthsAfter(one.time, months))
}

// Withdrawals returns all withdrawals by id.
func (r *Replay) Withdrawals() []*Withdrawal {
	list := slices.Collect(maps.Values(r.withdrawals))
	SortWithdrawals(list)
	return list
}

// SortWithdrawals sorts withdrawals by id.
func SortWithdrawals(list []*Withdrawal) {
	slices.SortFunc(list, func(a, b *Withdrawal) int { return strings.Compare(a.ID, b.ID) })
}

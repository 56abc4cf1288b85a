package payment

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
)

// Event is one account event (§3.16). Amount is above 0; of SetLimit it is the new limit, 0 or more.
type Event struct {
	Type    EntryType // Recharge to SetLimit
	Balance Balance   // not Debt
	Amount  money.Amount
}

// Fits reports whether an event of a type may name a balance. Credit can be named by recharge, allocate and
// credit_limit; credit_limit can name only credit.
func (t EntryType) Fits(b Balance) bool {
	switch t {
	case Recharge, Allocate:
		return b < Debt
	case Reclaim, Withdraw:
		return b < Credit
	case SetLimit:
		return b == Credit
	default:
		return false
	}
}

// Apply applies an event to the balances (§6.3). A recharge or allocation first repays debt; of credit it then repays
// the used credit, and the rest becomes cash. applied is false if the balance is insufficient (insufficient_balance):
// then nothing changes. Errors: an event that does not fit (Fits, the sign), and *money.RangeError.
func (w *Wallet) Apply(e *Event) (applied bool, err error) {
	if !e.Type.Fits(e.Balance) || e.Amount.Sign() < 0 {
		return false, fmt.Errorf("account event %s %s of balance %s: does not fit", e.Type, e.Amount.Trim(), e.Balance)
	}
	c := w.begin()
	if !w.rules.Ledger {
		return true, nil
	}
	switch e.Type {
	case SetLimit:
		c.limit(e.Amount)
	case Reclaim, Withdraw:
		if c.amounts[rowOf[e.Balance]].Cmp(e.Amount) < 0 {
			return false, nil
		}
		c.move(e.Type, e.Balance, e.Amount.Neg())
	default:
		c.add(e)
	}
	return true, c.end()
}

// add applies a recharge or an allocation.
func (c *change) add(e *Event) {
	rest := e.Amount
	less := func(by money.Amount) {
		left, err := rest.Sub(by)
		if err != nil && c.err == nil {
			c.err = err
		}
		rest = left
	}
	debt := least(rest, c.amounts[DebtOwed])
	c.move(e.Type, Debt, debt.Neg())
	less(debt)
	if e.Balance != Credit {
		c.move(e.Type, e.Balance, rest)
		return
	}
	used := least(rest, c.amounts[CreditUsed])
	less(used)
	c.move(e.Type, Cash, rest)
	c.move(e.Type, Credit, used)
}

// limit sets the credit limit; it always adds an entry.
func (c *change) limit(to money.Amount) {
	by, err := to.Sub(c.amounts[CreditLimit])
	if err != nil {
		c.err = err
		return
	}
	c.amounts[CreditLimit], c.known[CreditLimit] = to, true
	c.note(SetLimit, Credit, by, c.credit())
}

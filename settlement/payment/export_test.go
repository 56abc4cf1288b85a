package payment

import "github.com/tollbook/tollbook/schemas/money"

// Balance returns a balance as in the accounts table. The error is a *money.RangeError.
func (w *Wallet) Balance(b Balance) (money.Amount, error) {
	switch b {
	case Credit:
		return w.amounts[CreditLimit].Sub(w.amounts[CreditUsed])
	case Debt:
		return w.amounts[DebtOwed], nil
	default:
		return w.amounts[b], nil
	}
}

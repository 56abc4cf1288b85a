package payment

import "github.com/tollbook/tollbook/schemas/money"

// ClearOldest subtracts a repayment from debts, oldest first, and returns what is left of each. Debts must be sorted by
// age, oldest first, and not negative. A repayment beyond all debts has no further effect. Errors: *money.RangeError.
func ClearOldest(debts []money.AmountTotal, repaid money.AmountTotal) ([]money.AmountTotal, error) {
	left := make([]money.AmountTotal, len(debts))
	for i, debt := range debts {
		cleared := repaid
		if debt.Cmp(repaid) < 0 {
			cleared = debt
		}
		left[i] = debt
		if err := left[i].SubTotal(cleared); err != nil {
			return nil, err
		}
		if err := repaid.SubTotal(cleared); err != nil {
			return nil, err
		}
	}
	return left, nil
}

package payment

import "github.com/tollbook/tollbook/schemas/money"

// ClearOldest takes what was repaid from debts, the oldest first, and gives what is left of each. Debts are in the
// order of their age and not below 0; what exceeds all of them clears nothing. Errors: *money.RangeError.
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

package audit

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// dueFault returns what is wrong with the rounding and the amount due of a statement; "" = nothing. An empty currency
// is that of the workspace.
func dueFault(u lake.Units, currency string, rounding, due money.Amount) string {
	if currency != "" && currency != u.Currency {
		return ""
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(u.Digits)), nil)
	inUnits := func(a money.Amount) *big.Rat { return new(big.Rat).Mul(a.Rat(), new(big.Rat).SetInt(scale)) }
	if !inUnits(due).IsInt() {
		return fmt.Sprintf("due is %s, and %s has %d digits", due, u.Currency, u.Digits)
	}
	if inUnits(rounding.Abs()).Cmp(big.NewRat(1, 1)) >= 0 {
		return fmt.Sprintf("rounding is %s, a unit of the last digit of %s or more", rounding, u.Currency)
	}
	return ""
}

// marginFault returns what is wrong with the margin of a row, with the row's place; "" = nothing. Error: a margin that
// no amount can hold.
func marginFault(u lake.Units, row rows.Row[tables.Margin]) (string, error) {
	cost, err := row.Cost(tables.MarginCostEffective)
	payment, paidErr := row.Amount(tables.MarginPaymentAmount)
	margin, marginErr := row.Amount(tables.MarginMarginAmount)
	if err := errors.Join(err, paidErr, marginErr); err != nil {
		return "", err
	}
	if row.Word(tables.MarginPaymentCurrency) != u.Currency ||
		row.Word(tables.MarginCurrency) != u.Currency && !cost.IsZero() {
		return "", nil
	}
	want, err := money.AmountFromRat(new(big.Rat).Sub(payment.Rat(), cost.Rat()))
	if err != nil || want == margin {
		return "", err
	}
	return fmt.Sprintf("source %s, period %s, customer %s, service %s, account %s, day %s: margin %s is not payment "+
		"%s less cost %s", row.Word(tables.MarginSource), row.Word(tables.MarginOriginCycle),
		row.Word(tables.MarginCustomerID), row.Word(tables.MarginServiceName), row.Word(tables.MarginAccount),
		row.Word(tables.MarginDay), margin, payment, cost.Trim()), nil
}

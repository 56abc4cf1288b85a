package audit

import (
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Rat returns the value of a decimal column.
func Rat[T any](row rows.Row[T], col tables.ColumnOf[T]) *big.Rat {
	def := row.Cols.Def.Columns[col]
	d := row.Cols.Col(col).Decs[row.I]
	v := new(big.Int).Lsh(big.NewInt(d.Hi), 64)
	v.Add(v, new(big.Int).SetUint64(d.Lo))
	return new(big.Rat).SetFrac(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(def.Type.Scale())), nil))
}

// Rounded returns a number rounded half away from zero.
func Rounded(r *big.Rat, digits int) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	num := new(big.Int).Mul(new(big.Int).Abs(r.Num()), unit)
	num.Lsh(num, 1).Add(num, r.Denom())
	num.Quo(num, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		num.Neg(num)
	}
	return new(big.Rat).SetFrac(num, unit)
}

// Difference returns the sum of some columns of a row minus others.
func Difference[T any](row rows.Row[T], columns, less []tables.AmountColumn[T]) (money.Amount, error) {
	var sum money.Amount
	for i, c := range slices.Concat(columns, less) {
		a, err := row.Amount(c)
		if err != nil {
			return sum, err
		}
		if i >= len(columns) {
			a = a.Neg()
		}
		if sum, err = sum.Add(a); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

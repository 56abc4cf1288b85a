package invoice

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// DivideRounded divides the tax of a row among parts of its lines, whose exact taxes must add up to it before rounding
// (TAX-4); otherwise it returns an error. It rounds each exact tax down to the digits. It adds the missing units, one
// each, to the parts with the largest remainders, of equal ones the first.
func DivideRounded(total money.Amount, exact []*big.Rat, digits int) ([]money.Amount, error) {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	units := make([]*big.Int, len(exact))
	remainders := make([]*big.Rat, len(exact))
	order := make([]int, len(exact))
	missing := new(big.Rat).Mul(total.Rat(), scale)
	for i, e := range exact {
		scaled := new(big.Rat).Mul(e, scale)
		units[i] = new(big.Int).Div(scaled.Num(), scaled.Denom()) // down, also below zero
		down := new(big.Rat).SetInt(units[i])
		remainders[i] = scaled.Sub(scaled, down)
		missing.Sub(missing, down)
		order[i] = i
	}
	if !missing.IsInt() || missing.Sign() < 0 || missing.Cmp(big.NewRat(int64(len(exact)), 1)) > 0 {
		return nil, fmt.Errorf("divide tax of %s: the taxes of its %d parts do not add up to it", total, len(exact))
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b].Cmp(remainders[a]) })
	for _, i := range order[:missing.Num().Int64()] {
		units[i].Add(units[i], big.NewInt(1))
	}
	parts := make([]money.Amount, len(exact))
	for i, n := range units {
		var err error
		if parts[i], err = money.RoundRat(new(big.Rat).Quo(new(big.Rat).SetInt(n), scale), digits); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

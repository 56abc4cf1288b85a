package focus

import (
	"math/big"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// priced has a row's prices in the currency of the customer's price list, if it is billed in another (§10.7).
type priced struct {
	Rate                       *books.ExchangeRate // nil = billed in the currency of the price list
	Effective                  dec                 // of costScale
	ListPrice, ContractedPrice maybe               // of priceScale
}

// CurrencyColumns returns the additional columns for cycles with several currencies, sorted by name (§10.7).
func CurrencyColumns() []Column {
	own := func(of func(*Row) maybe, row func(*Row) maybe) func(*Row) maybe {
		return func(r *Row) maybe {
			if r.Priced.Rate != nil {
				return of(r)
			}
			return row(r)
		}
	}
	return []Column{
		text("PricingCurrency", "currency of the customer's price list; of rows that are no line BillingCurrency",
			func(r *Row) string {
				if r.Priced.Rate != nil {
					return r.Priced.Rate.From
				}
				return r.Account.Currency
			}),
		price("PricingCurrencyContractedUnitPrice", "ContractedUnitPrice before conversion",
			own(func(r *Row) maybe { return r.Priced.ContractedPrice }, func(r *Row) maybe {
				return r.ContractedPrice
			})),
		cost("PricingCurrencyEffectiveCost", "EffectiveCost before conversion", func(r *Row) dec {
			if r.Priced.Rate != nil {
				return r.Priced.Effective
			}
			return r.Effective
		}),
		price("PricingCurrencyListUnitPrice", "ListUnitPrice before conversion",
			own(func(r *Row) maybe { return r.Priced.ListPrice }, func(r *Row) maybe { return r.ListPrice })),
	}
}

// HasCurrencies reports whether a cycle is billed in several currencies.
func (s *Source) HasCurrencies(cycle lake.Cycle) (bool, error) {
	if _, known := s.Snap.Cycle(cycle); !known {
		return false, nil
	}
	def, err := rows.StatementsTable(s.Snap, cycle)
	return err == nil && tables.CurrencyColumn(def.Table) >= 0, err
}

// convert converts a row's costs and unit prices. Costs have 20 decimals, unit prices 10; a cost that is a product
// remains the product of its unit price and quantity (FOCUS-2).
func (r *Row) convert(x *books.ExchangeRate) (err error) {
	if x == nil {
		return nil
	}
	r.Priced = priced{x, r.Effective, r.ListPrice, r.ContractedPrice}
	hi, lo := x.Rate.Raw()
	rate := decimal128.New(hi, lo)
	for _, v := range [...]*dec{&r.Billed, &r.Effective, &r.List, &r.Contracted, &r.ListPrice.v, &r.ContractedPrice.v} {
		if *v, err = times(*v, rate, priceScale); err != nil {
			return err
		}
	}
	if r.ListPrice.ok && r.Quantity.ok {
		if r.List, err = Mul(r.ListPrice.v, r.Quantity.v); err != nil {
			return err
		}
	}
	if r.ContractedPrice.ok && r.Quantity.ok {
		r.Contracted, err = Mul(r.ContractedPrice.v, r.Quantity.v)
	}
	return err
}

// rounded returns the amount owed for a row of a partner's statement: converted exactly, rounded once (§10.7).
func (g *group) rounded(digits int) (dec, error) {
	cut := costScale - digits
	if g.rate == nil {
		return Upscale(Round(g.sum, cut), cut)
	}
	hi, lo := g.rate.Rate.Raw()
	whole, err := times(g.sum, decimal128.New(hi, lo), cut+priceScale)
	if err != nil {
		return dec{}, err
	}
	return Upscale(whole, cut)
}

// times returns a product with cut decimals fewer, rounded half away from zero.
func times(a, b dec, cut int) (dec, error) {
	v := new(big.Int).Mul(a.BigInt(), b.BigInt())
	unit := Power(cut)
	half := new(big.Int).Rsh(unit, 1) // exact: a power of ten is even
	if v.Sign() < 0 {
		half.Neg(half)
	}
	return FromBig(v.Quo(v.Add(v, half), unit))
}

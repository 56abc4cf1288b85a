package load

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

var costBases = []books.CostColumn{books.ListCost, books.ContractedCost, books.EffectiveCost, books.BilledCost}

// costBasis reads the column that only pass_through products have.
func (r *row) costBasis(p *books.Product, modelKnown bool) {
	given := r.rec.Cell("basis").Text != ""
	at := r.rec.Word("basis")
	switch {
	case modelKnown && p.Model == books.PassThrough && !given:
		r.rec.Fail("basis", "one of list, contracted, effective, billed", "a pass_through product needs one")
	case modelKnown && p.Model != books.PassThrough && given:
		r.rec.Fail("basis", "leave it empty", "only a pass_through product has one")
	case at >= 0:
		p.Basis = costBases[at]
	}
}

// markUp reads the rate of a pass_through price; the tier's unit price is 1 + rate (§11.3).
func (r *row) markUp(p *priceRow) {
	text := r.rec.Cell("rate").Text
	switch {
	case p.model != books.PassThrough:
	case r.rec.Cell("unit_price").Text != "":
		r.rec.Fail("unit_price", "leave it empty", "a pass_through price has a rate")
	case text == "":
		r.rec.Fail("rate", "", "a pass_through price needs one")
	default:
		p.tier.UnitPrice = r.factor(text)
	}
}

// factor is 1 + a rate.
func (r *row) factor(text string) (price money.UnitPrice) {
	rate, err := money.ParseSignedQuantity(text)
	if err != nil {
		r.rec.FailParse("rate", err)
		return price
	}
	one, _ := money.QuantityFromInt(1) // in range
	sum, err := rate.Add(one.Signed())
	if err == nil {
		price, err = money.UnitPriceFromRaw(sum.Raw())
	}
	if err != nil {
		r.rec.Fail("rate", "", "not from -1 to 999999999")
	}
	return price
}

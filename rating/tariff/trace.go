package tariff

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TracePrice reports the places of the chain of §3.2 that were searched, up to the one with the version.
func (c *Client) TracePrice(sku, list, region int32, regionName string, t period.Instant, version int32) {
	b := c.Book.Books
	v := &b.Versions[version]
	for _, key := range c.Book.prices.chain(listSKU{list, sku}, region) {
		step := DerivationStep{Kind: StepPassed, SKU: b.Products[sku].SKU,
			List: c.Book.prices.names[key.list], Region: "*", At: t}
		if key.region != AnyRegion {
			step.Region = regionName
		}
		if step.List == v.PriceList && step.Region == v.Region {
			break
		}
		c.Trace(step)
	}
	c.Trace(DerivationStep{
		Kind: StepPrice, SKU: b.Products[sku].SKU, List: v.PriceList, Region: v.Region, At: t,
		Period: v.Valid,
	})
}

func (c *Client) traceTier(version int32, i int, quantity money.Quantity, reversed bool) {
	step := c.TierStep(StepTier, version, i)
	step.Quantity, step.Negative = quantity, reversed
	c.Trace(step)
}

func (c *Client) traceFee(version int32, i int, reversed bool) {
	step := c.TierStep(StepFee, version, i)
	step.Negative = reversed
	step.Price = c.Book.Books.Versions[version].Tiers[i].FlatFee
	c.Trace(step)
}

// TierStep returns a step of an explanation with the bounds and the price of tier i of a price version.
func (c *Client) TierStep(kind StepKind, version int32, i int) DerivationStep {
	tiers := c.Book.Books.Versions[version].Tiers
	step := DerivationStep{Kind: kind, Tier: i + 1, Upper: tiers[i].UpTo, Open: tiers[i].Open,
		Price: tiers[i].UnitPrice}
	if i > 0 {
		step.Lower = tiers[i-1].UpTo
	}
	return step
}

// TraceOffer traces whether a discount applies to a sale, and the amount after it.
func (c *Client) TraceOffer(s *Sale, o *Offer, verdict Verdict, after money.Amount, named bool) {
	d := &c.Book.Books.Discounts[o.Discount]
	c.Trace(DerivationStep{
		Kind: StepOffer, Discount: d.ID, Offer: o.Kind, Terms: d.Mode, Order: s.Order, Named: named,
		Rate:  o.Rate,
		Price: o.price, Sum: d.Amount, Verdict: verdict, Amount: after,
	})
}

func (c *Client) traceAmounts(s *Sale) {
	ch, rules := s.Charge, c.Book.Rules
	step := DerivationStep{
		Kind: StepAmounts, Quantity: ch.Quantity.Abs(), Negative: ch.Quantity.Sign() < 0,
		Price:    ch.UnitPrice,
		Official: ch.Official, Reduction: ch.Discount, Amount: s.After, Truncated: ch.Truncated, Payment: ch.Payment,
		PerLine: rules.Grain == PerLine, Mode: rules.Mode, Digits: c.Digits,
	}
	if s.Discount != NoOne {
		step.Discount = c.Book.Books.Discounts[s.Discount].ID
	}
	c.Trace(step)
}

package rating

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// CostGroup is an aggregate of rows of cost files in the form that rating needs (§11.3).
type CostGroup struct {
	SKU          int32 // index in books.Products
	Region       string
	Resource, ID string
	Start, End   period.Instant
	Basis        *big.Rat             // pass_through: the basis cost in the customer's currency, unrounded; nil = Cost
	Cost         money.Cost           // the basis cost, if it needs no more decimals
	Quantity     money.SignedQuantity // for other models; negative only for flat
}

// CostRater rates the groups of cost files of one customer and cycle at a time. One worker owns it.
type CostRater struct {
	r       *Rater
	regions []string // by the rater's number
	numbers map[string]int32
	meters  map[int32]*costMeter // of pass_through products, by sku
}

// costMeter adds up the basis costs of a customer for a pass_through product.
type costMeter struct {
	region  string // of the first group
	at, top money.Cost
	wide    *wideMeter // used instead of at and top if they cannot represent a basis cost; else nil
}

// wideMeter adds up costs with any number of digits.
type wideMeter struct{ position, highest big.Rat }

// widen makes the meter use costs with any number of digits.
func (m *costMeter) widen() *wideMeter {
	if m.wide == nil {
		m.wide = new(wideMeter)
		m.wide.position.Set(m.at.Rat())
		m.wide.highest.Set(m.top.Rat())
	}
	return m.wide
}

// above reports whether the meter's highest position exceeds a bound.
func (m *costMeter) above(bound money.Quantity) bool {
	if c, ok := money.CostOf(bound); ok && m.wide == nil {
		return c.Cmp(m.top) < 0
	}
	return bound.Rat().Cmp(&m.widen().highest) < 0
}

// NewCostRater returns a rater of groups of cost files.
func NewCostRater(bk *tariff.Book) *CostRater {
	c := &CostRater{numbers: make(map[string]int32)}
	c.r = NewRater(bk, func(n int32) string { return c.regions[n] })
	return c
}

// Open starts a customer and a cycle: all meters are at 0.
func (c *CostRater) Open(customer int32, cycle period.Cycle) error {
	c.meters, c.r.records.below = make(map[int32]*costMeter), make(map[int32]money.Quantity)
	return c.r.Open(customer, cycle, nil)
}

// region returns the rater's number of a region.
func (c *CostRater) region(name string) int32 {
	n, ok := c.numbers[name]
	if !ok {
		n = int32(len(c.regions))
		c.regions, c.numbers[name] = append(c.regions, name), n
	}
	return n
}

// Rate appends a group's lines to out, in order of tier; index becomes their Charge.Record. Groups must come in the
// order (usage_start, id bytewise). The caller has checked that there is a price (Book.Priced).
func (c *CostRater) Rate(g *CostGroup, index int32, out *table.LineCharges) error {
	rec := Record{
		SKU:      g.SKU,
		Region:   c.region(g.Region),
		Resource: []byte(g.Resource),
		ID:       []byte(g.ID),
		Start:    g.Start,
		End:      g.End,
		Quantity: g.Quantity.Abs(),
	}
	var err error
	switch product := &c.r.client.Book.Books.Products[g.SKU]; {
	case product.Model == books.PassThrough:
		err = c.passThrough(g, c.r.regions.place(rec.Region), index, out)
	case g.Quantity.Sign() < 0 && product.Model == books.Flat:
		err = c.negative(&rec, product, index, out)
	case g.Quantity.Sign() < 0:
		err = fmt.Errorf("a quantity below 0: %s", g.Quantity.Trim())
	default:
		return c.r.Usage(&rec, index, out)
	}
	if err != nil {
		return c.r.fail(&rec, err)
	}
	return nil
}

// negative appends the line of a flat group with a negative quantity: the mirror image of the positive one. It moves
// the unconverted position back.
func (c *CostRater) negative(rec *Record, product *books.Product, index int32, out *table.LineCharges) error {
	n := int32(len(out.Draws))
	u := &usage{Record: rec, product: product, place: c.r.regions.place(rec.Region), index: index, drawsFrom: n,
		drawsTo: n, reversed: true}
	if err := c.r.records.measure(u); err != nil {
		return err
	}
	return c.r.records.flat(u, out)
}

// passThrough splits the group's cost at the tiers of its version. The meter moves up by the cost, or back down by a
// negative cost, at the rates of the tiers that it passes. Below zero, tier 1 applies.
func (c *CostRater) passThrough(g *CostGroup, at place, index int32, out *table.LineCharges) error {
	version := c.r.client.Version(g.SKU, at.book, g.Start)
	if version == tariff.NoVersion {
		return tariff.NoPrice(g.Region, g.Start)
	}
	m := c.meters[g.SKU]
	if m == nil {
		m = &costMeter{region: g.Region}
		c.meters[g.SKU] = m
	}
	tiers := c.r.client.Book.Books.Versions[version].Tiers
	if g.Basis == nil && m.wide == nil {
		if done, err := c.narrow(g, m, version, index, out); done || err != nil {
			return err
		}
	}
	basis, wide := g.Basis, m.widen()
	if basis == nil {
		basis = g.Cost.Rat()
	}
	end := new(big.Rat).Add(&wide.position, basis)
	low, high := new(big.Rat).Set(&wide.position), end
	if basis.Sign() < 0 {
		low, high = end, low
	}
	for i := range tiers {
		from, to := low, high
		if i > 0 {
			from = maxRat(from, tiers[i-1].UpTo.Rat())
		}
		if !tiers[i].Open {
			to = minRat(to, tiers[i].UpTo.Rat())
		}
		part := new(big.Rat).Sub(to, from)
		if part.Sign() <= 0 {
			continue
		}
		if basis.Sign() < 0 {
			part.Neg(part)
		}
		quantity, err := money.SignedQuantityFromRat(part)
		if err != nil {
			return err
		}
		price := tiers[i].UnitPrice
		official, err := money.AmountFromRat(new(big.Rat).Mul(part, price.Rat()))
		if err != nil {
			return err
		}
		if err := c.markUp(&table.Charge{Quantity: quantity, UnitPrice: price, Record: index, Version: version,
			Tier: int16(i + 1)}, official, g, out); err != nil {
			return err
		}
	}
	wide.position.Set(end)
	if end.Cmp(&wide.highest) > 0 {
		wide.highest.Set(end)
	}
	return nil
}

// narrow is passThrough if all numbers fit into a Cost: the same splits and products, in integers. If one does not fit,
// done is false and nothing was changed.
func (c *CostRater) narrow(g *CostGroup, m *costMeter, version, index int32, out *table.LineCharges) (done bool,
	err error) {
	tiers := c.r.client.Book.Books.Versions[version].Tiers
	end, err := m.at.Add(g.Cost)
	if err != nil {
		return false, nil //nolint:nilerr // the sum has more digits than a Cost
	}
	var memory [8]money.Cost
	bounds := memory[:0]
	for i := range tiers {
		bound, ok := money.CostOf(tiers[i].UpTo)
		if !ok {
			return false, nil
		}
		bounds = append(bounds, bound)
	}
	low, high := m.at, end
	if g.Cost.Sign() < 0 {
		low, high = end, low
	}
	for i := range tiers {
		from, to := low, high
		if i > 0 && from.Cmp(bounds[i-1]) < 0 {
			from = bounds[i-1]
		}
		if !tiers[i].Open && to.Cmp(bounds[i]) > 0 {
			to = bounds[i]
		}
		if to.Cmp(from) <= 0 {
			continue
		}
		part, err := to.Sub(from)
		if err != nil {
			return true, err
		}
		if g.Cost.Sign() < 0 {
			part = part.Neg()
		}
		quantity, err := part.R10()
		if err != nil {
			return true, err
		}
		official, err := part.MulR8(tiers[i].UnitPrice)
		if err != nil {
			return true, err
		}
		if err := c.markUp(&table.Charge{Quantity: quantity, UnitPrice: tiers[i].UnitPrice, Record: index,
			Version: version, Tier: int16(i + 1)}, official, g, out); err != nil {
			return true, err
		}
	}
	m.at = end
	if end.Cmp(m.top) > 0 {
		m.top = end
	}
	return true, nil
}

// markUp appends the line of a part of a group's cost: official_amount = R8(cost × (1 + rate)), rounded once from the
// exact product.
func (c *CostRater) markUp(ch *table.Charge, official money.Amount, g *CostGroup, out *table.LineCharges) error {
	ch.UsageAmount, ch.Kind = ch.Quantity, table.UsageLine
	ch.DrawsFrom, ch.DrawsTo = int32(len(out.Draws)), int32(len(out.Draws))
	out.List = append(out.List, *ch)
	s := tariff.Sale{Charge: &out.List[len(out.List)-1], SKU: g.SKU, At: g.Start, NoFixed: true}
	return c.r.client.SettleAt(&s, official)
}

// CycleEnd appends the lines of the cycle's end: those of volume, block and stairstep meters, and the flat fees of
// pass_through tiers whose lower bound is below the meter's highest position. It appends the subjects of the lines to
// objs; Charge.Record is an index in objs.
func (c *CostRater) CycleEnd(out *table.LineCharges, objs *[]Object) error {
	if err := c.r.CycleEnd(out, objs); err != nil {
		return err
	}
	for _, sku := range slices.SortedFunc(maps.Keys(c.meters), cmp.Compare[int32]) {
		m := c.meters[sku]
		version, err := c.r.client.VersionOfCycle(sku, m.region, c.r.client.Bounds)
		if err != nil {
			continue // no price of the cycle has a fee
		}
		tiers, lower := c.r.client.Book.Books.Versions[version].Tiers, money.Quantity{}
		*objs = append(*objs, Object{SKU: sku, Region: m.region})
		n := int32(len(out.Draws))
		for i := range tiers {
			if !tiers[i].FlatFee.IsZero() && m.above(lower) {
				if err := c.r.client.FlatFee(&tariff.Climb{SKU: sku, Version: version, At: c.r.client.Bounds.From,
					Record: int32(len(*objs) - 1), DrawsFrom: n, DrawsTo: n}, i, &tiers[i], out); err != nil {
					return err
				}
			}
			lower = tiers[i].UpTo
		}
	}
	return nil
}

func maxRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

func minRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return b
	}
	return a
}

package rating

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// CostGroup is rows of cost files that were added up, as rating sees them (§11.3).
type CostGroup struct {
	SKU          int32 // index in books.Products
	Region       string
	Resource, ID string
	Start, End   period.Instant
	Basis        *big.Rat             // pass_through: the basis cost in the customer's currency, unrounded
	Quantity     money.SignedQuantity // other models; below 0 for flat only
}

// CostRater rates the groups of cost files of one customer and cycle after the other. One worker owns it.
type CostRater struct {
	r       *Rater
	regions []string // by the number that the rater is given
	numbers map[string]int32
	meters  map[int32]*costMeter // of pass_through, by sku
}

// costMeter counts the basis costs of a customer and a pass_through product.
type costMeter struct {
	region            string // of the first group
	position, highest big.Rat
}

// NewCostRater makes a rater of groups of cost files.
func (bk *Book) NewCostRater() *CostRater {
	c := &CostRater{numbers: make(map[string]int32)}
	c.r = bk.NewRater(func(n int32) string { return c.regions[n] })
	return c
}

// Open turns to a customer and a cycle: its meters begin at 0.
func (c *CostRater) Open(customer int32, cycle period.Cycle) error {
	c.meters = make(map[int32]*costMeter)
	return c.r.Open(customer, cycle, nil)
}

// region is the number that the rater knows a region by.
func (c *CostRater) region(name string) int32 {
	n, ok := c.numbers[name]
	if !ok {
		n = int32(len(c.regions))
		c.regions, c.numbers[name] = append(c.regions, name), n
	}
	return n
}

// Rate appends a group's lines to out, in order of tier; index becomes their Charge.Record. Groups come in the order
// (usage_start, id bytewise). The price was found before (Book.Priced).
func (c *CostRater) Rate(g *CostGroup, index int32, out *line.Charges) error {
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
	switch product := &c.r.bk.books.Products[g.SKU]; {
	case product.Model == books.PassThrough:
		err = c.passThrough(g, c.r.place(rec.Region), index, out)
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

// negative appends the line of a flat group whose quantity is below 0: the mirror of the positive one.
func (c *CostRater) negative(rec *Record, product *books.Product, index int32, out *line.Charges) error {
	used, err := product.Convert.Convert(rec.Quantity)
	if err != nil {
		return err
	}
	n := int32(len(out.Draws))
	return c.r.flat(&usage{Record: rec, product: product, place: c.r.place(rec.Region), index: index,
		raw: rec.Quantity, used: used, left: used, drawsFrom: n, drawsTo: n, reversed: true}, out)
}

// passThrough cuts the group's cost at the tiers of its version: the meter moves up by it, or back down by a negative
// one at the rates it passes. Below zero is tier 1.
func (c *CostRater) passThrough(g *CostGroup, at place, index int32, out *line.Charges) error {
	version := c.r.version(g.SKU, at.book, g.Start)
	if version == noVersion {
		return noPrice(g.Region, g.Start)
	}
	m := c.meters[g.SKU]
	if m == nil {
		m = &costMeter{region: g.Region}
		c.meters[g.SKU] = m
	}
	end := new(big.Rat).Add(&m.position, g.Basis)
	low, high := new(big.Rat).Set(&m.position), end
	if g.Basis.Sign() < 0 {
		low, high = end, low
	}
	tiers := c.r.bk.books.Versions[version].Tiers
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
		if g.Basis.Sign() < 0 {
			part.Neg(part)
		}
		if err := c.markUp(part, &line.Charge{UnitPrice: tiers[i].UnitPrice, Record: index, Version: version,
			Tier: int16(i + 1), Kind: line.Usage}, g, out); err != nil {
			return err
		}
	}
	m.position.Set(end)
	if end.Cmp(&m.highest) > 0 {
		m.highest.Set(end)
	}
	return nil
}

// markUp appends the line of a part of a group's cost: official_amount = R8(cost × (1 + rate)), exact before it is
// rounded.
func (c *CostRater) markUp(part *big.Rat, ch *line.Charge, g *CostGroup, out *line.Charges) (err error) {
	if ch.Quantity, err = money.SignedQuantityFromRat(part); err != nil {
		return err
	}
	ch.UsageAmount = ch.Quantity
	ch.DrawsFrom, ch.DrawsTo = int32(len(out.Draws)), int32(len(out.Draws))
	official, err := money.AmountFromRat(new(big.Rat).Mul(part, ch.UnitPrice.Rat()))
	if err != nil {
		return err
	}
	out.List = append(out.List, *ch)
	return c.r.settleAt(&sale{charge: &out.List[len(out.List)-1], sku: g.SKU, at: g.Start, noFixed: true}, official)
}

// CycleEnd appends the lines that come at the cycle's end: those of volume, block and stairstep meters, and the flat
// fees of pass_through tiers whose lower bound is below the meter's highest position. objs gets what they are about;
// Charge.Record is an index in it.
func (c *CostRater) CycleEnd(out *line.Charges, objs *[]Object) error {
	if err := c.r.CycleEnd(out, objs); err != nil {
		return err
	}
	for _, sku := range slices.SortedFunc(maps.Keys(c.meters), cmp.Compare[int32]) {
		m := c.meters[sku]
		version, err := c.r.versionOfCycle(sku, m.region, c.r.bounds)
		if err != nil {
			continue // no price of the cycle has a fee
		}
		tiers, lower := c.r.bk.books.Versions[version].Tiers, new(big.Rat)
		*objs = append(*objs, Object{SKU: sku, Region: m.region})
		n := int32(len(out.Draws))
		for i := range tiers {
			if !tiers[i].FlatFee.IsZero() && lower.Cmp(&m.highest) < 0 {
				if err := c.r.flatFee(&climb{sku: sku, version: version, at: c.r.bounds.From,
					record: int32(len(*objs) - 1), drawsFrom: n, drawsTo: n}, i, &tiers[i], out); err != nil {
					return err
				}
			}
			lower = tiers[i].UpTo.Rat()
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

package rating

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// wholeMeter is a month-end meter that is priced by its total: block, stairstep, and volume with a conversion or a
// figure.
type wholeMeter struct {
	tariff.Climb // of its lines; end is the quantity
	product      *books.Product
	resource     string
	usage, free  money.Quantity // of the first line
}

// whole prices the total of a meter of summed records (§4.6, §10.2, §10.3).
func (e *monthEnd) whole(end *closing, row int32, out *table.LineCharges, objs *[]Object) error {
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	w := wholeMeter{product: end.product, resource: m.resource, usage: g.usage, free: g.free}
	w.Climb = tariff.Climb{Kind: table.PeriodLine, SKU: end.sku, Version: end.version, At: e.c.Bounds.From,
		End: m.count}
	if !end.product.Convert.IsZero() {
		c, err := end.product.Convert.Cover(g.usage, g.free)
		if err != nil {
			return err
		}
		if c.Used.IsZero() {
			return e.feeAtZero(row, out, objs)
		}
		w.usage, w.free, w.End = c.Used, c.Free, c.Left
		if e.c.Trace != nil {
			e.meters.traceConverted(m, g.usage, c.Used)
			e.meters.traceClose(m, c)
		}
	}
	w.Record = int32(len(*objs))
	*objs = append(*objs, Object{SKU: end.sku, Region: end.region, Resource: m.resource, Name: g.name, Tag: g.tag})
	w.DrawsFrom = int32(len(out.Draws))
	var err error
	if out.Draws, err = e.gathered.appendShares(out.Draws, g); err != nil {
		return err
	}
	w.DrawsTo = int32(len(out.Draws))
	if err := e.priceWhole(&w, out); err != nil || !w.End.IsZero() {
		return err
	}
	return e.feeAtZero(row, out, objs)
}

// priceWhole appends the lines of a meter that is priced by its total.
func (e *monthEnd) priceWhole(w *wholeMeter, out *table.LineCharges) error {
	tiers := e.c.Book.Books.Versions[w.Version].Tiers
	held := tierOf(tiers, w.End)
	if !w.product.BlockEach {
		if err := e.wholeLine(w, held, w.End, out); err != nil {
			return err
		}
		if w.product.Model != books.Volume || tiers[held].FlatFee.IsZero() || w.End.IsZero() {
			return nil
		}
		return e.c.FlatFee(&w.Climb, held, &tiers[held], out)
	}
	lower := money.Quantity{}
	for i := 0; i <= held; i++ {
		upper := w.End
		if i < held {
			upper = tiers[i].UpTo
		}
		part, err := upper.Sub(lower)
		if err != nil {
			return err
		}
		if err := e.wholeLine(w, i, part, out); err != nil {
			return err
		}
		lower, w.usage, w.free, w.DrawsFrom = upper, money.Quantity{}, money.Quantity{}, w.DrawsTo
	}
	return nil
}

// wholeLine appends the line of tier i; part is the quantity of the meter in the tier.
func (e *monthEnd) wholeLine(w *wholeMeter, i int, part money.Quantity, out *table.LineCharges) error {
	tier := &e.c.Book.Books.Versions[w.Version].Tiers[i]
	ch := table.Charge{
		UsageAmount: w.usage.Signed(), Free: w.free.Signed(), Quantity: part.Signed(), UnitPrice: tier.UnitPrice,
		Record:  w.Record,
		Version: w.Version, DrawsFrom: w.DrawsFrom, DrawsTo: w.DrawsTo, Tier: int16(i + 1), Kind: w.Kind,
	}
	blocks, err := e.tierByModel(w, tier, part, &ch)
	if err != nil {
		return err
	}
	if e.c.Trace != nil {
		step := e.c.TierStep(tariff.StepTier, w.Version, i)
		step.Scope, step.Quantity, step.Price = w.resource, part, ch.UnitPrice
		e.c.Trace(step)
		if w.product.Model == books.Block {
			e.c.Trace(tariff.DerivationStep{Kind: tariff.StepBlocks, Quantity: part, Size: tier.BlockSize,
				After: blocks})
		}
	}
	out.List = append(out.List, ch)
	return e.c.Settle(&tariff.Sale{
		Charge: &out.List[len(out.List)-1], SKU: w.SKU, At: w.At, NoFixed: w.product.Model.NoFixed(),
	})
}

// stairstep charges the flat fee of a stairstep tier, unless the quantity is 0.
func (e *monthEnd) stairstep(tier *books.Tier, part money.Quantity, ch *table.Charge) {
	ch.UnitPrice, ch.Quantity = tier.FlatFee, money.SignedQuantity{}
	if !part.IsZero() {
		ch.Quantity = e.c.Book.One
	}
}

// blocks charges the blocks in a part of a meter.
func (e *monthEnd) blocks(w *wholeMeter, tier *books.Tier, part money.Quantity, ch *table.Charge) (money.Quantity,
	error) {
	blocks, err := blocksOf(w.product, part, tier.BlockSize)
	ch.Quantity = blocks.Signed()
	return blocks, err
}

// blocksOf returns the number of a tier's blocks in a quantity. A started block is charged, or free (§4.6, §10.3).
func blocksOf(p *books.Product, quantity, size money.Quantity) (money.Quantity, error) {
	if p.BlockDown {
		return money.FloorDiv(quantity, size)
	}
	return money.CeilDiv(quantity, size)
}

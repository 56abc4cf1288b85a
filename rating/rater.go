package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// Record is one usage record as rating sees it. Its bytes need to live as long as the call only.
type Record struct {
	SKU        int32  // index in books.Products
	Region     int32  // the caller's number of the region, from 0; NewRater's regionName names it
	Resource   []byte // resource_id
	ID         []byte // record_id
	Name, Tag  []byte // resource_name, resource_tag
	Start, End period.Instant
	Quantity   money.Quantity // without its sign
	Negative   bool           // of products that take negative quantities
	Withdrawn  bool           // a withdrawal: it replaces another record with quantity 0 (§3.20)
}

// Signed is the quantity with its sign.
func (r *Record) Signed() money.SignedQuantity {
	if r.Negative {
		return r.Quantity.Signed().Neg()
	}
	return r.Quantity.Signed()
}

// Rater rates one customer after the other. One worker owns it; it reuses its memory. After an error the customer's
// state is undefined until the next Open.
type Rater struct {
	// Trace is notified of every decision as it is made, from the next Open on; nil costs nothing.
	Trace func(Step)

	client
	cycle  period.Cycle
	bounds period.Span

	regionName    func(int32) string
	places        []place // by the caller's number of a region
	regionNames   []string
	regionNumbers map[string]int32

	meters  meters
	gathers []gather
	shares  []share
	prorata []prorated
	levels  []level

	quotas []quota // as the customer's stretch of Book.packages
	past   []quotaPeriod
	kept   []position.Row

	scratch []byte
	order   []int32
	extra   bool           // there are meters other than those of chapter 4
	used    money.Quantity // of the record taken last, in the product's measure
}

// place is a region in the rater's own numbers and in the book's; the zero value is one not yet looked up.
type place struct {
	number, book int32
	known        bool
}

// NewRater makes a rater. regionName names the numbers of Record.Region, always the same ones.
func (bk *Book) NewRater(regionName func(int32) string) *Rater {
	return &Rater{
		client: client{bk: bk}, cycle: -1, regionName: regionName,
		regionNumbers: map[string]int32{}, meters: newMeters(),
	}
}

// Open turns to a customer (index in books.Customers) and a cycle, at the given positions: the closing ones of the days
// before, or what NextCycle left of the cycle before. Rows of kinds that rating does not use, and of products and
// packages that the books no longer hold, come out of Positions as they went in.
func (r *Rater) Open(customer int32, cycle period.Cycle, rows []position.Row) error {
	r.serve(customer)
	r.client.trace = r.Trace
	if cycle != r.cycle {
		r.cycle, r.bounds = cycle, r.bk.books.Zone.Bounds(cycle)
	}
	r.meters.reset()
	r.extra = false
	r.gathers, r.shares, r.kept, r.past = r.gathers[:0], r.shares[:0], r.kept[:0], r.past[:0]
	r.prorata, r.levels = r.prorata[:0], r.levels[:0]
	r.openQuotas()
	for i := range rows {
		if err := r.openRow(&rows[i]); err != nil {
			return fmt.Errorf("open customer %s in %s: %s position of %s: %w",
				r.bk.books.Customers[customer].ID, cycle, kindName(rows[i].Kind), rows[i].Key, err)
		}
	}
	return nil
}

// place looks a region up by the caller's number.
func (r *Rater) place(region int32) place {
	if int(region) < len(r.places) && r.places[region].known {
		return r.places[region]
	}
	for int(region) >= len(r.places) {
		r.places = append(r.places, place{})
	}
	name := r.regionName(region)
	p := place{r.regionNumber(name), r.bk.Region(name), true}
	r.places[region] = p
	return p
}

// regionNumber is the rater's number of a region.
func (r *Rater) regionNumber(name string) int32 {
	n, ok := r.regionNumbers[name]
	if !ok {
		n = int32(len(r.regionNames))
		r.regionNumbers[name] = n
		r.regionNames = append(r.regionNames, name)
	}
	return n
}

// usage is a record on its way to its lines.
type usage struct {
	*Record
	product            *books.Product
	place              place
	index              int32
	raw, used          money.Quantity // what it counts, before and after the conversion of its product
	free, left         money.Quantity // drawn from packages, and what is left to price
	drawsFrom, drawsTo int32
	reversed           bool // taken back (§4.11)
}

// Usage rates one record of the open customer and cycle and appends its lines to out, in order of tier and kind; index
// becomes their Charge.Record. Records come in the order (usage_start, record_id bytewise) of §4.1. A record of a
// period-level model gives its draws and no line: CycleEnd does. Nothing is allocated for a record whose meter is
// known, but what out needs to grow.
func (r *Rater) Usage(rec *Record, index int32, out *line.Charges) error {
	u := usage{
		Record: rec, product: &r.bk.books.Products[rec.SKU], place: r.place(rec.Region), index: index,
		raw: rec.Quantity, used: rec.Quantity, left: rec.Quantity, drawsFrom: int32(len(out.Draws)),
	}
	if !Summed(u.product) {
		if err := r.measure(&u); err != nil {
			return r.fail(rec, err)
		}
	}
	r.used = u.used
	if len(r.quotas) > 0 && u.product.Draws() {
		if err := r.draw(&u, out); err != nil {
			return r.fail(rec, err)
		}
	}
	u.drawsTo = int32(len(out.Draws))
	if err := r.rate(&u, out); err != nil {
		return r.fail(rec, err)
	}
	return nil
}

// rate prices a record, or takes it back, by its product's model.
func (r *Rater) rate(u *usage, out *line.Charges) error {
	if u.product.Replayed() {
		return r.replayed(u)
	}
	if u.product.FeeApart() && !u.reversed && !u.Withdrawn {
		r.noteMeter(u)
	}
	return r.byModel(u, out)
}

// gathered adds a record to its month-end meter, or takes it from there.
func (r *Rater) gathered(u *usage, out *line.Charges) error {
	if !u.reversed && u.product.FeeAtZero && u.Withdrawn {
		return nil // a withdrawal is no record of the meter
	}
	if !u.reversed {
		return r.gather(u, out.Draws[u.drawsFrom:])
	}
	err := r.ungather(u, out.Draws[u.drawsFrom:])
	out.Draws = out.Draws[:u.drawsFrom]
	return err
}

// replayed takes a record of which the cycle's end makes lines from all records of the meter.
func (r *Rater) replayed(u *usage) error {
	switch {
	case u.product.Prorate:
		return r.prorate(u)
	case u.product.Aggregation == books.TimeWeighted:
		return r.setLevel(u)
	}
	return r.figure(u)
}

// fail says which record could not be rated.
func (r *Rater) fail(rec *Record, err error) error {
	return fmt.Errorf("rate record %s of customer %s, sku %s: %w",
		rec.ID, r.bk.books.Customers[r.customer].ID, r.bk.books.Products[rec.SKU].SKU, err)
}

// price is the version in force at the record's usage_start.
func (r *Rater) price(u *usage) (int32, error) {
	v := r.version(u.SKU, u.place.book, u.Start)
	if v == noVersion {
		return v, noPrice(r.regionNames[u.place.number], u.Start)
	}
	if r.trace != nil {
		r.tracePrice(u.SKU, r.list, u.place.book, r.regionNames[u.place.number], u.Start, v)
	}
	return v, nil
}

// flat prices the whole quantity at the one tier (§4.4).
func (r *Rater) flat(u *usage, out *line.Charges) error {
	v, err := r.price(u)
	if err != nil {
		return err
	}
	ch := line.Charge{
		UsageAmount: u.used.Signed(), Free: u.free.Signed(), Quantity: u.left.Signed(),
		UnitPrice: r.bk.books.Versions[v].Tiers[0].UnitPrice,
		Record:    u.index, Version: v, DrawsFrom: u.drawsFrom, DrawsTo: u.drawsTo, Tier: 1, Kind: line.Usage,
	}
	if u.reversed {
		takeBack(&ch)
	}
	out.List = append(out.List, ch)
	return r.settle(&sale{charge: &out.List[len(out.List)-1], sku: u.SKU, at: u.Start})
}

// graduated cuts the record's interval at the tiers of its version (§4.5).
func (r *Rater) graduated(u *usage, out *line.Charges) error {
	v, err := r.price(u)
	if err != nil {
		return err
	}
	region, resource := r.scope(u.product, u.place.number, u.Resource)
	index, _ := r.meters.find(graduatedMeter, u.SKU, region, resource)
	m := &r.meters.list[index]
	position, end := m.count, m.count
	if u.reversed {
		position, err = end.Sub(u.left)
	} else {
		end, err = position.Add(u.left)
	}
	if err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	after := end
	if u.reversed {
		after = position
	}
	if r.trace != nil {
		r.traceMeter(m, u.left, after, u.reversed)
	}
	m.count = after
	return r.ladder(&climb{
		kind: line.Usage, sku: u.SKU, version: v, at: u.Start, position: position, end: end, reversed: u.reversed,
		free: u.free, drawsFrom: u.drawsFrom, drawsTo: u.drawsTo, record: u.index,
	}, out)
}

package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Record is one usage record in the form that rating needs. Its bytes must be valid only during the call.
type Record struct {
	SKU        int32  // index in books.Products
	Region     int32  // the caller's number of the region, from 0; see NewRater
	Resource   []byte // resource_id
	ID         []byte // record_id
	Name, Tag  []byte // resource_name, resource_tag
	Start, End period.Instant
	Quantity   money.Quantity // absolute value
	Negative   bool           // only for products that accept negative quantities
	Retracted  bool           // a retraction: it replaces another record with quantity 0 (§3.20)
}

// Signed returns the quantity with its sign.
func (r *Record) Signed() money.SignedQuantity {
	if r.Negative {
		return r.Quantity.Signed().Neg()
	}
	return r.Quantity.Signed()
}

// Rater rates one customer after the other. One worker owns it; it reuses its memory. After an error the customer's
// state is undefined until the next Open.
//
// Its parts contain the state of the open customer: meters the counters, packages what was drawn from packages, and
// gathered, levels, figures and prorations what the cycle's end prices. records prices record by record; end prices
// what the other parts have gathered.
type Rater struct {
	// Trace is called for every decision, beginning with the next Open; nil costs nothing.
	Trace func(tariff.DerivationStep)

	client  tariff.Client
	regions regions
	meters  meters

	packages   allowances
	gathered   gathered
	levels     levels
	figures    figures
	prorations prorations
	records    recordPricer
	end        monthEnd

	kept []table.PositionRow // opening positions that rating does not use
	used money.Quantity      // of the last record, in the product's measure
}

// NewRater returns a rater. regionName maps the numbers of Record.Region to names; a number always has the same name.
func NewRater(bk *tariff.Book, regionName func(int32) string) *Rater {
	r := &Rater{client: tariff.Client{Book: bk, Cycle: -1}}
	c, rs, ms := &r.client, &r.regions, &r.meters
	r.regions = regions{book: bk, nameOf: regionName, numbers: map[string]int32{}}
	r.meters = newMeters(c, rs)
	r.packages = allowances{c: c}
	r.gathered = gathered{c: c, regions: rs, meters: ms, packages: &r.packages}
	r.levels = levels{c: c, regions: rs, meters: ms, gathered: &r.gathered}
	r.figures = figures{c: c, regions: rs, meters: ms, gathered: &r.gathered, levels: &r.levels}
	r.prorations = prorations{c: c, regions: rs, meters: ms, gathered: &r.gathered}
	r.records = recordPricer{c: c, regions: rs, meters: ms}
	r.end = monthEnd{c: c, meters: ms, gathered: &r.gathered, figures: &r.figures, prorations: &r.prorations}
	return r
}

// Open starts a customer (index in books.Customers) and a cycle at the given positions: the closing ones of the
// previous day, or those of NextCycle for a new cycle. Positions returns rows of other kinds, and of products and
// packages that are no longer in the books, unchanged.
func (r *Rater) Open(customer int32, cycle period.Cycle, rows []table.PositionRow) error {
	r.client.Serve(customer)
	r.client.Trace = r.Trace
	if cycle != r.client.Cycle {
		r.client.Cycle, r.client.Bounds = cycle, r.client.Book.Books.Zone.Bounds(cycle)
	}
	r.meters.reset()
	r.gathered.list, r.gathered.shares = r.gathered.list[:0], r.gathered.shares[:0]
	r.levels.list, r.prorations.list, r.kept = r.levels.list[:0], r.prorations.list[:0], r.kept[:0]
	r.packages.open()
	for i := range rows {
		if err := r.openRow(&rows[i]); err != nil {
			return fmt.Errorf("open customer %s in %s: %s position of %s: %w",
				r.client.Book.Books.Customers[customer].ID, cycle, kindName(rows[i].Kind), rows[i].Key, err)
		}
	}
	return nil
}

// usage is a record while it is being rated.
type usage struct {
	*Record
	product            *books.Product
	place              place
	index              int32
	raw, used          money.Quantity // what it counts, before and after the conversion of its product
	free, left         money.Quantity // drawn from packages, and what is left to price
	drawsFrom, drawsTo int32
	reversed           bool // it is being reversed (§4.11)
}

// Usage rates one record of the open customer and cycle and appends its lines to out, in order of tier and kind; index
// becomes their Charge.Record. Records must come in the order (usage_start, record_id bytewise) of §4.1. A record of a
// period-level model adds draws but no line: CycleEnd makes the line. For a record with a known meter nothing is
// allocated, except for the growth of out.
func (r *Rater) Usage(rec *Record, index int32, out *table.LineCharges) error {
	u, err := r.begin(rec, index, out)
	if err != nil {
		return err
	}
	if len(r.packages.quotas) > 0 && u.product.Draws() {
		if err := r.packages.draw(&u, out); err != nil {
			return r.fail(rec, err)
		}
	}
	u.drawsTo = int32(len(out.Draws))
	if err := r.rate(&u, out); err != nil {
		return r.fail(rec, err)
	}
	return nil
}

// begin computes what a record counts.
func (r *Rater) begin(rec *Record, index int32, out *table.LineCharges) (usage, error) {
	u := usage{
		Record: rec, product: &r.client.Book.Books.Products[rec.SKU], place: r.regions.place(rec.Region), index: index,
		raw: rec.Quantity, used: rec.Quantity, left: rec.Quantity, drawsFrom: int32(len(out.Draws)),
	}
	if !Summed(u.product) {
		if err := r.records.measure(&u); err != nil {
			return u, r.fail(rec, err)
		}
	}
	r.used = u.used
	return u, nil
}

// Again is Usage for a record that keeps draws that it has: at most what it counts now, and none if its product does
// not draw (§4.11). A record of a period-level model gives its draws and nothing else.
func (r *Rater) Again(rec *Record, drew []table.PackageDraw, index int32, out *table.LineCharges) error {
	u, err := r.begin(rec, index, out)
	if err != nil {
		return err
	}
	if u.product.Draws() {
		if drew, err = cutDraws(drew, u.used); err != nil {
			return r.fail(rec, err)
		}
		out.Draws = append(out.Draws, drew...)
		for _, d := range drew {
			if u.free, err = u.free.Add(d.Quantity); err != nil {
				return r.fail(rec, err)
			}
		}
		if u.left, err = u.used.Sub(u.free); err != nil {
			return r.fail(rec, err)
		}
	}
	u.drawsTo = int32(len(out.Draws))
	if u.product.PeriodLevel() {
		return nil
	}
	if err := r.rate(&u, out); err != nil {
		return r.fail(rec, err)
	}
	return nil
}

// rate prices or reverses a record by its product's model.
func (r *Rater) rate(u *usage, out *table.LineCharges) error {
	if u.product.Replayed() {
		return r.replayed(u)
	}
	if u.product.FeeApart() && !u.reversed && !u.Retracted {
		r.gathered.note(u)
	}
	return r.byModel(u, out)
}

// count adds a record to its month-end meter, or removes it if it is reversed.
func (r *Rater) count(u *usage, out *table.LineCharges) error {
	if !u.reversed && u.product.FeeAtZero && u.Retracted {
		return nil // a retraction is not a record of the meter
	}
	if !u.reversed {
		return r.gathered.add(u, out.Draws[u.drawsFrom:])
	}
	err := r.gathered.takeBack(u, out.Draws[u.drawsFrom:])
	out.Draws = out.Draws[:u.drawsFrom]
	return err
}

// replayed adds a record of a product whose lines the cycle's end computes from all records of the meter.
func (r *Rater) replayed(u *usage) error {
	switch {
	case u.product.Prorate:
		return r.prorations.add(u)
	case u.product.Aggregation == books.TimeWeighted:
		return r.levels.set(u)
	}
	return r.figures.add(u)
}

// fail returns an error that names the record that could not be rated.
func (r *Rater) fail(rec *Record, err error) error {
	return tariff.NotPriced(tariff.OfRecord, fmt.Sprintf("rate record %s of customer %s, sku %s", rec.ID,
		r.client.Book.Books.Customers[r.client.Customer].ID, r.client.Book.Books.Products[rec.SKU].SKU), err)
}

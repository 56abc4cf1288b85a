package day

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// endLine is one month-end line before it is written.
type endLine struct {
	id     string
	object rating.Object
	charge table.Charge
}

// MonthEndFolder writes the month-end lines of the buckets of one worker.
type MonthEndFolder struct {
	samples    *state.SampleFolder
	rater      *rating.Rater
	subscribed [][]int32 // by bucket: customers with rows of subscribers.csv
}

// NewMonthEnd writes month-end lines.
func NewMonthEnd(samples *state.SampleFolder, rater *rating.Rater) *MonthEndFolder {
	return &MonthEndFolder{samples, rater, lake.ByBucket(samples.Books, samples.Buckets, samples.Books.Subscribers,
		func(s *books.Subscriber) int32 { return s.Customer })}
}

// Bucket writes the month-end lines: of volume, block, stairstep and percentile products, of figures, and of fees at
// zero (§4.6, §4.7, §10).
func (w *MonthEndFolder) Bucket(bucket int, cycle period.Cycle) error {
	key := lake.FileKey{Table: "lines", Cycle: lake.CycleOf(cycle), Day: lake.EndDay, Bucket: bucket}
	written := state.NewLineWriter(w.samples.State, key, w.samples.Books.Zone.Bounds(cycle).To-1)
	sums := state.NewLineSumWriter(w.samples.Books)
	closing, earlier, err := w.closing(bucket, cycle)
	if err != nil {
		return err
	}
	defer closing.Close()
	objects, err := w.samples.Measure(bucket, cycle)
	if err != nil {
		return err
	}
	subscribed := w.subscribed[bucket]
	for closing.Customer >= 0 || len(objects) > 0 || len(subscribed) > 0 {
		customer := nextCustomer(closing.Customer, objects, subscribed)
		if len(subscribed) > 0 && subscribed[0] == customer {
			subscribed = subscribed[1:]
		}
		var rows []table.PositionRow
		if closing.Customer == customer {
			if rows, err = closing.Take(); err != nil {
				return err
			}
			if earlier {
				rows = rating.NextCycle(w.samples.Prices, nil, rows, customer, cycle)
			}
		}
		n := 0
		for n < len(objects) && objects[n].Customer == customer {
			n++
		}
		if err := w.endCustomer(customer, cycle, rows, objects[:n], written, sums); err != nil {
			return err
		}
		objects = objects[n:]
	}
	files, err := written.End()
	if err != nil {
		return err
	}
	if err := w.samples.Replace(key, files); err != nil {
		return err
	}
	w.samples.Tally.Lines += written.Rows()
	key.Table = "sums"
	if written.Kept() {
		return w.samples.Replace(key, nil)
	}
	return w.samples.Put(key, sums.Columns().Any())
}

// closing opens the positions at the cycle's end; earlier reports that they are of an earlier cycle.
func (w *MonthEndFolder) closing(bucket int, cycle period.Cycle) (r *state.PositionReader, earlier bool, err error) {
	if w.samples.Books.HasLevels() {
		return w.samples.Opening.Ending(bucket, cycle)
	}
	r, err = w.samples.Opening.CycleEnd(bucket, cycle)
	return r, false, err
}

// nextCustomer returns the lowest customer of the heads of the three lists; closing −1 means none.
func nextCustomer(closing int32, objects []state.MeasuredSlots, subscribed []int32) int32 {
	next := closing
	if len(objects) > 0 && (next < 0 || objects[0].Customer < next) {
		next = objects[0].Customer
	}
	if len(subscribed) > 0 && (next < 0 || subscribed[0] < next) {
		next = subscribed[0]
	}
	return next
}

// endCustomer writes one customer's month-end lines in order of id, tier and kind.
func (w *MonthEndFolder) endCustomer(customer int32, cycle period.Cycle, rows []table.PositionRow,
	objects []state.MeasuredSlots,
	written *state.LineWriter, sums *state.LineSumWriter) error {
	var charges table.LineCharges
	var about []rating.Object
	if err := w.rater.Open(customer, cycle, rows); err != nil {
		return err
	}
	w.rater.Subscribe()
	if err := w.rater.CycleEnd(&charges, &about); err != nil {
		return err
	}
	if err := w.conserveGathered(customer, cycle, rows, &charges, about); err != nil {
		return err
	}
	for i := range objects {
		objects[i].Record = int32(len(about))
		about = append(about, rating.Object{SKU: objects[i].SKU, Region: objects[i].Region,
			Resource: objects[i].Object})
		if err := w.samples.Prices.PercentileCharges(&objects[i].Bandwidth, nil, &charges); err != nil {
			return err
		}
	}
	list := make([]endLine, len(charges.List))
	for i, ch := range charges.List {
		o := about[ch.Record]
		list[i] = endLine{table.MonthEndID(cycle, w.samples.Books.Products[o.SKU].SKU, o.Region, o.Resource), o, ch}
	}
	slices.SortStableFunc(list, func(a, b endLine) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.charge.Tier, b.charge.Tier),
			cmp.Compare(a.charge.Kind, b.charge.Kind))
	})
	bounds := w.samples.Books.Zone.Bounds(cycle)
	sums.Open(customer)
	for i := range list {
		l := &list[i]
		what := state.Consumption{Customer: customer, SKU: l.object.SKU, Region: l.object.Region, RegionCode: -1,
			ID: []byte(l.id), Resource: []byte(l.object.Resource), Name: []byte(l.object.Name),
			Tag: []byte(l.object.Tag), Start: bounds.From, End: bounds.To, Instant: bounds.From}
		if err := written.Add(&what, &l.charge, charges.Draws); err != nil {
			return err
		}
		if err := sums.Add(&l.charge); err != nil {
			return err
		}
	}
	sums.Close()
	return nil
}

// conserveGathered checks that a customer's month-end lines hold exactly the gathered quantities.
func (w *MonthEndFolder) conserveGathered(customer int32, cycle period.Cycle, rows []table.PositionRow,
	charges *table.LineCharges, about []rating.Object) error {
	var used, billed money.QuantityTotal
	for i := range rows {
		if rows[i].Kind != table.GatherPosition {
			continue
		}
		usage := rows[i].Usage.Signed()
		if sku := w.samples.Books.SKU(rows[i].Key); sku >= 0 {
			var err error
			if usage, err = rating.EndUsage(&w.samples.Books.Products[sku], &rows[i]); err != nil {
				return err
			}
		}
		if err := used.AddSigned(usage); err != nil {
			return err
		}
	}
	for i := range charges.List {
		sku := about[charges.List[i].Record].SKU
		if w.samples.Books.Products[sku].Aggregation == books.TimeWeighted {
			continue // levels are not quantities of records
		}
		if err := billed.AddSigned(charges.List[i].UsageAmount); err != nil {
			return err
		}
	}
	if used.Cmp(billed) != 0 {
		return &state.ConservationError{Where: fmt.Sprintf("month-end of %s, customer %s", cycle,
			w.samples.Books.Customers[customer].ID),
			Used: used.String(), Billed: billed.String()}
	}
	return nil
}

package fold

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// EndDay is the day of month-end lines.
const EndDay = "end"

// endLine is one month-end line before it is written.
type endLine struct {
	id     string
	object rating.Object
	charge line.Charge
}

// monthEnd writes the lines of volume, block, stairstep and percentile products (§4.6, §4.7).
func (w *worker) monthEnd(bucket int, cycle period.Cycle) error {
	key := lake.FileKey{Table: "lines", Cycle: cycle.String(), Day: EndDay, Bucket: bucket}
	lines := w.newLineWriter(key, w.Books.Zone.Bounds(cycle).To-1)
	sums := newSumWriter(w.Folder)
	closing, err := w.opening.CycleEnd(bucket, cycle)
	if err != nil {
		return err
	}
	defer closing.Close()
	objects, err := w.measure(bucket, cycle)
	if err != nil {
		return err
	}
	for closing.Customer >= 0 || len(objects) > 0 {
		customer := nextCustomer(closing.Customer, objects)
		var rows []position.Row
		if closing.Customer == customer {
			if rows, err = closing.Take(); err != nil {
				return err
			}
		}
		n := 0
		for n < len(objects) && objects[n].Customer == customer {
			n++
		}
		if err := w.endCustomer(customer, cycle, rows, objects[:n], lines, sums); err != nil {
			return err
		}
		objects = objects[n:]
	}
	written, err := lines.finish()
	if err != nil {
		return err
	}
	if err := w.replace(key, written); err != nil {
		return err
	}
	w.mu.Lock()
	w.result.Lines += lines.rows
	w.mu.Unlock()
	key.Table = "sums"
	added, err := tablefile.Write(w.Txn, key, sums.columns(), nil)
	if err != nil {
		return err
	}
	return w.replace(key, added)
}

func nextCustomer(closing int32, objects []measured) int32 {
	if len(objects) == 0 || (closing >= 0 && closing < objects[0].Customer) {
		return closing
	}
	return objects[0].Customer
}

// endCustomer writes one customer's month-end lines in order of id, tier and kind.
func (w *worker) endCustomer(customer int32, cycle period.Cycle, rows []position.Row, objects []measured,
	lines *lineWriter, sums *sumWriter) error {
	var charges line.Charges
	var about []rating.Object
	if err := w.rater.Open(customer, cycle, rows); err != nil {
		return err
	}
	if err := w.rater.CycleEnd(&charges, &about); err != nil {
		return err
	}
	if err := w.conserveGathered(customer, cycle, rows, &charges); err != nil {
		return err
	}
	for i := range objects {
		objects[i].Record = int32(len(about))
		about = append(about, rating.Object{SKU: objects[i].SKU, Region: objects[i].Region,
			Resource: objects[i].object})
		if err := w.Prices.PercentileCharges(&objects[i].Bandwidth, nil, &charges); err != nil {
			return err
		}
	}
	list := make([]endLine, len(charges.List))
	for i, ch := range charges.List {
		o := about[ch.Record]
		list[i] = endLine{EndID(cycle, w.Books.Products[o.SKU].SKU, o.Region, o.Resource), o, ch}
	}
	slices.SortStableFunc(list, func(a, b endLine) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.charge.Tier, b.charge.Tier),
			cmp.Compare(a.charge.Kind, b.charge.Kind))
	})
	bounds := w.Books.Zone.Bounds(cycle)
	sums.open(customer)
	for i := range list {
		l := &list[i]
		what := consumption{customer: customer, sku: l.object.SKU, region: l.object.Region, regionCode: -1,
			id:       []byte(l.id),
			resource: []byte(l.object.Resource), name: []byte(l.object.Name), tag: []byte(l.object.Tag),
			start: bounds.From, end: bounds.To, instant: bounds.From}
		if err := lines.add(&what, &l.charge, charges.Draws); err != nil {
			return err
		}
		if err := sums.add(&l.charge); err != nil {
			return err
		}
	}
	sums.close()
	return nil
}

// conserveGathered checks that a customer's month-end lines hold exactly what was gathered for them.
func (w *worker) conserveGathered(customer int32, cycle period.Cycle, rows []position.Row,
	charges *line.Charges) error {
	var used, billed money.QuantityTotal
	for i := range rows {
		if rows[i].Kind != position.Gather {
			continue
		}
		usage := rows[i].Usage
		if sku := w.Books.SKU(rows[i].Key); sku >= 0 {
			var err error
			if usage, err = rating.EndUsage(&w.Books.Products[sku], &rows[i]); err != nil {
				return err
			}
		}
		if err := used.Add(usage); err != nil {
			return err
		}
	}
	for i := range charges.List {
		if err := billed.AddSigned(charges.List[i].UsageAmount); err != nil {
			return err
		}
	}
	if used.Cmp(billed) != 0 {
		return &ConservationError{fmt.Sprintf("month-end of %s, customer %s", cycle, w.Books.Customers[customer].ID),
			used.String(), billed.String()}
	}
	return nil
}

// EndID is the id of a month-end line (§5): cycle/sku/region/object.
func EndID(cycle period.Cycle, sku, region, object string) string {
	return cycle.String() + "/" + sku + "/" + region + "/" + object
}

// measured is a billing object with its percentile.
type measured struct {
	rating.Bandwidth
	object string // link or group
	Result percentile.Result
}

// measure works out the percentile of every billing object of the bucket's customers, in order of customer, sku,
// region, object.
func (w *worker) measure(bucket int, cycle period.Cycle) ([]measured, error) {
	return w.measureWith(bucket, cycle, nil, nil)
}

// measureWith is measure for the objects of some keys; nil = all. newer are samples that take the place of the stored
// ones of their slots.
func (w *worker) measureWith(bucket int, cycle period.Cycle, keys map[measure.Key]bool, newer map[slotKey]*lateSample) (
	[]measured, error) {
	objects := measure.Gather(w.Books, cycle, func(l *books.Link) bool {
		return (keys == nil || keys[measure.KeyOf(l)]) && place.Bucket(w.Books.Customers[l.Customer].ID,
			w.Buckets) == bucket
	})
	if objects.Len() == 0 {
		return nil, nil
	}
	lost, err := w.straysOf(cycle.String(), "")
	if err != nil {
		return nil, err
	}
	meter := percentile.NewMeter(w.Books.Zone, cycle)
	out := make([]measured, 0, objects.Len())
	stored := w.filesOf(cycle.String(), bucket, tables.Bandwidth().Name)
	err = w.samplesLake().Each(objects, stored, lost, w.newerOf(cycle, newer),
		func(key measure.Key, o *percentile.Object) error {
			result, err := meter.Measure(w.policyOf(key.SKU), o)
			out = append(out, measured{
				Bandwidth: rating.Bandwidth{Customer: key.Customer, SKU: key.SKU, Region: key.Region, Cycle: cycle,
					Quantity: result.Quantity},
				object: key.Object, Result: result,
			})
			return err
		})
	return out, err
}

// newerOf are the samples of a cycle that took a slot's place.
func (w *worker) newerOf(cycle period.Cycle, newer map[slotKey]*lateSample) []measure.Sample {
	var out []measure.Sample
	for _, one := range newer {
		if w.Books.Zone.Cycle(one.slot) == cycle {
			out = append(out, measure.Sample{Link: one.link, Slot: one.slot, Sample: one.Sample})
		}
	}
	return out
}

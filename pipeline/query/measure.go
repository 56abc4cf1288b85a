package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/ingest"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Measured is how the quantity of a percentile line came about (spec §4.7). Values are in Mbps, exact, as decimals where they
// end and else as fractions.
type Measured struct {
	CustomerID string         `json:"customer_id"`
	SKU        string         `json:"sku"`
	Region     string         `json:"region_code"`
	Object     string         `json:"object"`
	Policy     string         `json:"policy"`
	Method     string         `json:"method"`
	Points     int            `json:"points"`
	Index      int            `json:"index"` // of the value among the points, largest first, from 0; -1 where the method has none
	Value      string         `json:"value"` // before the commit
	Slot       string         `json:"slot,omitempty"`
	ValidDays  int            `json:"valid_days"`
	Days       int            `json:"days"` // that the quantity is shared over, of MonthDays
	MonthDays  int            `json:"month_days"`
	Commit     money.Quantity `json:"commit"`
	Billed     string         `json:"billed"` // the larger of value and commit
	Quantity   money.Quantity `json:"quantity"`
}

// objectKey is what a billing object is made by.
type objectKey struct {
	customer, sku  int32
	region, object string
}

// object is a billing object while its samples are read.
type object struct{ links map[string]*link }

type link struct {
	percentile.Link
	in, out []money.Quantity
}

// Measure measures the billing objects of a customer ("" = of all) from the samples of the state and today's books, in order of
// customer, sku, region and object.
func Measure(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle, customer string) ([]Measured, error) {
	month, err := period.ParseCycle(cycle)
	if err != nil {
		return nil, err
	}
	objects := billingObjects(b, month, customer)
	if len(objects) == 0 {
		return nil, nil
	}
	if err := readSamples(ctx, snap, b, cycle, customer, objects); err != nil {
		return nil, err
	}
	keys := make([]objectKey, 0, len(objects))
	for k := range objects {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y objectKey) int {
		return cmp.Or(cmp.Compare(x.customer, y.customer), cmp.Compare(x.sku, y.sku), cmp.Compare(x.region, y.region), cmp.Compare(x.object, y.object))
	})
	meter := percentile.NewMeter(b.Zone, month)
	out := make([]Measured, 0, len(keys))
	for _, k := range keys {
		policy := &b.Policies[b.Policy(b.Products[k.sku].Policy)] // the books' reader has checked that there is one
		r, err := meter.Measure(policy, objects[k].finish())
		if err != nil {
			return nil, fmt.Errorf("measure %s of customer %s: %w", k.object, b.Customers[k.customer].ID, err)
		}
		out = append(out, shown(b, policy, k, &r))
	}
	return out, nil
}

func shown(b *books.Books, policy *books.Policy, k objectKey, r *percentile.Result) Measured {
	m := Measured{
		CustomerID: b.Customers[k.customer].ID, SKU: b.Products[k.sku].SKU, Region: k.region, Object: k.object, Policy: policy.ID,
		Method: r.Method.String(), Points: r.Points, Index: r.Index, Value: ratText(r.Value), ValidDays: r.ValidDays, Days: r.Days,
		MonthDays: r.MonthDays, Commit: r.Commit, Billed: ratText(r.Billed), Quantity: r.Quantity,
	}
	if r.HasSlot {
		m.Slot = r.Slot.Start().String()
	}
	return m
}

// ratText is a rational as a decimal where that ends, else as a fraction.
func ratText(r *big.Rat) string {
	if r == nil {
		return "0"
	}
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return r.RatString()
}

// billingObjects are the objects that links.csv has in force in the cycle.
func billingObjects(b *books.Books, month period.Cycle, customer string) map[objectKey]*object {
	bounds := b.Zone.Bounds(month)
	only := b.Customer(customer)
	objects := make(map[objectKey]*object)
	for i := range b.Links {
		l := &b.Links[i]
		if !l.Valid.Overlaps(bounds) || customer != "" && l.Customer != only {
			continue
		}
		k := keyOf(l)
		if objects[k] == nil {
			objects[k] = &object{links: make(map[string]*link)}
		}
		at := objects[k].links[l.ResourceID]
		if at == nil {
			at = &link{}
			objects[k].links[l.ResourceID] = at
		}
		at.Terms = append(at.Terms, percentile.Term{Valid: l.Valid, Size: l.SizeMbps, Commit: l.CommitMbps})
	}
	return objects
}

// keyOf is the object that a row of links.csv belongs to.
func keyOf(l *books.Link) objectKey {
	if l.Group != "" {
		return objectKey{l.Customer, l.SKU, l.Region, l.Group}
	}
	return objectKey{l.Customer, l.SKU, l.Region, l.ResourceID}
}

// readSamples gives the samples of the cycle to the object of their link's row at their slot.
func readSamples(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle, customer string, objects map[objectKey]*object) error {
	files, err := filesOf(snap, cycle, tables.Bandwidth().Name)
	if err != nil {
		return err
	}
	bucket := ingest.Bucket(customer, max(1, snap.Manifest.Buckets))
	for _, e := range files {
		if customer != "" && e.Bucket != bucket {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := readSampleFile(snap, b, e, customer, objects); err != nil {
			return err
		}
	}
	return nil
}

func readSampleFile(snap *lake.Snapshot, b *books.Books, e lake.FileEntry, customer string, objects map[objectKey]*object) (err error) {
	f, err := snap.Open(e)
	if err != nil {
		return err
	}
	o := samplesOrder()
	c, err := openCursor(e.Path, f, tables.Bandwidth(), &o, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if customer != "" {
		c.narrow(tables.BCustomerID, customer)
	}
	for {
		ok, err := c.next()
		if err != nil || !ok {
			return err
		}
		if err := assign(b, c.row, objects); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
}

// assign adds a sample to its object. One whose link has no row in force any more counts nowhere.
func assign(b *books.Books, row Row, objects map[objectKey]*object) error {
	slot, id := row.Time(tables.BSlot), row.Word(tables.BResourceID)
	l, ok := b.LinkAt(id, slot)
	if !ok || objects[keyOf(l)] == nil {
		return nil
	}
	in, err := row.Quantity(tables.BIn)
	if err != nil {
		return err
	}
	out, err := row.Quantity(tables.BOut)
	if err != nil {
		return err
	}
	at := objects[keyOf(l)].links[id]
	at.Slots = append(at.Slots, percentile.SlotOf(slot))
	at.in, at.out = append(at.in, in.Abs()), append(at.out, out.Abs())
	return nil
}

// finish gives the object as package percentile wants it: links by id, slots ascending, whole numbers where all are.
func (o *object) finish() *percentile.Object {
	ids := make([]string, 0, len(o.links))
	for id := range o.links {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := &percentile.Object{}
	for _, id := range ids {
		l := o.links[id]
		in, okIn := wholes(l.in)
		outward, okOut := wholes(l.out)
		if okIn && okOut {
			l.In, l.Out = in, outward
		} else {
			l.InExact, l.OutExact = l.in, l.out
		}
		out.Links = append(out.Links, l.Link)
	}
	return out
}

// wholes are the values as integers, if all are whole.
func wholes(values []money.Quantity) ([]int64, bool) {
	out := make([]int64, len(values))
	for i, q := range values {
		n, ok := q.Whole()
		if !ok {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

package state

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// MeasureKey identifies a billing object (§4.7). Customer and SKU are indexes in the books; Object is the group, or a
// link that is in no group.
type MeasureKey struct {
	Customer, SKU  int32
	Region, Object string
}

// Compare orders keys by customer, sku, region and object.
func (k MeasureKey) Compare(o MeasureKey) int {
	return cmp.Or(cmp.Compare(k.Customer, o.Customer), cmp.Compare(k.SKU, o.SKU), cmp.Compare(k.Region, o.Region),
		cmp.Compare(k.Object, o.Object))
}

// MeasureKeyOf returns the key of the object to which a row of links.csv belongs.
func MeasureKeyOf(l *books.Link) MeasureKey {
	if l.Group != "" {
		return MeasureKey{l.Customer, l.SKU, l.Region, l.Group}
	}
	return MeasureKey{l.Customer, l.SKU, l.Region, l.ResourceID}
}

// MeasuredObjects are the billing objects of a cycle while their samples are read.
type MeasuredObjects struct {
	books *books.Books
	byKey map[MeasureKey]map[string]*link // the links of each object, by resource_id
	free  []values                        // memory of finished objects
}

// link is one link's part in an object.
type link struct {
	terms []percentile.Term
	values
}

// values are a link's samples by slot, in bits per second. They are stored as integers if all are whole numbers.
type values struct {
	slots             []percentile.Slot
	in, out           []int64
	inExact, outExact []money.Quantity
}

// add appends a sample.
func (v *values) add(slot percentile.Slot, in, out money.Quantity) {
	v.slots = append(v.slots, slot)
	if v.inExact == nil {
		wholeIn, okIn := in.Whole()
		wholeOut, okOut := out.Whole()
		if okIn && okOut {
			v.in, v.out = append(v.in, wholeIn), append(v.out, wholeOut)
			return
		}
		v.inExact, v.outExact = exact(v.in), exact(v.out)
		v.in, v.out = nil, nil
	}
	v.inExact, v.outExact = append(v.inExact, in), append(v.outExact, out)
}

// exact converts whole numbers to quantities; the result is never nil.
func exact(whole []int64) []money.Quantity {
	out := make([]money.Quantity, 0, len(whole)+1)
	for _, n := range whole {
		q, err := money.QuantityFromInt(n)
		if err != nil {
			panic(err) // impossible: it was a quantity before
		}
		out = append(out, q)
	}
	return out
}

// GatherObjects returns the objects of links that are in force in the cycle, without samples. wanted selects links; nil
// selects all.
func GatherObjects(b *books.Books, cycle period.Cycle, wanted func(*books.Link) bool) *MeasuredObjects {
	bounds := b.Zone.Bounds(cycle)
	o := &MeasuredObjects{books: b, byKey: make(map[MeasureKey]map[string]*link)}
	for i := range b.Links {
		l := &b.Links[i]
		if !l.Valid.Overlaps(bounds) || wanted != nil && !wanted(l) {
			continue
		}
		links := o.byKey[MeasureKeyOf(l)]
		if links == nil {
			links = make(map[string]*link)
			o.byKey[MeasureKeyOf(l)] = links
		}
		if links[l.ResourceID] == nil {
			links[l.ResourceID] = &link{}
		}
		part := links[l.ResourceID]
		part.terms = append(part.terms, percentile.Term{Valid: l.Valid, Size: l.SizeMbps, Commit: l.CommitMbps})
	}
	return o
}

// Len is the number of objects.
func (o *MeasuredObjects) Len() int { return len(o.byKey) }

// Keys are the objects in order.
func (o *MeasuredObjects) Keys() []MeasureKey {
	return slices.SortedFunc(maps.Keys(o.byKey), MeasureKey.Compare)
}

// Links are the links of an object by resource_id.
func (o *MeasuredObjects) Links(k MeasureKey) []string { return slices.Sorted(maps.Keys(o.byKey[k])) }

// Add adds a sample of a link, whose slot starts at slot, to its object. It reports whether there is an object.
func (o *MeasuredObjects) Add(resource string, slot period.Instant, in, out money.Quantity) bool {
	l, ok := o.books.Links.At(resource, slot)
	if !ok {
		return false
	}
	part := o.byKey[MeasureKeyOf(l)][resource]
	if part == nil {
		return false
	}
	o.give(part, percentile.SlotOf(slot), in, out)
	return true
}

// give adds a sample to a link's part. It reuses memory of finished objects.
func (o *MeasuredObjects) give(part *link, slot percentile.Slot, in, out money.Quantity) {
	if n := len(o.free); part.slots == nil && n > 0 {
		part.values, o.free = o.free[n-1], o.free[:n-1]
	}
	part.add(slot, in, out)
}

// Object returns one object with its samples for package percentile: links by id, as integers if all are whole numbers.
// It is valid until Forget.
func (o *MeasuredObjects) Object(k MeasureKey) *percentile.Object {
	out := &percentile.Object{}
	for _, id := range o.Links(k) {
		part := o.byKey[k][id]
		out.Links = append(out.Links, percentile.Link{Terms: part.terms, Slots: part.slots,
			In: part.in, Out: part.out, InExact: part.inExact, OutExact: part.outExact})
	}
	return out
}

// Forget removes an object's samples, so that their memory can be reused.
func (o *MeasuredObjects) Forget(k MeasureKey) {
	for _, part := range o.byKey[k] {
		if cap(part.in) > 0 {
			o.free = append(o.free, values{slots: part.slots[:0], in: part.in[:0], out: part.out[:0]})
		}
		part.values = values{}
	}
}

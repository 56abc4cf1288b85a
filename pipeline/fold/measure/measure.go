package measure

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Key is what a billing object is made by (§4.7). Customer and SKU are indexes in the books; Object is the group,
// or the link that is in none.
type Key struct {
	Customer, SKU  int32
	Region, Object string
}

// Compare puts keys in order of customer, sku, region and object.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Customer, o.Customer), cmp.Compare(k.SKU, o.SKU), cmp.Compare(k.Region, o.Region),
		cmp.Compare(k.Object, o.Object))
}

// KeyOf is the object that a row of links.csv belongs to.
func KeyOf(l *books.Link) Key {
	if l.Group != "" {
		return Key{l.Customer, l.SKU, l.Region, l.Group}
	}
	return Key{l.Customer, l.SKU, l.Region, l.ResourceID}
}

// Objects are the billing objects of a cycle while their samples are read.
type Objects struct {
	books *books.Books
	byKey map[Key]map[string]*link // the links of each object, by resource_id
	free  []values                 // of objects that are done with
}

// link is one link's part in an object.
type link struct {
	terms []percentile.Term
	values
}

// values are a link's samples by slot, in bits per second: whole numbers as long as all are.
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

// exact are whole numbers as quantities; the result is never nil.
func exact(whole []int64) []money.Quantity {
	out := make([]money.Quantity, 0, len(whole)+1)
	for _, n := range whole {
		q, err := money.QuantityFromInt(n)
		if err != nil {
			panic(err) // it was made of a quantity
		}
		out = append(out, q)
	}
	return out
}

// Gather finds the objects that links.csv has in force in the cycle, as yet without samples. wanted picks some of them;
// nil takes all.
func Gather(b *books.Books, cycle period.Cycle, wanted func(*books.Link) bool) *Objects {
	bounds := b.Zone.Bounds(cycle)
	o := &Objects{books: b, byKey: make(map[Key]map[string]*link)}
	for i := range b.Links {
		l := &b.Links[i]
		if !l.Valid.Overlaps(bounds) || wanted != nil && !wanted(l) {
			continue
		}
		links := o.byKey[KeyOf(l)]
		if links == nil {
			links = make(map[string]*link)
			o.byKey[KeyOf(l)] = links
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
func (o *Objects) Len() int { return len(o.byKey) }

// Keys are the objects in order.
func (o *Objects) Keys() []Key { return slices.SortedFunc(maps.Keys(o.byKey), Key.Compare) }

// Links are the links of an object by resource_id.
func (o *Objects) Links(k Key) []string { return slices.Sorted(maps.Keys(o.byKey[k])) }

// Add gives a sample of a link, whose slot starts at the given instant, to its object, and reports whether it has one.
func (o *Objects) Add(resource string, slot period.Instant, in, out money.Quantity) bool {
	l, ok := o.books.Links.At(resource, slot)
	if !ok {
		return false
	}
	part := o.byKey[KeyOf(l)][resource]
	if part == nil {
		return false
	}
	o.give(part, percentile.SlotOf(slot), in, out)
	return true
}

// give adds a sample to a link's part, in memory of objects that are done with as long as there is some.
func (o *Objects) give(part *link, slot percentile.Slot, in, out money.Quantity) {
	if n := len(o.free); part.slots == nil && n > 0 {
		part.values, o.free = o.free[n-1], o.free[:n-1]
	}
	part.add(slot, in, out)
}

// Object is one object with the samples it was given, as package percentile wants it: links by id, whole numbers where
// all are. It holds until Forget.
func (o *Objects) Object(k Key) *percentile.Object {
	out := &percentile.Object{}
	for _, id := range o.Links(k) {
		part := o.byKey[k][id]
		out.Links = append(out.Links, percentile.Link{Terms: part.terms, Slots: part.slots,
			In: part.in, Out: part.out, InExact: part.inExact, OutExact: part.outExact})
	}
	return out
}

// Forget takes an object's samples away, for others to use their memory.
func (o *Objects) Forget(k Key) {
	for _, part := range o.byKey[k] {
		if cap(part.in) > 0 {
			o.free = append(o.free, values{slots: part.slots[:0], in: part.in[:0], out: part.out[:0]})
		}
		part.values = values{}
	}
}

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

// Key is what a billing object is made by (spec §4.7). Customer and SKU are indexes in the books; Object is the group, or
// the link that is in none.
type Key struct {
	Customer, SKU  int32
	Region, Object string
}

// Compare puts keys in order of customer, sku, region and object.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Customer, o.Customer), cmp.Compare(k.SKU, o.SKU), cmp.Compare(k.Region, o.Region), cmp.Compare(k.Object, o.Object))
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
}

// link is one link's part in an object. in and out are bits per second, by slot.
type link struct {
	terms   []percentile.Term
	slots   []percentile.Slot
	in, out []money.Quantity
}

// Gather finds the objects that links.csv has in force in the cycle, as yet without samples. wanted picks some of them; nil
// takes all.
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
	l, ok := o.books.LinkAt(resource, slot)
	if !ok {
		return false
	}
	part := o.byKey[KeyOf(l)][resource]
	if part == nil {
		return false
	}
	part.slots = append(part.slots, percentile.SlotOf(slot))
	part.in, part.out = append(part.in, in), append(part.out, out)
	return true
}

// Object is one object with the samples it was given, as package percentile wants it: links by id, whole numbers where all
// are.
func (o *Objects) Object(k Key) *percentile.Object {
	out := &percentile.Object{}
	for _, id := range o.Links(k) {
		part := o.byKey[k][id]
		l := percentile.Link{Terms: part.terms, Slots: part.slots}
		in, okIn := wholes(part.in)
		outward, okOut := wholes(part.out)
		if okIn && okOut {
			l.In, l.Out = in, outward
		} else {
			l.InExact, l.OutExact = part.in, part.out
		}
		out.Links = append(out.Links, l)
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

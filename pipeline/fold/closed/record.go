package closed

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Key is a record's identity (§3.20).
type Key struct {
	Customer int32
	Origin   period.Cycle // the record's own cycle
	ID       string
}

// Record is a usage record of a closed cycle.
type Record struct {
	rating.Record
	Customer int32
	Origin   period.Cycle
	Replaces string              // record_id of the record that it replaces; "" = none
	AsOf     period.Instant      // clock of the run that accepted it, if it is late
	Free     money.Quantity      // what it drew when it was billed
	Draws    []table.PackageDraw // from which packages of the books
	Lines    bool                // the close of its cycle made lines of this record alone
}

// Key is the record's identity.
func (r *Record) Key() Key { return Key{r.Customer, r.Origin, string(r.ID)} }

// Target is the identity of the record that it replaces.
func (r *Record) Target() Key { return Key{r.Customer, r.Origin, r.Replaces} }

// Draw sets what the record drew.
func (r *Record) Draw(draws []table.PackageDraw) (err error) {
	r.Draws, r.Free = slices.Clone(draws), money.Quantity{}
	for _, d := range draws {
		if r.Free, err = r.Free.Add(d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// Compare compares records by customer, then in the order of §4.1.
func (r *Record) Compare(o *Record) int {
	return cmp.Or(cmp.Compare(r.Customer, o.Customer), cmp.Compare(r.Start, o.Start), bytes.Compare(r.ID, o.ID))
}

// Entry is a record to bill or to reverse.
type Entry struct {
	*Record
	Reversal bool
	By       *Record // if this is a reversal: the record that replaces it
}

// Pending lists the entries of the late records of an open cycle, in order (LATE-2). own are all these records,
// including replaced ones. billed finds the record at the root of a chain: a record of a closed cycle or an earlier
// late record of one.
func Pending(own []*Record, billed func(Key) (*Record, error)) ([]Entry, error) {
	byKey, dead := make(map[Key]*Record, len(own)), make(map[Key]bool)
	for _, r := range own {
		byKey[r.Key()] = r
		if r.Replaces != "" {
			dead[r.Target()] = true
		}
	}
	list := slices.Clone(own)
	slices.SortFunc(list, (*Record).Compare)
	var out []Entry
	for _, r := range list {
		if dead[r.Key()] {
			continue
		}
		root := r
		for root != nil && root.Replaces != "" {
			next := byKey[root.Target()]
			if next == nil {
				old, err := billed(root.Target())
				if err != nil {
					return nil, err
				}
				out = append(out, Entry{old, true, r})
			}
			root = next
		}
		out = append(out, Entry{Record: r})
	}
	return out, nil
}

// ReadDraws sets what the record drew from the text in a line or table. Draws omits packages that the books no longer
// contain: re-rating has given these draws back (§3.7).
func (r *Record) ReadDraws(b *books.Books, text string) error {
	r.Draws, r.Free = nil, money.Quantity{}
	return table.EachPackageDraw(text, money.ParseQuantity, func(id string, q money.Quantity) (err error) {
		if p := b.Packages.At(r.Customer, id, r.Start); p >= 0 {
			r.Draws = append(r.Draws, table.PackageDraw{Package: p, Quantity: q})
		}
		r.Free, err = r.Free.Add(q)
		return err
	})
}

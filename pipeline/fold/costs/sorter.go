package costs

import (
	"bytes"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// sortedBytes is the number of bytes of groups that a worker or a sorter has in memory.
const sortedBytes = 16 << 20

// sorter holds groups beyond the memory of groupers: those of a delivery by key, to which several workers add, or those
// of a cycle in the order in which they are priced.
type sorter struct {
	*rows.Sorter
	mu    sync.Mutex
	limit int // bytes in memory
	group []byte
}

// add adds a group.
func (s *sorter) add(key []byte, g *group) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := rows.WriteSortValue(s.group[:0])
	if err := g.code(v); err != nil {
		return err
	}
	s.group = v.Bytes()
	return s.Add(key, s.group)
}

// each visits the complete groups of a delivery. With grain row it numbers equal rows.
func (s *sorter) each(d *Delivery, grain settings.CostGrain, visit func(*group) error) error {
	var one *group
	var at []byte
	copies := 0
	for in := s.Read(); ; {
		key, value, ok, err := in.Next()
		same := ok && one != nil && bytes.Equal(key, at)
		if err == nil && one != nil && (!same || grain == settings.CostRow) {
			one.identify(d, grain, at, copies)
			err = visit(one)
		}
		if err != nil || !ok {
			return err
		}
		next, err := groupOf(value)
		if err != nil {
			return err
		}
		switch {
		case same && grain != settings.CostRow:
			if err := one.add(next); err != nil {
				return err
			}
			continue
		case same:
			copies++
		default:
			at, copies = append(at[:0], key...), 1
		}
		one = next
	}
}

// pricedGroups reads the groups of a cycle in the order in which they are priced.
type pricedGroups struct {
	in  *rows.SortedReader
	one *group // nil = there are no more
}

func (p *pricedGroups) next() error {
	_, value, ok, err := p.in.Next()
	if p.one = nil; ok && err == nil {
		p.one, err = groupOf(value)
	}
	return err
}

func groupOf(value []byte) (*group, error) {
	g := new(group)
	return g, g.code(rows.ReadSortValue(value))
}

// code writes or reads what is known of a group before it is priced.
func (g *group) code(v *rows.SortValue) (err error) {
	n := [...]int64{int64(g.customer), int64(g.sku), int64(g.day), int64(g.column), int64(g.rule), int64(g.markup),
		g.rows, int64(g.start), int64(g.end), int64(g.source)}
	for i := range n {
		v.Number(&n[i])
	}
	g.customer, g.sku, g.day, g.column = int32(n[0]), int32(n[1]), period.Day(n[2]), books.CostColumn(n[3])
	g.rule, g.markup, g.rows = int32(n[4]), int32(n[5]), n[6]
	g.start, g.end, g.source = period.Instant(n[7]), period.Instant(n[8]), int32(n[9])
	for i := range g.values {
		hi, low := g.values[i].Raw()
		lo, has := int64(low), int64(0)
		if g.has[i] {
			has = 1
		}
		v.Number(&hi)
		v.Number(&lo)
		v.Number(&has)
		g.has[i] = has == 1
		if g.values[i], err = money.CostFromRaw(hi, uint64(lo)); err != nil {
			return err
		}
	}
	for i := range g.texts {
		v.Text(&g.texts[i])
	}
	for i := range g.verbatim {
		v.Text(&g.verbatim[i])
	}
	v.Text(&g.id)
	return v.Err()
}

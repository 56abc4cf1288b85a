package commitments

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// touchedRows are commitments that count a line which is billed late, by the cycles in which their windows end.
type touchedRows map[*books.Commitment]map[period.Cycle]bool

// cycles are all cycles of touched commitments, ascending.
func (t touchedRows) cycles() []period.Cycle {
	var out []period.Cycle
	for _, set := range t {
		for c := range set {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leave makes a cycle one of which nothing is touched.
func (t touchedRows) leave(cycle period.Cycle) {
	for _, set := range t {
		delete(set, cycle)
	}
}

// bills reports whether one of the touched rows of a customer takes the place of a line that was billed for a cycle: a
// row of its commitment, in force in its windows.
func (t touchedRows) bills(rows []books.Commitment, cycle period.Cycle, c *measure.Counted) bool {
	for i := range rows {
		if row := &rows[i]; t[row][cycle] && row.ID == c.By && row.Valid.Overlaps(c.Windows) {
			return true
		}
	}
	return false
}

// spanned touches the rows that one line, which closed cycles billed for a cycle, spans with a touched row of its commitment: they take its
// place together. It spans several if rows of the books were split since.
func (t touchedRows) spanned(rows []books.Commitment, cycle, lateIn period.Cycle, counted []measure.Counted) {
	for again := true; again; {
		again = false
		for i := range counted {
			c := &counted[i]
			if c.By == "" || c.Origin != cycle || c.Cycle == lateIn || !t.bills(rows, cycle, c) {
				continue
			}
			for j := range rows {
				row := &rows[j]
				if row.ID != c.By || !row.Valid.Overlaps(c.Windows) || t[row][cycle] {
					continue
				}
				if t[row] == nil {
					t[row] = make(map[period.Cycle]bool)
				}
				t[row][cycle], again = true, true
			}
		}
	}
}

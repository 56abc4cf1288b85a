package commitments

import (
	"slices"

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

// bills reports whether one of the touched rows of a customer takes the place of what was billed for a cycle: a row
// of its commitment, in force in its windows.
func (t touchedRows) bills(rows []books.Commitment, cycle period.Cycle, of billedSpan) bool {
	for i := range rows {
		if row := &rows[i]; t[row][cycle] && row.ID == of.id && row.Valid.Overlaps(of.windows) {
			return true
		}
	}
	return false
}

// billedSpan is the windows that one line of a commitment was billed for.
type billedSpan struct {
	id      string
	windows period.Span
}

// anyRow wants every commitment.
func anyRow(*books.Commitment) bool { return true }

// add touches the rows that are wanted and take the place of what was billed for a cycle, and reports whether one was
// not touched yet.
func (t touchedRows) add(rows []books.Commitment, cycle period.Cycle, of billedSpan,
	wanted func(*books.Commitment) bool) (more bool) {
	for i := range rows {
		row := &rows[i]
		if row.ID != of.id || !row.Valid.Overlaps(of.windows) || t[row][cycle] || !wanted(row) {
			continue
		}
		if t[row] == nil {
			t[row] = make(map[period.Cycle]bool)
		}
		t[row][cycle], more = true, true
	}
	return more
}

// spanned touches the rows that are wanted and that one line, billed for a cycle, spans with a touched row of its
// commitment: they take its place together. It spans several if rows of the books were split since.
func (t touchedRows) spanned(rows []books.Commitment, cycle period.Cycle, billed []billedSpan,
	wanted func(*books.Commitment) bool) {
	for again := true; again; {
		again = false
		for _, b := range billed {
			again = t.bills(rows, cycle, b) && t.add(rows, cycle, b, wanted) || again
		}
	}
}

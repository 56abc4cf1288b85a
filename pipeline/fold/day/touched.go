package day

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// touchedRows are commitments that count a line which is billed late, by the cycles in which their windows end.
type touchedRows map[*books.Commitment]map[period.Cycle]bool

// cycles returns all cycles of touched commitments, ascending.
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

// all touches the selected rows for a cycle.
func (t touchedRows) all(rows []books.Commitment, cycle period.Cycle, wanted func(*books.Commitment) bool) {
	for i := range rows {
		if row := &rows[i]; wanted(row) {
			t.touch(row, cycle)
		}
	}
}

func (t touchedRows) touch(row *books.Commitment, cycle period.Cycle) {
	if t[row] == nil {
		t[row] = make(map[period.Cycle]bool)
	}
	t[row][cycle] = true
}

// bills reports whether one of the touched rows of a customer replaces what was billed for a cycle: a row of the same
// commitment that is in force in the windows.
func (t touchedRows) bills(rows []books.Commitment, cycle period.Cycle, of billedSpan) bool {
	for i := range rows {
		if row := &rows[i]; t[row][cycle] && row.ID == of.id && row.Valid.Overlaps(of.windows) {
			return true
		}
	}
	return false
}

// billedSpan identifies the windows for which a line of a commitment was billed.
type billedSpan struct {
	id      string
	windows period.Span
}

// anyRow selects every commitment.
func anyRow(*books.Commitment) bool { return true }

// add touches the selected rows that replace what was billed for a cycle, and reports whether one was not touched yet.
func (t touchedRows) add(rows []books.Commitment, cycle period.Cycle, of billedSpan,
	wanted func(*books.Commitment) bool) (more bool) {
	for i := range rows {
		row := &rows[i]
		if row.ID != of.id || !row.Valid.Overlaps(of.windows) || t[row][cycle] || !wanted(row) {
			continue
		}
		t.touch(row, cycle)
		more = true
	}
	return more
}

// spanned touches the selected rows that one line, billed for a cycle, spans together with a touched row of its
// commitment: they replace it together. A line spans several rows if rows of the books were split later.
func (t touchedRows) spanned(rows []books.Commitment, cycle period.Cycle, billed []billedSpan,
	wanted func(*books.Commitment) bool) {
	for again := true; again; {
		again = false
		for _, b := range billed {
			again = t.bills(rows, cycle, b) && t.add(rows, cycle, b, wanted) || again
		}
	}
}

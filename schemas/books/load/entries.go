package load

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func RowsOf[T any](rows []Entry[T]) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = rows[i].Row
	}
	return out
}

// Entry is a row with its validity and its place, for checks between rows.
type Entry[T any] struct {
	Row  T
	Span period.Span
	At   Mark
}

// SortEntries sorts rows by key, then by the start and end of validity, then by line. Rows are large, so it sorts their
// indexes; books are usually in order already, which is checked first.
func SortEntries[T any](rows []Entry[T], key func(a, b *T) int) []Entry[T] {
	order := make([]int32, len(rows))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(i, j int32) int {
		a, b := &rows[i], &rows[j]
		if c := key(&a.Row, &b.Row); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.Span.From, b.Span.From), cmp.Compare(a.Span.To, b.Span.To),
			cmp.Compare(a.At.Line, b.At.Line))
	}
	if slices.IsSortedFunc(order, compare) {
		return rows
	}
	slices.SortFunc(order, compare)
	sorted := make([]Entry[T], len(rows))
	for i, from := range order {
		sorted[i] = rows[from]
	}
	return sorted
}

// Overlaps reports every row that is in force together with an earlier row of its key, and notes gaps of at most a day
// between rows of a key: they come from a valid_to that was meant to be in force. rows must be sorted by SortEntries.
// Each row is compared with the earlier row that is in force longest.
func Overlaps[T any](f *Files, file string, rows []Entry[T], key func(a, b *T) int, what func(*T) string) {
	longest := 0
	for i := 1; i < len(rows); i++ {
		if key(&rows[longest].Row, &rows[i].Row) != 0 {
			longest = i
			continue
		}
		gap := period.Span{From: rows[longest].Span.To, To: rows[i].Span.From}
		if gap.To > gap.From && gap.To-gap.From <= 25*period.Instant(period.Hour) { // the longest day
			before := books.Pos{File: Dir + "/" + file, Line: int(rows[longest].At.Line)}
			at := books.Pos{File: Dir + "/" + file, Line: int(rows[i].At.Line), Column: int(rows[i].At.Column)}
			f.Notes.Add(at, "valid_to is the first instant no longer in force: write that of the next valid_from",
				"%s: not in force in %s, between %s and this row", what(&rows[i].Row), gap, before)
		}
		if rows[longest].Span.Overlaps(rows[i].Span) {
			first, second := rows[longest], rows[i]
			if second.At.Line < first.At.Line {
				first, second = second, first
			}
			both := books.Pos{File: Dir + "/" + file, Line: int(first.At.Line)}
			at := books.Pos{File: Dir + "/" + file, Line: int(second.At.Line), Column: int(second.At.Column)}
			common := period.Span{From: max(first.Span.From, second.Span.From), To: min(first.Span.To, second.Span.To)}
			f.Problems.Add(at, "end one before the other begins", "overlaps %s: %s, both in force in %s", both,
				what(&rows[i].Row), common)
		}
		if rows[i].Span.To > rows[longest].Span.To {
			longest = i
		}
	}
}

// Once reports every row with the key of an earlier row, and returns the other rows. rows must be sorted.
func Once[T any](f *Files, file string, rows []Entry[T], key func(a, b *T) int, what func(*T) string) []Entry[T] {
	out := rows[:0:0]
	for i, e := range rows {
		if i > 0 && key(&rows[i-1].Row, &e.Row) == 0 {
			first := out[len(out)-1]
			at := books.Pos{File: Dir + "/" + file, Line: int(e.At.Line), Column: int(e.At.Column)}
			f.Problems.Add(at, "keep one of the two", "%s is duplicate: also %s/%s:%d", what(&e.Row), Dir, file,
				first.At.Line)
			continue
		}
		out = append(out, e)
	}
	return out
}

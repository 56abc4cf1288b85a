package costs

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/allocation"
)

// repeated is where rows of a kind went that began within a span and had values in the same columns: into one group, or
// to the costs that are kept or unallocated. Rules, mark-ups and prices that are in force do not change within it.
type repeated struct {
	span   period.Span
	has    [cost.Columns]bool
	place  int32        // of the group
	markup int32        // place in the books; -1 = none
	margin *margins.Row // nil = the rows went into the group
	known  bool
}

// repeats are the kinds of rows of one file that need not be allocated again (FCOST-6).
type repeats struct {
	header *cost.Header
	kinds  []repeated
	epochs []period.Instant // when rules, customers, mark-ups or prices change, ascending
	daily  bool             // the day is part of the key of groups
}

func newRepeats(b *books.Books, daily bool) repeats {
	var list []period.Instant
	add := func(s period.Span) { list = append(list, s.From, s.To) }
	for i := range b.Allocations {
		add(b.Allocations[i].Valid)
	}
	for i := range b.Customers {
		for k := range b.Customers[i].Rows {
			add(b.Customers[i].Rows[k].Valid)
		}
	}
	for i := range b.Markups {
		add(b.Markups[i].Valid)
	}
	for i := range b.Versions {
		add(b.Versions[i].Valid)
	}
	slices.Sort(list)
	return repeats{epochs: slices.Compact(list), daily: daily}
}

// around is the longest span with t in it in which nothing changes; daily = nor does the day.
func (r *repeats) around(t period.Instant, daily bool) period.Span {
	span := period.Span{From: period.Past, To: period.Forever}
	at, found := slices.BinarySearch(r.epochs, t)
	if found {
		at++
	}
	if at > 0 {
		span.From = r.epochs[at-1]
	}
	if at < len(r.epochs) {
		span.To = r.epochs[at]
	}
	if daily || r.daily {
		day := period.Instant(cost.DayOf(t)) * 24 * period.Instant(period.Hour)
		span.From, span.To = max(span.From, day), min(span.To, day+24*period.Instant(period.Hour))
	}
	return span
}

// of is what is known of a row's kind, and nil if nothing can be.
func (r *repeats) of(row *cost.Row) *repeated {
	if row.Kind == cost.NoKind {
		return nil
	}
	if r.header != row.Header {
		r.header, r.kinds = row.Header, r.kinds[:0]
	}
	for len(r.kinds) <= int(row.Kind) {
		r.kinds = append(r.kinds, repeated{})
	}
	return &r.kinds[row.Kind]
}

// repeat takes a row like the one of its kind before it. Not done: the row must be allocated.
func (w *worker) repeat(row *cost.Row, one *repeated) (done bool, err error) {
	if one == nil || !one.known || row.Has != one.has || row.Start < one.span.From || row.Start >= one.span.To {
		return false, nil
	}
	if one.margin != nil {
		return true, one.margin.Add((*[cost.CostColumns]cost18)(row.Values[:cost.CostColumns]))
	}
	return true, w.groups.repeat(row, one)
}

// remember keeps where a row went that was not split.
func (w *worker) remember(row *cost.Row, one *repeated, parts []allocation.Part) {
	if one == nil || len(parts) != 1 || parts[0].Values != row.Values {
		return
	}
	span := w.repeats.around(row.Start, w.margins.Last != nil) // margins are by day, whatever groups are
	*one = repeated{span: span, has: row.Has, margin: w.margins.Last, place: w.groups.last,
		markup: w.groups.current.markup, known: true}
}

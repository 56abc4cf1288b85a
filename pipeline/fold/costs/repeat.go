package costs

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// repeated is the destination of rows of a kind that begin within a span and have values in the same columns: one
// group, or the costs that are kept or unallocated. The rules, mark-ups and prices in force do not change within the
// span.
type repeated struct {
	span   period.Span
	has    [books.AllCostColumns]bool
	group  *group
	markup int32      // index in the books; -1 = none
	margin *MarginRow // nil = the rows went into the group
	known  bool
}

// repeats are the kinds of rows of one file that need not be allocated again (FCOST-6).
type repeats struct {
	header *books.CostHeader
	kinds  []repeated
	epochs Epochs
	daily  bool // the day is part of the key of groups
}

func newRepeats(b *books.Books, daily bool) repeats {
	return repeats{epochs: epochsOf(b), daily: daily}
}

// of returns the state of a row's kind, or nil if the row has no kind.
func (r *repeats) of(row *books.CostRow) *repeated {
	if row.Kind == books.NoCostKind {
		return nil
	}
	if r.header != row.CostHeader {
		r.header, r.kinds = row.CostHeader, r.kinds[:0]
	}
	for len(r.kinds) <= int(row.Kind) {
		r.kinds = append(r.kinds, repeated{})
	}
	return &r.kinds[row.Kind]
}

// repeat counts a row like an earlier one of its kind. If done is false, the row must be allocated.
func (w *worker) repeat(row *books.CostRow, one *repeated) (done bool, err error) {
	if one == nil || !one.known || row.Has != one.has || row.Start < one.span.From || row.Start >= one.span.To {
		return false, nil
	}
	if one.margin != nil {
		return true, one.margin.Add((*[books.CostColumns]money.Cost)(row.Values[:books.CostColumns]))
	}
	return true, one.group.repeat(row, one.markup)
}

// remember stores the destination of a row that was not split.
func (w *worker) remember(row *books.CostRow, one *repeated, parts []settlement.Part) {
	if one == nil || len(parts) != 1 || parts[0].Values != row.Values {
		return
	}
	var days *period.Zone
	if w.repeats.daily || w.margins.Last != nil { // margins are by day, whatever groups are
		days = row.Zone
	}
	span := w.repeats.epochs.Around(row.Start, days)
	*one = repeated{span: span, has: row.Has, margin: w.margins.Last, group: w.groups.last,
		markup: w.groups.current.markup, known: true}
}

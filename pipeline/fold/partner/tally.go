package partner

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
)

// tally holds sums of amounts of a table by name. The sums are stored with the table's file and are control totals
// (§6.6). A nil tally ignores amounts: currencies are never added to each other (§10.7).
type tally map[string]*money.AmountTotal

// newTally returns sums of 0; nil if partners or customers have several currencies.
func (s *Stage) newTally(names ...string) tally {
	if s.Books.Mixed {
		return nil
	}
	t := make(tally, len(names))
	for _, name := range names {
		t[name] = &money.AmountTotal{}
	}
	return t
}

// add adds an amount to the sum of a name.
func (t tally) add(name string, a money.Amount) error {
	if t == nil {
		return nil
	}
	if t[name] == nil {
		t[name] = &money.AmountTotal{}
	}
	return t[name].Add(a)
}

// sums returns the sums by name, in the form that a file stores.
func (t tally) sums() []lake.ColumnSum {
	var out []lake.ColumnSum
	for _, name := range slices.Sorted(maps.Keys(t)) {
		out = append(out, lake.ColumnSum{Column: name, Value: t[name].String()})
	}
	return out
}

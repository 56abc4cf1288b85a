package query

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// QuotaSources are the inputs for reading positions. Prices are those of Books.
type QuotaSources struct {
	Snap   *lake.Snapshot
	Books  *books.Books
	Prices *tariff.Book
	Store  Store // of Snap, which locates a customer's lines; nil = every file is searched
}

// positions returns the source of positions.
func (s *QuotaSources) positions() *state.Opening { return state.OpeningOf(s.Snap, s.Books, s.Prices) }

// LastDay returns the last day of the cycle that was folded in any bucket; ok is false if there is none.
func (s *QuotaSources) LastDay(cycle period.Cycle) (last period.Day, ok bool, err error) {
	files, err := s.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return 0, false, err
	}
	for _, e := range files {
		if day, calendar := e.Day.Calendar(); calendar && e.Table == tables.Ident().Name && (!ok || day > last) {
			last, ok = day, true
		}
	}
	return last, ok, nil
}

package document

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement"
)

// Sources has what documents are composed from.
type Sources struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Settings *settings.Settings
	Prices   *tariff.Book     // of Books, for annexes and packages
	Partners *settlement.Book // of Books
	Limits   rows.Limits
	Cache    *query.Cache // as in query.PartnerReader
	Covers   *Covers      // nil = documents have no covers
	Brief    bool         // omit cover, annexes and consumption by day, for which every line is read
}

// Reader returns a reader of the partners' tables of the snapshot.
func (s *Sources) Reader() *query.PartnerReader {
	return &query.PartnerReader{Snap: s.Snap, Books: s.Books, Book: s.Partners, Settings: s.Settings, Limits: s.Limits,
		Cache: s.Cache}
}

// header returns the header of a document of a cycle. Errors: *rows.NoCycleError.
func (s *Sources) header(cycle period.Cycle) (PageHeader, error) {
	if err := rows.HasCycle(s.Snap, lake.CycleOf(cycle)); err != nil {
		return PageHeader{}, err
	}
	ref, _ := s.Snap.Cycle(lake.CycleOf(cycle))
	h := PageHeader{Vendor: s.parties().vendor, Cycle: cycle, Zone: s.Books.Zone,
		Currency: s.Settings.Currency.Code, Digits: s.Settings.Currency.Digits,
		Closed: ref.State == lake.CycleClosed, MonthEnd: ref.MonthEnd}
	var err error
	if h.AsOf, err = period.ParseInstant(s.Snap.Manifest.AsOf); err != nil {
		return h, fmt.Errorf("as-of of manifest %d: %w", s.Snap.Manifest.Number, err)
	}
	return h, nil
}

// inCurrency returns the header of a document in a currency.
func inCurrency(h PageHeader, c money.Currency) PageHeader {
	h.Currency, h.Digits = c.Code, c.Digits
	return h
}

// kindWord returns the books' word for a partner's kind.
func kindWord(k books.PartnerKind) string {
	switch k {
	case books.Distributor:
		return "distributor"
	case books.Reseller:
		return "reseller"
	}
	return "referrer"
}

package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/cache"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement"
)

// Sources is what documents are made from.
type Sources struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Settings *settings.Settings
	Prices   *rating.Book     // of Books, for annexes and packages
	Partners *settlement.Book // of Books
	Limits   rows.Limits
	Cache    *cache.Cache // as partners.Reader's
	Covers   *Covers      // nil = documents have no covers
	Brief    bool         // statements without cover, annexes and consumption by day, which every line is read for
}

func (s *Sources) reader() *partners.Reader {
	return &partners.Reader{Snap: s.Snap, Books: s.Books, Book: s.Partners, Settings: s.Settings, Limits: s.Limits,
		Cache: s.Cache}
}

// header is what is at the top of a document of a cycle. Errors: *rows.NoCycleError.
func (s *Sources) header(cycle period.Cycle) (document.Header, error) {
	if err := rows.HasCycle(s.Snap, cycle.String()); err != nil {
		return document.Header{}, err
	}
	ref, _ := s.Snap.Cycle(cycle.String())
	h := document.Header{Vendor: s.vendor(), Cycle: cycle, Zone: s.Books.Zone, Currency: s.Settings.Currency.Code,
		Digits: s.Settings.Currency.Digits, Closed: ref.State == lake.CycleClosed, MonthEnd: ref.MonthEnd}
	var err error
	if h.AsOf, err = period.ParseInstant(s.Snap.Manifest.AsOf); err != nil {
		return h, fmt.Errorf("as-of of manifest %d: %w", s.Snap.Manifest.Number, err)
	}
	return h, nil
}

// inCurrency is a header of a document in a currency.
func inCurrency(h document.Header, c money.Currency) document.Header {
	h.Currency, h.Digits = c.Code, c.Digits
	return h
}

func (s *Sources) vendor() document.Party {
	return document.Party{ID: s.Settings.Vendor.ID, Name: s.Settings.Vendor.Name}
}

// before is the row of a book that was in force last before an instant, or the first one.
func before[T any](rows []T, end period.Instant, valid func(*T) period.Span) *T {
	at := 0
	for i := range rows {
		if valid(&rows[i]).From < end {
			at = i
		}
	}
	return &rows[at]
}

// customer is a customer with its name at the cycle's end; without a name where the books no longer have it.
func (s *Sources) customer(id string, cycle period.Cycle) document.Party {
	party := document.Party{ID: id}
	if code := s.Books.Customer(id); code >= 0 {
		row := before(s.Books.Customers[code].Rows, s.Books.Zone.Bounds(cycle).To,
			func(r *books.CustomerRow) period.Span { return r.Valid })
		party.Name = row.Name
	}
	return party
}

// partnerRow is a partner's row at the cycle's end.
func (s *Sources) partnerRow(code int32, cycle period.Cycle) *books.PartnerRow {
	return before(s.Books.Partners[code].Rows, s.Books.Zone.Bounds(cycle).To, func(r *books.PartnerRow) period.Span {
		return r.Valid
	})
}

// partner is a partner with its name at the cycle's end, or the vendor; "" is nobody.
func (s *Sources) partner(id string, cycle period.Cycle) document.Party {
	if id == settlement.VendorID {
		return document.Party{ID: id, Name: s.Settings.Vendor.Name}
	}
	party := document.Party{ID: id}
	if code := s.Books.Partner(id); code >= 0 {
		party.Name = s.partnerRow(code, cycle).Name
	}
	return party
}

// partnerCode finds a partner that somebody asks for. Errors: *rows.NotFoundError.
func (s *Sources) partnerCode(id string) (int32, error) {
	if code := s.Books.Partner(id); code >= 0 {
		return code, nil
	}
	do := "books/partners.csv has no partner at all"
	if n := len(s.Books.Partners); n > 0 {
		at, _ := slices.BinarySearchFunc(s.Books.Partners, id, func(p books.Partner, id string) int {
			return strings.Compare(p.ID, id)
		})
		from := max(0, min(at-maxNamed/2, n-maxNamed))
		var names []string
		for i := from; i < min(n, from+maxNamed); i++ {
			names = append(names, s.Books.Partners[i].ID)
		}
		if do = "partners: "; len(names) < n {
			do = "partners near it: "
		}
		do += strings.Join(names, ", ")
	}
	return 0, &rows.NotFoundError{What: fmt.Sprintf("books/partners.csv has no partner %q", id), Do: do}
}

// maxNamed is how many ids a hint names.
const maxNamed = 10

// kindWord is the word of books for a partner's kind.
func kindWord(k books.PartnerKind) string {
	switch k {
	case books.Distributor:
		return "distributor"
	case books.Reseller:
		return "reseller"
	}
	return "referrer"
}

// code is the index of a partner's id as settlement has it.
func (s *Sources) code(id string) (int32, error) {
	switch id {
	case "":
		return settlement.None, nil
	case settlement.VendorID:
		return settlement.Vendor, nil
	}
	code := s.Books.Partner(id)
	if code < 0 {
		return 0, &settle.MissingBookError{Book: "partners.csv", What: "partner", ID: id}
	}
	return code, nil
}

package load

import (
	"errors"
	"io/fs"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// loader is one reading of the books.
type loader struct {
	files *Files
	s     settings.Settings
	b     *books.Books

	services map[string]bool // of all products
	lists    map[string]bool // price lists with a price
	badSKU   map[string]bool // products with a problem: rules that depend on them are not checked
	unpriced bool            // prices are not read
}

// Books reads and checks the books of the workspace with root fsys, under its settings. If the books are wrong, the
// error is Problems with everything that is wrong; any other error comes from reading a file.
func Books(fsys fs.FS, s settings.Settings) (*books.Books, error) {
	l, err := newLoader(fsys, s)
	if err != nil {
		return nil, err
	}
	return l.load()
}

// newLoader reads the files of the books.
func newLoader(fsys fs.FS, s settings.Settings) (*loader, error) {
	if s.Zone == nil {
		return nil, errors.New("read books: settings without a zone")
	}
	l := emptyLoader(s)
	var err error
	if l.b.Hash, err = l.files.Read(fsys); err != nil {
		return nil, err
	}
	return l, nil
}

// emptyLoader returns a loader that has read no file yet.
func emptyLoader(s settings.Settings) *loader {
	return &loader{
		files: NewSheet(s.Zone), s: s, services: map[string]bool{}, lists: map[string]bool{"standard": true},
		badSKU: map[string]bool{},
		b: &books.Books{Zone: s.Zone, Digits: s.Currency.Digits, Currency: s.Currency.Code,
			Currencies: []money.Currency{{Code: s.Currency.Code, Digits: s.Currency.Digits}},
			NonWorking: map[period.Day]bool{}},
	}
}

// load reads and checks the contents of the files.
func (l *loader) load() (*books.Books, error) {
	l.policies()
	l.products()
	if !l.unpriced {
		l.prices()
	}
	l.priceLists()
	l.exchangeRates()
	l.customers()
	l.partners()
	l.associations()
	l.discounts()
	l.packages()
	l.links()
	l.terms()
	l.coupons()
	l.calendar()
	l.incentives()
	l.recurring()
	l.commitments()
	l.subscribers()
	l.budgets()
	loadManagers(l)
	loadPartnerMoney(l)
	l.taxes()
	l.allocation()
	l.markups()
	l.costPackages()
	l.currencies()
	l.files.Data = nil
	if err := l.files.Problems.Err(); err != nil {
		return nil, err
	}
	l.b.Notes = l.files.Notes.Problems()
	return l.b, nil
}

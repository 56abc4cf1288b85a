package events

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LoadMoney adds the events of the given feeds about partners' money in a lake file to the book, rejected ones
// included.
func (b *Book) LoadMoney(o tablefile.Opener, e manifest.FileEntry, feedNames ...string) error {
	for _, name := range feedNames {
		err := event.EachMoney(o, e, name, nil, func(e *event.Money) error {
			if b.Money[name] == nil {
				b.Money[name] = map[string]*event.Money{}
			}
			b.Money[name][e.ID] = e
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// MoneyEvents lists the events of a feed about partners' money, by id.
func (b *Book) MoneyEvents(feedName string) []*event.Money {
	list := make([]*event.Money, 0, len(b.Money[feedName]))
	for _, e := range b.Money[feedName] {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *event.Money) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// StoreMoney stores the events about partners' money with their verdicts, by feed and event_id. ledger writes the
// events of LedgerFeed.
func (s *Store) StoreMoney(b *Book, ledger func(write func(*event.Money) error) error) error {
	w := tablefile.NewWriter(s.Txn, tables.PartnerEvents())
	w.Restart(event.MoneyKey())
	write := func(e *event.Money) error {
		currency := ""
		if code := s.Books.Partner(e.Partner); code >= 0 {
			currency = s.Books.PartnerCurrency(code).Code
		}
		w.Cols.Word(tables.PartnerEventCurrency).Add(currency)
		e.AppendTo(w.Cols)
		return w.Added()
	}
	names := append(slices.Collect(maps.Keys(b.Money)), LedgerFeed)
	slices.Sort(names)
	for _, name := range names {
		if name == LedgerFeed {
			if err := ledger(write); err != nil {
				return errors.Join(err, w.Abort())
			}
		}
		for _, e := range b.MoneyEvents(name) {
			if err := write(e); err != nil {
				return errors.Join(err, w.Abort())
			}
		}
	}
	files, err := w.Finish(nil)
	if err != nil {
		return err
	}
	return s.Txn.Next().Replace(event.MoneyKey(), files...)
}

package accept

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LoadMoney adds the events of the given feeds about partners' money in a lake file to the book, rejected ones
// included.
func (b *EventBook) LoadMoney(o rows.FileOpener, e lake.FileEntry, feedNames ...string) error {
	for _, name := range feedNames {
		err := EachMoney(o, e, name, nil, func(e *MoneyEvent) error {
			if b.Money[name] == nil {
				b.Money[name] = map[string]*MoneyEvent{}
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
func (b *EventBook) MoneyEvents(feedName string) []*MoneyEvent {
	list := make([]*MoneyEvent, 0, len(b.Money[feedName]))
	for _, e := range b.Money[feedName] {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *MoneyEvent) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// StoreMoney stores the events about partners' money with their verdicts, by feed and event_id. ledger writes the
// events of LedgerFeed.
func (s *EventStore) StoreMoney(b *EventBook, ledger func(write func(*MoneyEvent) error) error) error {
	w := rows.NewFileWriter(s.Txn, tables.PartnerEvents())
	w.Restart(MoneyKey())
	write := func(e *MoneyEvent) error {
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
	return s.Txn.Next().Replace(MoneyKey(), files...)
}

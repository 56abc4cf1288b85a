package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LoadAccountsAgain adds the account events of a lake file whose identity comes again to the book. Most files have none
// of them: it looks at the identities first.
func (b *Book) LoadAccountsAgain(o tablefile.Opener, e manifest.FileEntry, bk *books.Books,
	again map[string]bool) error {
	found := false
	cols := tables.Columns(tables.AccountEventEventID)
	err := tablefile.Each(o, e, tables.AccountEvents(), cols, func(c *parquet.Columns[tables.AccountEvent],
		i int) error {
		found = found || again[string(c.Text(tables.AccountEventEventID).At(i))]
		return nil
	})
	if err != nil || !found {
		return err
	}
	return event.EachAccount(o, e, bk, func(id string) bool {
		return again[id]
	}, func(e *event.Account) { b.Accounts[e.ID] = e })
}

// NewAccounts are the account events of this run by the place they are stored in.
func (s *Store) NewAccounts(b *Book) map[place.Place][]*event.Account {
	places := make(map[place.Place][]*event.Account)
	for _, e := range b.Accounts {
		if e.File >= 0 {
			p := place.Place{Cycle: e.Cycle, Bucket: s.Bucket(s.Books.Customers[e.Customer].ID)}
			places[p] = append(places[p], e)
		}
	}
	return places
}

// Accounts are the account events of a place as the transaction's next state has them.
func (s *Store) Accounts(p place.Place) (list []*event.Account, err error) {
	for _, e := range s.Txn.Next().Find(event.AccountKey(p)) {
		err := event.EachAccount(s.Txn, e, s.Books, nil, func(e *event.Account) { list = append(list, e) })
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AddAccounts stores account events of this run next to those that their place has.
func (s *Store) AddAccounts(p place.Place, added []*event.Account) error {
	list, err := s.Accounts(p)
	if err != nil {
		return err
	}
	return s.storeAccounts(p, append(list, added...))
}

// storeAccounts writes the account events of a place, by customer and event_id.
func (s *Store) storeAccounts(p place.Place, list []*event.Account) error {
	slices.SortFunc(list, func(a, b *event.Account) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID))
	})
	rows := parquet.NewColumns(tables.AccountEvents())
	for _, e := range list {
		e.AppendTo(rows, s.Books)
	}
	return tablefile.Put(s.Txn, event.AccountKey(p), rows.Any(), nil)
}

// Refuse takes a replay's verdict over the account events of a place (EV-7): refused are the ids of those that found
// too little on their balance, all others count. It stores the verdict and returns the events for which it is another
// than before, by customer and id, with Refused as it is now; an event of this run bears its File and Row.
func (s *Store) Refuse(b *Book, p place.Place, refused map[string]bool) (turned []*event.Account, err error) {
	list, err := s.Accounts(p)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.Refused == refused[e.ID] {
			continue
		}
		if !e.Takes() {
			return nil, fmt.Errorf("account event %s of customer %s: a %s was refused", e.ID,
				s.Books.Customers[e.Customer].ID, e.Type)
		}
		e.Refused = refused[e.ID]
		if mine := b.Accounts[e.ID]; mine != nil && mine.File >= 0 {
			mine.Refused, e.File, e.Row = e.Refused, mine.File, mine.Row
		}
		turned = append(turned, e)
	}
	if turned == nil {
		return nil, nil
	}
	return turned, s.storeAccounts(p, list)
}

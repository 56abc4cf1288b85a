package accept

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LoadAccountsAgain adds those account events of a lake file to the book whose identity occurs in this run. It reads
// the identities first: most files have none of them.
func (b *EventBook) LoadAccountsAgain(o rows.FileOpener, e lake.FileEntry, bk *books.Books,
	again map[string]bool) error {
	found := false
	cols := tables.Columns(tables.AccountEventEventID)
	err := rows.EachRow(o, e, tables.AccountEvents(), cols, func(c *parquet.Columns[tables.AccountEvent],
		i int) error {
		found = found || again[string(c.Text(tables.AccountEventEventID).At(i))]
		return nil
	})
	if err != nil || !found {
		return err
	}
	return EachAccount(o, e, bk, func(id string) bool {
		return again[id]
	}, func(e *Account) { b.Accounts[e.ID] = e })
}

// NewAccounts returns the account events of this run by the place in which they are stored.
func (s *EventStore) NewAccounts(b *EventBook) map[lake.Place][]*Account {
	places := make(map[lake.Place][]*Account)
	for _, e := range b.Accounts {
		if e.File >= 0 {
			p := lake.Place{Cycle: e.Cycle, Bucket: s.Bucket(s.Books.Customers[e.Customer].ID)}
			places[p] = append(places[p], e)
		}
	}
	return places
}

// Accounts returns the account events of a place from the transaction's next state.
func (s *EventStore) Accounts(p lake.Place) (list []*Account, err error) {
	for _, e := range s.Txn.Next().Find(AccountKey(p)) {
		err := EachAccount(s.Txn, e, s.Books, nil, func(e *Account) { list = append(list, e) })
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AddAccounts adds account events of this run to those of their place.
func (s *EventStore) AddAccounts(p lake.Place, added []*Account) error {
	list, err := s.Accounts(p)
	if err != nil {
		return err
	}
	return s.storeAccounts(p, append(list, added...))
}

// storeAccounts writes the account events of a place, sorted by customer and event_id.
func (s *EventStore) storeAccounts(p lake.Place, list []*Account) error {
	slices.SortFunc(list, func(a, b *Account) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID))
	})
	batch := parquet.NewColumns(tables.AccountEvents())
	for _, e := range list {
		e.AppendTo(batch, s.Books)
	}
	return rows.PutFile(s.Txn, AccountKey(p), batch.Any(), nil)
}

// Refuse applies a replay's decision to the account events of a place (EV-7): events with an id in refused exceeded
// their balance, all others count. It stores the result and returns the events whose Refused changed, by customer and
// id. Events of this run have their File and Row.
func (s *EventStore) Refuse(b *EventBook, p lake.Place, refused map[string]bool) (turned []*Account, err error) {
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

package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// AccountKey is the place of a bucket's account events of a cycle in the lake.
func AccountKey(p place.Place) lake.FileKey {
	return lake.FileKey{Table: "account_events", Cycle: p.Cycle.String(), Bucket: p.Bucket}
}

// LoadAccounts visits the account events of a lake file in the order in which they are stored: by customer, then
// event_id.
func LoadAccounts(o tablefile.Opener, e lake.FileEntry, bk *books.Books, visit func(*AccountEvent)) error {
	return loadAccounts(o, e, bk, func(string) bool { return true }, visit)
}

// LoadAccountsAgain adds the account events of a lake file whose identity comes again to the book. Most files have none
// of them: it looks at the identities first.
func (b *Book) LoadAccountsAgain(o tablefile.Opener, e lake.FileEntry, bk *books.Books, again map[string]bool) error {
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
	return loadAccounts(o, e, bk, func(id string) bool {
		return again[id]
	}, func(e *AccountEvent) { b.Accounts[e.ID] = e })
}

func loadAccounts(o tablefile.Opener, e lake.FileEntry, bk *books.Books, want func(id string) bool,
	visit func(*AccountEvent)) error {
	cycle, err := period.ParseCycle(e.Cycle)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return tablefile.Each(o, e, tables.AccountEvents(), nil, func(c *parquet.Columns[tables.AccountEvent],
		i int) error {
		if !want(string(c.Text(tables.AccountEventEventID).At(i))) {
			return nil
		}
		event, err := accountAt(c, i, cycle, bk)
		if err == nil {
			visit(event)
		}
		return err
	})
}

// accountAt reads a row of the account_events table.
func accountAt(c *parquet.Columns[tables.AccountEvent], i int, cycle period.Cycle, bk *books.Books) (*AccountEvent,
	error) {
	customer, err := customerOf(bk, c.Word(tables.AccountEventCustomerID).At(i))
	if err != nil {
		return nil, err
	}
	amount, err := amountAt(c, int(tables.AccountEventAmount), i)
	if err != nil {
		return nil, err
	}
	return &AccountEvent{ID: string(c.Text(tables.AccountEventEventID).At(i)), Customer: customer,
			Time: c.Time(tables.AccountEventTime).At(i),
			Type: c.Word(tables.AccountEventType).At(i), Balance: c.Word(tables.AccountEventBalanceType).At(i),
			Amount:  amount,
			Instant: c.Time(tables.AccountEventInstant).At(i), Cycle: cycle,
			AsOf:    c.Time(tables.AccountEventAsOf).At(i),
			Refused: c.Small(tables.AccountEventRefused).At(i) == 1, File: -1,
			From: Source{File: c.Word(tables.AccountEventFile).At(i),
				Hash:   c.Word(tables.AccountEventFileHash).At(i),
				Row:    c.Whole(tables.AccountEventRow).At(i),
				Header: c.Word(tables.AccountEventHeader).At(i),
				Raw:    string(c.Text(tables.AccountEventRaw).At(i))}},
		nil
}

// storeAccount appends an account event to a batch of the account_events table.
func storeAccount(c *parquet.Columns[tables.AccountEvent], e *AccountEvent, bk *books.Books) {
	for i, word := range map[tables.WordColumn[tables.AccountEvent]]string{
		tables.AccountEventCustomerID: bk.Customers[e.Customer].ID, tables.AccountEventType: e.Type,
		tables.AccountEventBalanceType: e.Balance,
		tables.AccountEventFile:        e.From.File, tables.AccountEventFileHash: e.From.Hash,
		tables.AccountEventHeader: e.From.Header} {
		c.Word(i).Add(word)
	}
	c.Text(tables.AccountEventEventID).Add(e.ID)
	c.Text(tables.AccountEventRaw).Add(e.From.Raw)
	for i, v := range map[int]int64{int(tables.AccountEventTime): int64(e.Time),
		int(tables.AccountEventInstant): int64(e.Instant),
		int(tables.AccountEventAsOf):    int64(e.AsOf), int(tables.AccountEventRow): e.From.Row} {
		addInt(&c.C[i], v)
	}
	c.Amount(tables.AccountEventAmount).Add(e.Amount.Raw())
	c.Small(tables.AccountEventRefused).Add(flag(e.Refused))
	c.N++
}

// NewAccounts are the account events of this run by the place they are stored in.
func (m *Maker) NewAccounts(b *Book) map[place.Place][]*AccountEvent {
	places := make(map[place.Place][]*AccountEvent)
	for _, e := range b.Accounts {
		if e.File >= 0 {
			p := place.Place{Cycle: e.Cycle, Bucket: m.Bucket(m.Books.Customers[e.Customer].ID)}
			places[p] = append(places[p], e)
		}
	}
	return places
}

// Accounts are the account events of a place as the transaction's next state has them.
func (m *Maker) Accounts(p place.Place) (list []*AccountEvent, err error) {
	for _, e := range m.Txn.Next().Find(AccountKey(p)) {
		if err := LoadAccounts(m.Txn, e, m.Books, func(e *AccountEvent) { list = append(list, e) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// AddAccounts stores account events of this run next to those that their place has.
func (m *Maker) AddAccounts(p place.Place, added []*AccountEvent) error {
	list, err := m.Accounts(p)
	if err != nil {
		return err
	}
	return m.storeAccounts(p, append(list, added...))
}

// storeAccounts writes the account events of a place, by customer and event_id.
func (m *Maker) storeAccounts(p place.Place, list []*AccountEvent) error {
	slices.SortFunc(list, func(a, b *AccountEvent) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID))
	})
	rows := parquet.NewColumns(tables.AccountEvents())
	for _, e := range list {
		storeAccount(rows, e, m.Books)
	}
	return tablefile.Put(m.Txn, AccountKey(p), rows.Any(), nil)
}

// Refuse takes a replay's verdict over the account events of a place (EV-7): refused are the ids of those that found
// too little on their balance, all others count. It stores the verdict and returns the events for which it is another
// than before, by customer and id, with Refused as it is now; an event of this run bears its File and Row.
func (m *Maker) Refuse(b *Book, p place.Place, refused map[string]bool) (turned []*AccountEvent, err error) {
	list, err := m.Accounts(p)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e.Refused == refused[e.ID] {
			continue
		}
		if !e.Takes() {
			return nil, fmt.Errorf("account event %s of customer %s: a %s was refused", e.ID,
				m.Books.Customers[e.Customer].ID, e.Type)
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
	return turned, m.storeAccounts(p, list)
}

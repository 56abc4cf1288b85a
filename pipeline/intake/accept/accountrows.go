package accept

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// AccountKey returns the key of the lake files with a bucket's account events of a cycle.
func AccountKey(p lake.Place) lake.FileKey {
	return lake.FileKey{Table: "account_events", Cycle: lake.CycleOf(p.Cycle), Bucket: p.Bucket}
}

// EachAccount visits the account events of a lake file for which wanted returns true (nil = all), refused ones
// included. The order is that of the file: by customer, then event_id. An error is *GoneBookError if the books no
// longer have a customer.
func EachAccount(o rows.FileOpener, e lake.FileEntry, bk *books.Books, wanted func(id string) bool,
	visit func(*Account)) error {
	return eachAccount(o, e, bk, wanted, false, visit)
}

// EachAccountInBooks visits the account events of a lake file, without those of customers that the books no longer
// have. It is like EachAccount otherwise.
func EachAccountInBooks(o rows.FileOpener, e lake.FileEntry, bk *books.Books, visit func(*Account)) error {
	return eachAccount(o, e, bk, nil, true, visit)
}

func eachAccount(o rows.FileOpener, e lake.FileEntry, bk *books.Books, wanted func(id string) bool, inBooks bool,
	visit func(*Account)) error {
	cycle, ok := e.Cycle.Period()
	if !ok {
		return fmt.Errorf("%s: a file of no cycle", e.Path)
	}
	return rows.EachRow(o, e, tables.AccountEvents(), nil, func(c *parquet.Columns[tables.AccountEvent],
		i int) error {
		if wanted != nil && !wanted(string(c.Text(tables.AccountEventEventID).At(i))) {
			return nil
		}
		if inBooks && bk.Customer(c.Word(tables.AccountEventCustomerID).At(i)) < 0 {
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
func accountAt(c *parquet.Columns[tables.AccountEvent], i int, cycle period.Cycle, bk *books.Books) (*Account,
	error) {
	customer, err := customerOf(bk, c.Word(tables.AccountEventCustomerID).At(i))
	if err != nil {
		return nil, err
	}
	amount, err := amountAt(c, tables.AccountEventAmount, i)
	if err != nil {
		return nil, err
	}
	return &Account{ID: string(c.Text(tables.AccountEventEventID).At(i)), Customer: customer,
			Time: c.Time(tables.AccountEventTime).At(i),
			Type: c.Word(tables.AccountEventType).At(i), Balance: c.Word(tables.AccountEventBalanceType).At(i),
			Amount:  amount,
			Instant: c.Time(tables.AccountEventInstant).At(i), Cycle: cycle,
			AsOf:    c.Time(tables.AccountEventAsOf).At(i),
			Refused: c.Small(tables.AccountEventRefused).At(i) == 1, File: -1,
			From: EventSource{File: c.Word(tables.AccountEventFile).At(i),
				Hash:   c.Word(tables.AccountEventFileHash).At(i),
				Row:    c.Whole(tables.AccountEventRow).At(i),
				Header: c.Word(tables.AccountEventHeader).At(i),
				Raw:    string(c.Text(tables.AccountEventRaw).At(i))}},
		nil
}

// AppendTo appends the event to a batch of the account_events table.
func (e *Account) AppendTo(c *parquet.Columns[tables.AccountEvent], bk *books.Books) {
	c.Word(tables.AccountEventCustomerID).Add(bk.Customers[e.Customer].ID)
	c.Word(tables.AccountEventType).Add(e.Type)
	c.Word(tables.AccountEventBalanceType).Add(e.Balance)
	c.Word(tables.AccountEventFile).Add(e.From.File)
	c.Word(tables.AccountEventFileHash).Add(e.From.Hash)
	c.Word(tables.AccountEventHeader).Add(e.From.Header)
	c.Text(tables.AccountEventEventID).Add(e.ID)
	c.Text(tables.AccountEventRaw).Add(e.From.Raw)
	c.Time(tables.AccountEventTime).Add(e.Time)
	c.Time(tables.AccountEventInstant).Add(e.Instant)
	c.Time(tables.AccountEventAsOf).Add(e.AsOf)
	c.Whole(tables.AccountEventRow).Add(e.From.Row)
	c.Amount(tables.AccountEventAmount).Add(e.Amount.Raw())
	c.Small(tables.AccountEventRefused).Add(tables.Flag(e.Refused))
	c.N++
}

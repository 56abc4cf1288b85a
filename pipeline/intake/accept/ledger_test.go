package accept

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestLedger checks that rows of a second run are decided against each other and against the events that the first run
// stored, whether rows are sorted in memory or in files. Events are sorted by event_id. Invariant: EV-11.
func TestLedger(t *testing.T) {
	t.Parallel()
	const head = "event_id,partner_id,time,type,amount\n"
	row := func(id, amount string) string { return id + ",p1,2026-10-02T00:00:00Z,recharge," + amount + "\n" }
	first := map[string]string{"partner_accounts/a.csv": head + row("e3", "1") + row("e1", "1") + row("e2", "1")}
	second := map[string]string{
		"partner_accounts/b.csv": head + row("e6", "1") + row("e5", "1.0") + row("e1", "1.00") + row("e2", "2") +
			row("e0", "1"),
		"partner_accounts/c.csv": head + row("e5", "1") + row("e6", "2") + row("e2", "1") + row("e6", "1"),
		"partner_accounts/d.csv": head + row("e5", "2") + row("e7", "1"), // this file fails as a whole
	}
	want := map[string]string{
		"e0": "accepted b.csv:5", "e1": "stored", "e2": "stored", "e3": "stored", "e5": "accepted b.csv:2",
		"b.csv:3": "duplicate", "b.csv:4": `conflict "e2"`, "c.csv:3": "duplicate", "c.csv:1": "duplicate",
		"b.csv:1": `conflict "e6"`, "c.csv:2": `conflict "e6"`, "c.csv:4": `conflict "e6"`,
	}
	for _, limit := range []int{0, 1} {
		m := &EventStore{Txn: begin(t).SubTxn, Books: &books.Books{}}
		ledgerOf(t, m, limit, first, nil)
		got := map[string]string{}
		order := ledgerOf(t, m, limit, second, got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("sorting %d bytes in memory (-want +got)\n%s", limit, diff)
		}
		if ids := []string{"e0", "e1", "e2", "e3", "e5"}; !slices.Equal(order, ids) {
			t.Errorf("sorting %d bytes in memory: events in order %v", limit, order)
		}
	}
}

// ledgerOf ingests files, decides their rows and stores the events. It adds the outcomes of rows and events to got.
func ledgerOf(t *testing.T, m *EventStore, limit int, files, got map[string]string) (order []string) {
	t.Helper()
	bk := loadBooks(t, 2)
	in := &EventIntake{Books: bk, AsOf: asOf, Latest: asOf, Temp: m.Txn, SortBytes: limit}
	names := []string{"a.csv", "b.csv", "c.csv", "d.csv"}
	for i, name := range names {
		if text, has := files["partner_accounts/"+name]; has {
			readFile(t, in, "partner_accounts/"+name, text, i, 2, map[string]string{})
		}
	}
	book := NewEventBook()
	book.decideMoney(in, &EventTerms{Zone: bk.Zone, BilledIn: bk.Zone.Cycle,
		Drop:   func(file int32) bool { return names[file] == "d.csv" },
		Source: func(file int32, row int64) EventSource { return EventSource{File: names[file], Row: row} }})
	book.Ledger.Stored(m.Txn, m.Txn.Next().Find(MoneyKey()))
	at := func(file int32, row int64) string { return fmt.Sprintf("%s:%d", names[file], row) }
	err := m.StoreMoney(book, func(write func(*MoneyEvent) error) error {
		return book.Ledger.Each(func(e *MoneyEvent) error {
			order = append(order, e.ID)
			if got != nil {
				got[e.ID] = "stored"
				if e.File >= 0 {
					got[e.ID] = "accepted " + at(e.File, e.Row)
				}
			}
			if want := (EventSource{File: e.From.File, Row: e.From.Row, Raw: e.From.Raw}); e.From != want ||
				e.Instant != e.Time || e.Partner != "p1" || e.Detail != "transfer" || e.From.Raw == "" {
				t.Errorf("%+v", e)
			}
			return write(e)
		}, func(d EventDecision) {
			if got[at(d.File, d.Row)] = "duplicate"; !d.Duplicate {
				got[at(d.File, d.Row)] = fmt.Sprintf("%s %q", d.Why, d.Value)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return order
}

// TestPackMoney checks that a packed row has the content of the row, and that a truncated one is an error.
func TestPackMoney(t *testing.T) {
	t.Parallel()
	e := &MoneyEvent{Feed: LedgerFeed, ID: "e", Partner: "p", Type: "allocate", Time: period.Past, Heads: -3,
		Subject: "s", Other: "\x00", Scope: "2026-09", Period: "2026", Detail: "é", Note: "n", AsOf: asOf, File: 7,
		Row: 1 << 40, From: EventSource{Raw: "e,p"}}
	v := rows.WriteSortValue(nil)
	if err := codeMoney(v, e); err != nil {
		t.Fatal(err)
	}
	b := v.Bytes()
	got, err := unpackMoney(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(fmt.Sprintf("%+v", *e), fmt.Sprintf("%+v", *got)); diff != "" {
		t.Error(diff)
	}
	for i := range b {
		if _, err := unpackMoney(b[:i]); err == nil {
			t.Errorf("%d of %d bytes are an event", i, len(b))
		}
	}
}

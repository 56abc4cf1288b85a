package accept

import (
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LedgerFeed is the feed that can have many millions of events. They are read in order of event_id and not held in
// memory (EV-11).
const LedgerFeed = "partner_accounts"

// ledgerRows are the rows of LedgerFeed in a run, sorted by event_id, file and row.
type ledgerRows struct {
	sorter   *rows.Sorter // nil = no file of the feed came
	rows     int64
	between  map[[2]string]bool // pairs of partners between which cash moves
	key, buf []byte
	err      error // of the sorter
}

func (in *EventIntake) beginLedger() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ledger.sorter == nil {
		in.ledger.sorter, in.ledger.between = rows.NewSorter(in.Temp, in.SortBytes), make(map[[2]string]bool)
	}
}

func (in *EventIntake) ledgerError() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ledger.err
}

// Close deletes temporary files. Afterwards the events of Book.Ledger cannot be read. It must precede the commit of the
// run, and may be called again.
func (in *EventIntake) Close() error {
	if in.ledger.sorter == nil {
		return nil
	}
	return in.ledger.sorter.Close()
}

func (l *ledgerRows) add(e *MoneyEvent) {
	l.rows++
	if e.Other != "" {
		l.between[[2]string{e.Partner, e.Other}] = true
	}
	l.key = rows.AppendKeyText(l.key[:0], e.ID)
	l.key = rows.AppendKeyInt(rows.AppendKeyInt(l.key, int64(e.File)), e.Row)
	v := rows.WriteSortValue(l.buf[:0])
	l.err = errors.Join(l.err, codeMoney(v, e))
	l.buf = v.Bytes()
	l.err = errors.Join(l.err, l.sorter.Add(l.key, l.buf))
}

// textsOfEvent returns the texts of an event, except those of its source other than the raw record.
func textsOfEvent(e *MoneyEvent) [10]*string {
	return [...]*string{&e.ID, &e.Partner, &e.Type, &e.Subject, &e.Other, &e.Scope, &e.Period, &e.Detail, &e.Note,
		&e.From.Raw}
}

// codeMoney writes or reads an event of the run.
func codeMoney(v *rows.SortValue, e *MoneyEvent) error {
	hi, lo := e.Amount.Raw()
	n := [...]int64{int64(e.File), e.Row, int64(e.Time), int64(e.AsOf), e.Heads, hi, int64(lo)}
	for i := range n {
		v.Number(&n[i])
	}
	e.File, e.Row, e.Heads = int32(n[0]), n[1], n[4]
	e.Time, e.AsOf = period.Instant(n[2]), period.Instant(n[3])
	for _, text := range textsOfEvent(e) {
		v.Text(text)
	}
	if err := v.Err(); err != nil {
		return err
	}
	var err error
	e.Amount, err = money.AmountFromRaw(n[5], uint64(n[6]))
	return err
}

// unpackMoney decodes an event that codeMoney wrote.
func unpackMoney(b []byte) (*MoneyEvent, error) {
	e := &MoneyEvent{Feed: LedgerFeed}
	return e, codeMoney(rows.ReadSortValue(b), e)
}

// PartnerLedger is the events of LedgerFeed that earlier runs accepted, and those of this run.
type PartnerLedger struct {
	stored []lake.FileEntry
	open   rows.FileOpener
	fresh  *ledgerRows
	terms  *EventTerms
}

// Stored sets the files of the events of earlier runs.
func (l *PartnerLedger) Stored(o rows.FileOpener, files []lake.FileEntry) {
	l.open, l.stored = o, files
}

// Fresh reports whether this run has rows of the feed.
func (l *PartnerLedger) Fresh() bool { return l.fresh.rows > 0 }

// Each visits the accepted events by event_id, including those that the last replay rejected. It decides rows of the
// run by identity, like other events; decided, which may be nil, is called for those that are not accepted. An event is
// valid until the next one.
func (l *PartnerLedger) Each(visit func(*MoneyEvent) error, decided func(EventDecision)) error {
	m := &ledgerMerge{PartnerLedger: l, visit: visit, decided: decided}
	if l.fresh.sorter != nil {
		m.reader = l.fresh.sorter.Read()
	}
	last := ""
	for _, file := range l.stored {
		err := EachMoney(l.open, file, LedgerFeed, nil, func(e *MoneyEvent) error {
			if e.ID <= last {
				return fmt.Errorf("event %q comes after %q", e.ID, last)
			}
			last = e.ID
			return m.known(e)
		})
		if err != nil {
			return err
		}
	}
	return m.rest()
}

// Between visits the pairs of partners between which events move cash. It can visit a pair several times, and also
// pairs of rows that are not accepted.
func (l *PartnerLedger) Between(visit func(partner, other string)) error {
	for pair := range l.fresh.between {
		visit(pair[0], pair[1])
	}
	columns := tables.Columns(tables.PartnerEventFeed, tables.PartnerEventPartnerID, tables.PartnerEventOtherID)
	for _, file := range l.stored {
		err := rows.EachRow(l.open, file, tables.PartnerEvents(), columns,
			func(c *parquet.Columns[tables.PartnerEvent], i int) error {
				other := c.Word(tables.PartnerEventOtherID).At(i)
				if other != "" && c.Word(tables.PartnerEventFeed).At(i) == LedgerFeed {
					visit(c.Word(tables.PartnerEventPartnerID).At(i), other)
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// ledgerMerge merges the rows of a run with the stored events.
type ledgerMerge struct {
	*PartnerLedger
	visit   func(*MoneyEvent) error
	decided func(EventDecision)
	reader  *rows.SortedReader // nil = there are no more rows
	next    *MoneyEvent        // the first row of the next identity
	id      identityRows
}

// identityRows are the rows of the run with one identity, by file and row.
type identityRows struct {
	kinds []*MoneyEvent // the rows that differ from each other
	rows  []identityRow
}

type identityRow struct {
	file int32
	row  int64
	kind int // index in kinds
}

func (g *identityRows) add(e *MoneyEvent) {
	kind := 0
	for kind < len(g.kinds) && !g.kinds[kind].Same(e) {
		kind++
	}
	if kind == len(g.kinds) {
		g.kinds = append(g.kinds, e)
	}
	g.rows = append(g.rows, identityRow{e.File, e.Row, kind})
}

// row returns the next row of a file that did not fail completely; nil at the end.
func (m *ledgerMerge) row() (*MoneyEvent, error) {
	for m.reader != nil {
		_, value, ok, err := m.reader.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			m.reader = nil
			break
		}
		e, err := unpackMoney(value)
		if err != nil || !m.terms.Drop(e.File) {
			return e, err
		}
	}
	return nil, nil
}

// peek reads the rows of the next identity into id; it returns false at the end.
func (m *ledgerMerge) peek() (bool, error) {
	if len(m.id.rows) > 0 {
		return true, nil
	}
	e := m.next
	m.next = nil
	for {
		if e == nil {
			var err error
			if e, err = m.row(); err != nil {
				return false, err
			}
		}
		if e == nil {
			return len(m.id.rows) > 0, nil
		}
		if len(m.id.rows) > 0 && e.ID != m.id.kinds[0].ID {
			m.next = e
			return true, nil
		}
		m.id.add(e)
		e = nil
	}
}

// known visits a stored event after the run's events that precede it, and decides the rows of its identity.
func (m *ledgerMerge) known(e *MoneyEvent) error {
	for {
		some, err := m.peek()
		if err != nil {
			return err
		}
		if !some || m.id.kinds[0].ID > e.ID {
			return m.visit(e)
		}
		if m.id.kinds[0].ID == e.ID {
			m.tell(func(r identityRow) bool { return m.id.kinds[r.kind].Same(e) })
			return m.visit(e)
		}
		if err := m.accept(); err != nil {
			return err
		}
	}
}

// rest visits the run's events that come after all stored ones.
func (m *ledgerMerge) rest() error {
	for {
		some, err := m.peek()
		if err != nil || !some {
			return err
		}
		if err := m.accept(); err != nil {
			return err
		}
	}
}

// accept decides the rows of a new identity: the first one is accepted if all are equal.
func (m *ledgerMerge) accept() error {
	if len(m.id.kinds) > 1 {
		m.tell(func(identityRow) bool { return false })
		return nil
	}
	e := m.id.kinds[0]
	raw := e.From.Raw
	e.From = m.terms.Source(e.File, e.Row)
	e.From.Raw = raw
	e.Instant = EffectOf(m.terms.Zone, m.terms.BilledIn(e.Time), e.Time, e.AsOf)
	m.id.rows = m.id.rows[1:]
	m.tell(func(identityRow) bool { return true })
	return m.visit(e)
}

// tell reports rows that are not accepted: duplicates and conflicts.
func (m *ledgerMerge) tell(duplicate func(identityRow) bool) {
	id := m.id.kinds[0].ID
	for _, r := range m.id.rows {
		d := EventDecision{File: r.file, Row: r.row, ID: id, Duplicate: true}
		if !duplicate(r) {
			d = EventDecision{File: r.file, Row: r.row, ID: id, Why: reason.Conflict, Column: "event_id", Value: id}
		}
		if m.decided != nil {
			m.decided(d)
		}
	}
	m.id = identityRows{}
}

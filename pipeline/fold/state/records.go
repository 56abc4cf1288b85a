package state

import (
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// FromLines reads usage records from their lines: consecutive usage lines of one identity are one record.
type FromLines struct {
	rows.Cursor[tables.Line]
	state                  *State
	Customers, skus, areas CodeList
	usage                  int32  // code of kind `usage` in the current group
	draws                  []byte // of the last record, if the columns hold them
	text                   []byte
	pending                bool // the cursor is on a line not yet used
	ended                  bool
}

var lineColumns = tables.Columns(tables.LineCustomerID, tables.LineRegionCode, tables.LineID, tables.LineKind,
	tables.LineResourceID,
	tables.LineResourceName,
	tables.LineResourceTag, tables.LineSKU, tables.LineUsageAmount, tables.LineUsageStart, tables.LineUsageEnd)

// step moves to the next usage line.
func (l *FromLines) step() error {
	for {
		ok, fresh, err := l.Cursor.Next()
		if err != nil || !ok {
			l.ended = true
			return err
		}
		if fresh {
			if err := l.group(); err != nil {
				return err
			}
		}
		if l.Cols.Word(tables.LineKind).Code(l.At) == l.usage {
			return nil
		}
	}
}

func (l *FromLines) group() error {
	c := l.Cols
	l.usage = -1
	for i, word := range c.Word(tables.LineKind).Dict() {
		if word == tables.UsageLine.String() {
			l.usage = int32(i)
		}
	}
	if err := l.Customers.Fill(c.Word(tables.LineCustomerID).Dict(), l.state.Names().Customer); err != nil {
		return err
	}
	if err := l.skus.Fill(c.Word(tables.LineSKU).Dict(), l.state.Names().SKU); err != nil {
		return err
	}
	return l.areas.Fill(c.Word(tables.LineRegionCode).Dict(), l.state.Region)
}

// Next implements accept.RunSource.
func (l *FromLines) Next(r *accept.Record) (bool, error) {
	if !l.pending {
		if err := l.step(); err != nil {
			return false, err
		}
	}
	l.pending = false
	if l.ended {
		return false, nil
	}
	if err := l.Take(r); err != nil {
		return false, err
	}
	for {
		if err := l.step(); err != nil {
			return false, err
		}
		if l.ended || !l.same(r) {
			l.pending = true
			return true, nil
		}
		q, err := amountOf(l.Cols, l.At)
		if err != nil {
			return false, err
		}
		if r.Quantity, err = r.Quantity.Add(q); err != nil {
			return false, err
		}
	}
}

// Take fills r from the current line. It copies the texts, because a record's lines may span two row groups.
func (l *FromLines) Take(r *accept.Record) (err error) {
	c, i := l.Cols, l.At
	r.Customer, r.SKU = l.Customers[c.Word(tables.LineCustomerID).Code(i)], l.skus[c.Word(tables.LineSKU).Code(i)]
	r.Region = l.areas[c.Word(tables.LineRegionCode).Code(i)]
	r.Start, r.End = c.Time(tables.LineUsageStart).At(i), c.MaybeTime(tables.LineUsageEnd).At(i)
	r.File, r.Number, r.Replaces, r.Negative = accept.FromLake, tables.Counted, nil, false
	l.text = l.text[:0]
	var ends [4]int
	for k, col := range [...]tables.TextColumn[tables.Line]{tables.LineID, tables.LineResourceID,
		tables.LineResourceName, tables.LineResourceTag} {
		l.text = append(l.text, c.Text(col).At(i)...)
		ends[k] = len(l.text)
	}
	r.ID, r.Resource = l.text[:ends[0]], l.text[ends[0]:ends[1]]
	r.Name, r.Tag = l.text[ends[1]:ends[2]], l.text[ends[2]:ends[3]]
	if len(c.Col(tables.LinePackageDraws.Of()).Ends) > 0 {
		l.draws = append(l.draws[:0], c.Text(tables.LinePackageDraws).At(i)...)
	}
	r.Quantity, err = amountOf(l.Cols, i)
	return err
}

// amountOf returns the usage_amount of row i of lines.
func amountOf(c *parquet.Columns[tables.Line], i int) (money.Quantity, error) {
	d := c.Quantity(tables.LineUsageAmount).At(i)
	return money.QuantityFromRaw(d.Hi, d.Lo)
}

// same reports whether the current line is a further line of the record r.
func (l *FromLines) same(r *accept.Record) bool {
	c, i := l.Cols, l.At
	return c.Time(tables.LineUsageStart).At(i) == r.Start && string(c.Text(tables.LineID).At(i)) == string(r.ID) &&
		l.Customers[c.Word(tables.LineCustomerID).Code(i)] == r.Customer
}

// FromTable reads the records of the usage table.
type FromTable struct {
	rows.Cursor[tables.Record]
	State                  *State
	customers, skus, areas CodeList
}

// Next implements accept.RunSource. Number is the row's status.
func (t *FromTable) Next(r *accept.Record) (bool, error) {
	ok, fresh, err := t.Cursor.Next()
	if err != nil || !ok {
		return false, err
	}
	c, i := t.Cols, t.At
	if fresh {
		if err := t.customers.Fill(c.Word(tables.RecordCustomerID).Dict(), t.State.Names().Customer); err != nil {
			return false, err
		}
		if err := t.skus.Fill(c.Word(tables.RecordSKU).Dict(), t.State.Names().SKU); err != nil {
			return false, err
		}
		if err := t.areas.Fill(c.Word(tables.RecordRegionCode).Dict(), t.State.Region); err != nil {
			return false, err
		}
	}
	r.Customer, r.SKU = t.customers[c.Word(tables.RecordCustomerID).Code(i)], t.skus[c.Word(tables.RecordSKU).Code(i)]
	r.Region = t.areas[c.Word(tables.RecordRegionCode).Code(i)]
	r.Start, r.End = c.Time(tables.RecordUsageStart).At(i), c.Time(tables.RecordUsageEnd).At(i)
	r.ID, r.Resource = c.Text(tables.RecordRecordID).At(i), c.Text(tables.RecordResourceID).At(i)
	r.Name, r.Tag, r.Replaces = c.Text(tables.RecordResourceName).At(i), c.Text(tables.RecordResourceTag).At(i),
		c.Text(tables.RecordReplaces).At(i)
	r.File, r.Number = accept.FromLake, int64(c.Small(tables.RecordStatus).At(i))
	if r.Number == tables.Apart {
		r.Number = tables.Counted
	}
	d := c.Quantity(tables.RecordQuantity).At(i)
	q, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
	r.Quantity, r.Negative = q.Abs(), q.Sign() < 0
	return true, err
}

// AcceptedRecords merges a day's records of lines and usage table. If both have a record, the usage table takes
// precedence.
type AcceptedRecords struct {
	sources     [2]accept.RunSource // lines, usage table; nil when absent
	rows        [2]accept.Record
	have, ended [2]bool
	given       int // source of the last record
	files       []io.Closer
}

// OpenRecords opens the lake's records of a day, which has at most one file of each table. more are columns of lines in
// addition to those that make up records.
func OpenRecords(s *State, lines, usage []lake.FileEntry, more ...tables.ColumnOf[tables.Line]) (*AcceptedRecords,
	error) {
	if len(lines) > 1 || len(usage) > 1 {
		return nil, fmt.Errorf("a day of a bucket has %d files of lines and %d of usage, want one at most", len(lines),
			len(usage))
	}
	a := &AcceptedRecords{ended: [2]bool{true, true}}
	for _, e := range lines {
		f, err := rows.OpenFile(s.Txn, e, tables.Lines(), append(more, lineColumns...))
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[0], a.ended[0] = &FromLines{Cursor: rows.Cursor[tables.Line]{Reader: f}, state: s}, false
	}
	for _, e := range usage {
		f, err := rows.OpenFile(s.Txn, e, tables.Usage(), nil)
		if err != nil {
			a.Close()
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[1], a.ended[1] = &FromTable{Cursor: rows.Cursor[tables.Record]{Reader: f}, State: s}, false
	}
	return a, nil
}

// Close closes the files.
func (a *AcceptedRecords) Close() {
	for _, f := range a.files {
		f.Close()
	}
}

// Next implements accept.RunSource.
func (a *AcceptedRecords) Next(r *accept.Record) (bool, error) {
	for k := range a.sources {
		if a.have[k] || a.ended[k] {
			continue
		}
		ok, err := a.sources[k].Next(&a.rows[k])
		if err != nil {
			return false, err
		}
		a.have[k], a.ended[k] = ok, !ok
	}
	switch {
	case a.have[0] && a.have[1]:
		d := a.rows[0].Compare(&a.rows[1])
		if d < 0 {
			return a.give(0, r)
		}
		a.have[0] = d != 0
		return a.give(1, r)
	case a.have[0]:
		return a.give(0, r)
	case a.have[1]:
		return a.give(1, r)
	}
	return false, nil
}

func (a *AcceptedRecords) give(k int, r *accept.Record) (bool, error) {
	*r = a.rows[k]
	a.have[k], a.given = false, k
	return true, nil
}

// Drew returns what the last record drew from packages, if lines are read with their draws.
func (a *AcceptedRecords) Drew() []byte {
	switch from := a.sources[a.given].(type) {
	case *FromLines:
		return from.draws
	case *FromTable:
		return from.Cols.Text(tables.RecordDraws).At(from.At)
	}
	return nil
}

// EachLine visits the usage lines of some customers in a cycle, days in order.
func EachLine(s *State, cycle period.Cycle, bucket int, customers map[int32]bool,
	visit func(*FromLines) error) error {
	for _, e := range s.FilesOf(cycle, bucket, "lines") {
		if _, ok := e.Day.Calendar(); !ok {
			continue
		}
		if err := eachLineOf(s, e, customers, visit); err != nil {
			return err
		}
	}
	return nil
}

// eachLineOf visits the usage lines of some customers in a file.
func eachLineOf(s *State, e lake.FileEntry, customers map[int32]bool, visit func(*FromLines) error) error {
	f, err := rows.OpenFile(s.Txn, e, tables.Lines(), append(tables.Columns(tables.LinePackageDraws), lineColumns...))
	if err != nil {
		return err
	}
	defer f.Close()
	l := &FromLines{Cursor: rows.Cursor[tables.Line]{Reader: f, Pass: WithoutCustomers(s, customers,
		tables.LineCustomerID)}, state: s}
	for {
		if err := l.step(); err != nil || l.ended {
			return err
		}
		if !customers[l.Customers[l.Cols.Word(tables.LineCustomerID).Code(l.At)]] {
			continue
		}
		if err := visit(l); err != nil {
			return err
		}
	}
}

// WithoutCustomers returns a test of row groups that reports whether a group contains none of the customers.
func WithoutCustomers[T any](s *State, customers map[int32]bool,
	col tables.WordColumn[T]) func(*rows.Reader[T]) bool {
	return func(f *rows.Reader[T]) bool {
		low, high, ok := f.Bounds(col)
		if !ok {
			return false
		}
		for c := range customers {
			if id := s.Books.Customers[c].ID; id >= low && id <= high {
				return false
			}
		}
		return true
	}
}

// EachUsage visits the rows of the usage table of some customers in a cycle, days in order.
func EachUsage(s *State, cycle period.Cycle, bucket int, customers map[int32]bool,
	visit func(*FromTable, *accept.Record) error) error {
	for _, e := range s.FilesOf(cycle, bucket, "usage") {
		if err := eachUsageOf(s, e, customers, visit); err != nil {
			return err
		}
	}
	return nil
}

// eachUsageOf visits the rows of some customers in a file of the usage table.
func eachUsageOf(s *State, e lake.FileEntry, customers map[int32]bool,
	visit func(*FromTable, *accept.Record) error) error {
	f, err := rows.OpenFile(s.Txn, e, tables.Usage(), nil)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &FromTable{Cursor: rows.Cursor[tables.Record]{Reader: f, Pass: WithoutCustomers(s, customers,
		tables.RecordCustomerID)}, State: s}
	var row accept.Record
	for {
		ok, err := t.Next(&row)
		if err != nil || !ok {
			return err
		}
		if !customers[row.Customer] {
			continue
		}
		if err := visit(t, &row); err != nil {
			return err
		}
	}
}

// KeepRecord stores a record that lines do not hold (FOLD-4), with what it drew, in a table that begins with the
// columns of usage.
func KeepRecord(s *State, to *parquet.Columns[tables.Record], r *accept.Record, dead bool, drawn []byte) {
	to.Word(tables.RecordCustomerID).Add(s.Books.Customers[r.Customer].ID)
	to.Text(tables.RecordRecordID).AddBytes(r.ID)
	to.Text(tables.RecordResourceID).AddBytes(r.Resource)
	to.Word(tables.RecordSKU).Add(s.Books.Products[r.SKU].SKU)
	to.Word(tables.RecordRegionCode).Add(s.Regions.Name(r.Region))
	to.Time(tables.RecordUsageStart).Add(r.Start)
	to.Time(tables.RecordUsageEnd).Add(r.End)
	to.Quantity(tables.RecordQuantity).Add(r.Signed().Raw())
	to.Text(tables.RecordResourceName).AddBytes(r.Name)
	to.Text(tables.RecordResourceTag).AddBytes(r.Tag)
	to.Text(tables.RecordReplaces).AddBytes(r.Replaces)
	status := int32(tables.Counted)
	switch {
	case dead:
		status = tables.Replaced
	case !rating.Summed(&s.Books.Products[r.SKU]):
		status = tables.Apart
	}
	to.Small(tables.RecordStatus).Add(status)
	to.Text(tables.RecordDraws).AddBytes(drawn)
	to.N++
}

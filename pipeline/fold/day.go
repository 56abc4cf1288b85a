package fold

import (
	"bytes"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// dayFold folds one day of one bucket. It is the worker's, used for one day after the other.
type dayFold struct {
	w       *worker
	bucket  int
	date    period.Day
	cycle   period.Cycle
	v       *verdicts
	opening *opening.Reader
	before  bool // the opening positions are of an earlier cycle

	lines   *lineWriter
	usage   *tablefile.Writer
	ident   *parquet.Columns
	spare   []int64 // memory for sorting it
	sums    *sumWriter
	charges line.Charges
	record  rating.Record
	what    consumption

	owed money.QuantityTotal // quantity of the records that lines of the day must hold

	customer int32 // the open one; -1 = none
	rows     []position.Row
	carried  []position.Row
	drawn    []byte
}

func (d *dayFold) init(w *worker) {
	d.w = w
	d.usage, d.ident = tablefile.NewWriter(w.Txn, tables.Usage()), parquet.NewColumns(tables.Ident())
	d.sums = newSumWriter(w.Folder)
}

// foldDay rates a day of the bucket anew and puts its files into the next state. It reports whether its closing
// positions differ from those the lake had (FOLD-2).
func (w *worker) foldDay(bucket int, day period.Day, v *verdicts, isNew bool) (differs bool, err error) {
	d := &w.day
	d.bucket, d.date, d.cycle, d.v, d.customer = bucket, day, day.Cycle(), v, -1
	if d.opening, d.before, err = w.opening.Day(bucket, day); err != nil {
		return false, err
	}
	defer d.opening.Close()
	old, err := openAccepted(
		w.Txn,
		&w.names,
		w.find(dayKey("lines", day, bucket)),
		w.find(dayKey("usage", day, bucket)),
	)
	if err != nil {
		return false, err
	}
	defer old.close()
	d.start()
	if err := d.merge(old, isNew); err != nil {
		return false, err
	}
	if err := d.closeCustomer(); err != nil {
		return false, err
	}
	if err := d.passUntil(opening.AllCustomers); err != nil {
		return false, err
	}
	return d.finish()
}

// start points the writers at the day's files.
func (d *dayFold) start() {
	key := dayKey("lines", d.date, d.bucket)
	if d.lines == nil {
		d.lines = d.w.newLineWriter(key, tables.Nothing)
	} else {
		d.lines.restart(key)
	}
	d.w.positions.Restart(dayKey("positions", d.date, d.bucket))
	d.usage.Restart(dayKey("usage", d.date, d.bucket))
	d.ident.Reset()
	d.sums.reset()
	d.owed = money.QuantityTotal{}
}

// ConservationError says that lines do not hold what was used: our own fault, exit code 3 (§6.6).
type ConservationError struct{ Where, Used, Billed string }

func (e *ConservationError) Error() string {
	return fmt.Sprintf("%s: records hold a quantity of %s, their lines %s", e.Where, e.Used, e.Billed)
}

// conserve checks that the day's lines hold exactly what its records used.
func (d *dayFold) conserve() error {
	if d.owed.Cmp(d.lines.sum.usage) != 0 {
		return &ConservationError{fmt.Sprintf("%s, bucket %d", d.date, d.bucket), d.owed.String(),
			d.lines.sum.usage.String()}
	}
	return nil
}

// finish ends the day's files and puts them into the next state.
func (d *dayFold) finish() (differs bool, err error) {
	if err := d.conserve(); err != nil {
		return false, err
	}
	lines, err := d.lines.finish()
	if err != nil {
		return false, err
	}
	closing, err := d.w.positions.Finish(nil)
	if err != nil {
		return false, err
	}
	d.spare = sorting.SortInts(d.ident.C[0].Ints, 64-identShift, d.spare)
	ident, err := tablefile.Write(d.w.Txn, dayKey("ident", d.date, d.bucket), d.ident, nil)
	if err != nil {
		return false, err
	}
	usage, err := d.usage.Finish(nil)
	if err != nil {
		return false, err
	}
	sums, err := tablefile.Write(d.w.Txn, dayKey("sums", d.date, d.bucket), d.sums.columns(), nil)
	if err != nil {
		return false, err
	}
	had := d.w.find(dayKey("positions", d.date, d.bucket))
	differs = len(had) != len(closing) || (len(had) == 1 && had[0].Hash != closing[0].Hash)
	if len(ident) == 0 {
		closing, differs = nil, true // no record of the day was accepted: nobody would keep its positions up to date
	}
	for name, files := range map[string][]lake.FileEntry{"lines": lines, "positions": closing, "ident": ident,
		"usage": usage, "sums": sums} {
		if err := d.w.replace(dayKey(name, d.date, d.bucket), files); err != nil {
			return false, err
		}
	}
	d.w.mu.Lock()
	d.w.result.Lines += d.lines.rows
	d.w.mu.Unlock()
	return differs, nil
}

// stream is a source with one row looked ahead.
type stream struct {
	sorting.Source
	row sorting.Row
	ok  bool
}

func (s *stream) next() (err error) {
	if s.Source == nil {
		s.ok = false
		return nil
	}
	s.ok, err = s.Source.Next(&s.row)
	return err
}

// merge gives every accepted record of the day to take, in order, and settles the new ones on the way.
func (d *dayFold) merge(accepted *accepted, isNew bool) error {
	old, fresh := stream{Source: accepted}, stream{}
	if isNew {
		m, err := sorting.Merge(d.w.Scanned.Usage, d.w.Scanned.Parts.Of(d.bucket, d.date), &d.w.buffers)
		if err != nil {
			return err
		}
		fresh.Source = &takenRows{m, d.w.Scanned}
	}
	if err := old.next(); err != nil {
		return err
	}
	if err := fresh.next(); err != nil {
		return err
	}
	var twins duplicates
	for old.ok || fresh.ok {
		if old.ok && (!fresh.ok || old.row.Compare(&fresh.row) <= 0) {
			if err := d.known(&old, &fresh, &twins); err != nil {
				return err
			}
			continue
		}
		if err := d.fresh(&fresh, &twins); err != nil {
			return err
		}
	}
	return nil
}

// takenRows passes over the rows of files that failed whole (INGEST-3).
type takenRows struct {
	sorting.Source
	scanned *accept.Scanned
}

func (t *takenRows) Next(r *sorting.Row) (bool, error) {
	for {
		ok, err := t.Source.Next(r)
		if err != nil || !ok || t.scanned.Taken(r.File) {
			return ok, err
		}
	}
}

// duplicates holds the content of the record that was decided last, for the rows of the same identity and start that
// follow it.
type duplicates struct {
	customer int32
	start    period.Instant
	id       []byte
	content  []byte
	set      bool
}

func (t *duplicates) remember(r *sorting.Row) {
	t.customer, t.start, t.set = r.Customer, r.Start, true
	t.id, t.content = append(t.id[:0], r.ID...), append(t.content[:0], r.Content()...)
}

func (t *duplicates) match(r *sorting.Row) bool {
	return t.set && t.customer == r.Customer && t.start == r.Start && bytes.Equal(t.id, r.ID) &&
		bytes.Equal(t.content, r.Content())
}

// known takes a record that an earlier run accepted; new rows equal to it are duplicates.
func (d *dayFold) known(old, fresh *stream, t *duplicates) error {
	old.row.Seal(nil)
	t.remember(&old.row)
	for fresh.ok && fresh.row.Compare(&old.row) == 0 {
		if t.match(&fresh.row) {
			d.w.counts[fresh.row.File].Duplicate++
		} else {
			d.w.reject(&fresh.row, reason.Conflict, "record_id", string(fresh.row.ID))
		}
		if err := fresh.next(); err != nil {
			return err
		}
	}
	if err := d.take(&old.row, old.row.Number == tables.Replaced); err != nil {
		return err
	}
	return old.next()
}

// fresh decides a new row (§3.20): duplicate, conflict, replaces, accepted.
func (d *dayFold) fresh(s *stream, t *duplicates) error {
	r := &s.row
	if t.match(r) {
		d.w.counts[r.File].Duplicate++
		return s.next()
	}
	conflict, err := d.v.conflicts(d.w.resolver.seed(r.Customer), r)
	if err != nil {
		return err
	}
	if conflict {
		d.w.reject(r, reason.Conflict, "record_id", string(r.ID))
		return s.next()
	}
	if len(r.Replaces) > 0 {
		if why := d.v.replaces[identity{r.Customer, string(r.ID)}]; why != reason.None {
			d.w.reject(r, why, "replaces", string(r.Replaces))
			return s.next()
		}
	}
	d.w.accept(r, d.cycle)
	t.remember(r)
	if err := d.take(r, false); err != nil {
		return err
	}
	return s.next()
}

// take counts, stores and rates one accepted record.
func (d *dayFold) take(r *sorting.Row, replaced bool) error {
	d.ident.C[0].Ints = append(d.ident.C[0].Ints,
		int64(sorting.Identity(d.w.resolver.seed(r.Customer), r.ID)>>identShift))
	d.ident.N++
	dead := replaced
	if len(d.v.dead) > 0 && d.v.dead[identity{r.Customer, string(r.ID)}] {
		dead = true
		if err := d.w.replaced.Add(r.Quantity); err != nil {
			return err
		}
	}
	if dead {
		keep(&d.w.names, d.usage.Cols, r, true, nil)
		return d.usage.Added()
	}
	if r.Customer != d.customer {
		if err := d.openCustomer(r.Customer); err != nil {
			return err
		}
	}
	if err := d.rate(r); err != nil {
		return err
	}
	if len(r.Replaces) > 0 || d.w.Books.Products[r.SKU].Kept() {
		d.drawn = appendDraws(d.drawn[:0], d.w.Books, d.charges.Draws)
		keep(&d.w.names, d.usage.Cols, r, false, d.drawn)
	}
	return d.usage.Added()
}

// keep stores a record, with what it drew, in a table that begins with the columns of usage: one that lines do not hold
// (FOLD-4).
func keep(n *names, to *parquet.Columns, r *sorting.Row, dead bool, drawn []byte) {
	c := to.C
	c[tables.UCustomerID].AddWord(n.Books.Customers[r.Customer].ID)
	c[tables.URecordID].AddBytes(r.ID)
	c[tables.UResourceID].AddBytes(r.Resource)
	c[tables.USKU].AddWord(n.Books.Products[r.SKU].SKU)
	c[tables.URegionCode].AddWord(n.regions.Name(r.Region))
	c[tables.UUsageStart].Ints = append(c[tables.UUsageStart].Ints, int64(r.Start))
	c[tables.UUsageEnd].Ints = append(c[tables.UUsageEnd].Ints, int64(r.End))
	c[tables.UQuantity].AddDec(r.Quantity.Raw())
	c[tables.UResourceName].AddBytes(r.Name)
	c[tables.UResourceTag].AddBytes(r.Tag)
	c[tables.UReplaces].AddBytes(r.Replaces)
	status := int32(tables.Counted)
	switch {
	case dead:
		status = tables.Replaced
	case !rating.Summed(&n.Books.Products[r.SKU]):
		status = tables.Apart
	}
	c[tables.UStatus].Codes = append(c[tables.UStatus].Codes, status)
	c[tables.UDraws].AddBytes(drawn)
	to.N++
}

// owe counts what the day's lines must hold of a record that was rated: its quantity, or what it counts instead.
func (d *dayFold) owe(r *sorting.Row) error {
	switch p := &d.w.Books.Products[r.SKU]; {
	case p.PeriodLevel():
		return nil
	case rating.Summed(p):
		return d.owed.Add(r.Quantity)
	}
	return d.owed.Add(d.w.rater.Used())
}

// rate writes the record's lines.
func (d *dayFold) rate(r *sorting.Row) error {
	d.charges.Reset()
	d.record = rating.Record{SKU: r.SKU, Region: r.Region, Resource: r.Resource, ID: r.ID, Name: r.Name, Tag: r.Tag,
		Start: r.Start, End: r.End, Quantity: r.Quantity, Withdrawn: r.Withdrawn()}
	if err := d.w.rater.Usage(&d.record, 0, &d.charges); err != nil {
		return err
	}
	if err := d.owe(r); err != nil {
		return err
	}
	d.what = consumption{customer: r.Customer, sku: r.SKU, regionCode: r.Region, id: r.ID, resource: r.Resource,
		name: r.Name,
		tag:  r.Tag, start: r.Start, end: r.End, instant: r.Start}
	for i := range d.charges.List {
		ch := &d.charges.List[i]
		if err := d.lines.add(&d.what, ch, d.charges.Draws); err != nil {
			return err
		}
		if err := d.sums.add(ch); err != nil {
			return err
		}
	}
	return nil
}

// openCustomer passes the positions of those before it through and opens the rater at its own.
func (d *dayFold) openCustomer(customer int32) error {
	if err := d.closeCustomer(); err != nil {
		return err
	}
	if err := d.passUntil(customer); err != nil {
		return err
	}
	d.customer = customer
	rows, err := d.positionsOf(customer)
	if err != nil {
		return err
	}
	d.sums.open(customer)
	return d.w.rater.Open(customer, d.cycle, rows)
}

// positionsOf takes the customer's opening rows, if it is next.
func (d *dayFold) positionsOf(customer int32) ([]position.Row, error) {
	if d.opening.Customer != customer {
		return nil, nil
	}
	rows, err := d.opening.Take()
	if err != nil || !d.before {
		return rows, err
	}
	d.carried = d.w.Prices.NextCycle(d.carried[:0], rows, customer, d.cycle)
	return d.carried, nil
}

// passUntil writes the positions of customers without records as they were.
func (d *dayFold) passUntil(customer int32) error {
	if d.opening.Carries() {
		return d.opening.Carry(d.w.positions, customer)
	}
	for d.opening.Customer >= 0 && d.opening.Customer < customer {
		who := d.opening.Customer
		rows, err := d.positionsOf(who)
		if err != nil {
			return err
		}
		if err := d.w.positions.Add(who, rows); err != nil {
			return err
		}
	}
	return nil
}

// closeCustomer writes the open customer's closing positions and sums.
func (d *dayFold) closeCustomer() error {
	if d.customer < 0 {
		return nil
	}
	d.rows = d.w.rater.Positions(d.rows[:0])
	if err := d.w.positions.Add(d.customer, d.rows); err != nil {
		return err
	}
	d.sums.close()
	d.customer = -1
	return nil
}

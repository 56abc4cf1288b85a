package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// day is the check of one day of a bucket: its lines, its sums and the records that are not in lines.
type day struct {
	bucket *bucket
	date   lake.Day
	name   string // its text, as in lines
	lines  *feeder[tables.Line]
	usage  *feeder[tables.Record]
	sums   *feeder[tables.Sum]
	added  *columnSums
	cols   tables.List[tables.Any]
	last   lastLines

	records  int64
	customer string // whose lines are being added
	sum      customerSum
	key      recordKey // of the record whose lines are being read
	amount   money.QuantityTotal
	open     bool
}

// recordKey is the key by which records are ordered.
type recordKey struct {
	customer string
	start    period.Instant
	id       []byte
}

func (k *recordKey) compare(o *recordKey) int {
	return cmp.Or(strings.Compare(k.customer, o.customer), cmp.Compare(k.start, o.start), bytes.Compare(k.id, o.id))
}

// feeder reads the rows of one file one after the other; without a file there are none.
type feeder[T any] struct {
	rows *rows.Rows[T]
	row  rows.Row[T]
	ok   bool
	n    int64
}

func feederOf[T any](b *bucket, table tables.Def[T], date lake.Day, cols tables.List[T]) (*feeder[T], error) {
	e, there := b.p.find(table.Name, date)
	if !there {
		return &feeder[T]{}, nil
	}
	rows, err := rows.File(b.v.snap, e, table, cols)
	if err != nil {
		return nil, err
	}
	f := &feeder[T]{rows: rows}
	return f, f.next()
}

func (f *feeder[T]) next() (err error) {
	if f.rows == nil {
		f.ok = false
		return nil
	}
	if f.row, f.ok, err = f.rows.Next(); f.ok {
		f.n++
	}
	return err
}

func (f *feeder[T]) close() error {
	if f == nil || f.rows == nil {
		return nil
	}
	return f.rows.Close()
}

// lineColumns are the columns of lines that are read.
func lineColumns() tables.List[tables.Line] {
	return append(tables.Columns(tables.LineCycle, tables.LineDay, tables.LineSKU, tables.LinePartnerID,
		tables.LineAssociationType, tables.LineTradeID, tables.LineTradeTime, tables.LineRegionCode),
		Decimals(tables.Lines())...)
}

// day checks one day.
func (b *bucket) day(ctx context.Context, date lake.Day) (err error) {
	d := &day{bucket: b, date: date, name: date.String(), added: newSums(tables.Lines().Table),
		cols: Decimals(tables.Lines(), tables.LineUnitPrice.Of()).Any()}
	defer func() { err = errors.Join(err, d.lines.close(), d.usage.close(), d.sums.close()) }()
	if d.lines, err = feederOf(b, tables.Lines(), date, lineColumns()); err != nil {
		return err
	}
	if d.usage, err = feederOf(b, tables.Usage(), date, nil); err != nil {
		return err
	}
	if d.sums, err = feederOf(b, tables.Sums(), date, nil); err != nil {
		return err
	}
	for ; d.lines.ok; err = d.lines.next() {
		if err != nil {
			return err
		}
		if d.lines.n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.line(d.lines.row); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return d.finish()
}

// line checks one line and adds it up.
func (d *day) line(row rows.Row[tables.Line]) error {
	customer := row.Word(tables.LineCustomerID)
	if row.Word(tables.LineCycle) != d.bucket.p.name ||
		row.Word(tables.LineDay) != d.name || !d.bucket.belongs(customer) {
		d.bucket.v.differ(Contents, "cycle %s, day %s, bucket %d: line %s of customer %s does not belong there",
			d.bucket.p.cycle.Cycle, d.name, d.bucket.p.bucket, row.Text(tables.LineID), customer)
	}
	if d.last.Repeats(d.date, row) {
		d.bucket.v.differ(Records, "cycle %s, day %s, customer %s, line %s, tier %d, %s: stored more than once",
			d.bucket.p.cycle.Cycle, d.name, customer, row.Text(tables.LineID), row.Small(tables.LineTier),
			row.Word(tables.LineKind))
	}
	if customer != d.customer || d.sum.lines == 0 {
		if err := d.closeCustomer(); err != nil {
			return err
		}
		d.customer = customer
	}
	if err := d.added.Add(row.Any(), d.cols); err != nil {
		return err
	}
	if err := errors.Join(d.money(row), d.bucket.events.Line(d.date, row)); err != nil {
		return err
	}
	switch d.date {
	case lake.EndDay:
		return d.endLine(row)
	case lake.EventsDay, lake.LateDay, lake.RerateDay, lake.ChargesDay, lake.CommitmentsDay,
		lake.CostsDay, lake.RestatedDay:
		return nil // they are of no row of table usage
	}
	return d.record(row)
}

// money is VERIFY-3.
func (d *day) money(row rows.Row[tables.Line]) error {
	d.sum.lines++
	partnered := d.partnered(row)
	var parts, kinds money.AmountTotal
	var values [len(amounts)]money.Amount
	for i, a := range amounts {
		v, err := row.Amount(a.line)
		if err != nil {
			return err
		}
		values[i] = v
		if err := d.sum.totals[i].Add(v); err != nil {
			return err
		}
		if partnered != nil {
			err = partnered.totals[i].Add(v)
		}
		switch {
		case err != nil:
		case i >= cash:
			err = kinds.Add(v)
		case i != official:
			err = parts.Add(v)
		}
		if err != nil {
			return err
		}
	}
	var whole, paid money.AmountTotal
	if err := errors.Join(whole.Add(values[official]), paid.Add(values[payment])); err != nil {
		return err
	}
	if whole != parts {
		d.differLine(row, "official %s is not discount %s + truncated %s + payment %s", values[official],
			values[discount], values[truncated], values[payment])
	}
	if paid != kinds {
		d.differLine(row, "payment %s is not the sum of its kinds, %s", values[payment], kinds)
	}
	if d.bucket.sales != nil {
		if err := d.bucket.sales.Line(d.bucket.p.name, row); err != nil {
			return err
		}
	}
	if d.bucket.paid != nil {
		return d.bucket.paid.Line(row)
	}
	return nil
}

// partnered returns the sum to which a line with a partner must also be added in a closed cycle, whose partner
// statements are stored; else nil.
func (d *day) partnered(row rows.Row[tables.Line]) *customerSum {
	if d.bucket.p.cycle.State != lake.CycleClosed || row.Word(tables.LinePartnerID) == "" {
		return nil
	}
	customer := row.Word(tables.LineCustomerID)
	if d.bucket.partnered[customer] == nil {
		d.bucket.partnered[customer] = &customerSum{}
	}
	d.bucket.partnered[customer].lines++
	return d.bucket.partnered[customer]
}

func (d *day) differLine(row rows.Row[tables.Line], format string, args ...any) {
	args = append([]any{d.bucket.p.cycle.Cycle, row.Word(tables.LineCustomerID),
		row.Text(tables.LineID), row.Small(tables.LineTier),
		row.Word(tables.LineKind)}, args...)
	d.bucket.v.differ(Identity, "cycle %s, customer %s, line %s, tier %d, %s: "+format, args...)
}

// endLine adds a month-end line to the quantities of its product.
func (d *day) endLine(row rows.Row[tables.Line]) error {
	w := d.bucket.waiting[product{row.Word(tables.LineCustomerID),
		row.Word(tables.LineSKU)}]
	if w == nil {
		return nil // bandwidth: its quantity is measured, not taken from records
	}
	q, err := row.Quantity(tables.LineUsageAmount)
	if err != nil {
		return err
	}
	return w.lines.AddSigned(q)
}

// record groups lines by record, and passes over the usage table's records before them.
func (d *day) record(row rows.Row[tables.Line]) error {
	key := recordKey{row.Word(tables.LineCustomerID),
		row.Time(tables.LineUsageStart), row.Text(tables.LineID)}
	if !d.open || d.key.compare(&key) != 0 {
		if err := d.closeRecord(); err != nil {
			return err
		}
		if err := d.passUsage(&key); err != nil {
			return err
		}
		d.key = recordKey{key.customer, key.start, append(d.key.id[:0], key.id...)}
		d.open, d.amount = true, money.QuantityTotal{}
		d.records++
	}
	q, err := row.Quantity(tables.LineUsageAmount)
	if err != nil {
		return err
	}
	return d.amount.AddSigned(q)
}

// closeRecord compares a record's lines with its row in the usage table, if there is one.
func (d *day) closeRecord() error {
	if !d.open {
		return nil
	}
	d.open = false
	if !d.usage.ok {
		return nil
	}
	if at := usageKey(d.usage.row); d.key.compare(&at) != 0 {
		return nil
	}
	q, err := d.usage.row.Quantity(tables.RecordQuantity)
	if err != nil {
		return err
	}
	var want money.QuantityTotal
	if err := want.AddSigned(q); err != nil {
		return err
	}
	status := d.usage.row.Small(tables.RecordStatus)
	if status == tables.Replaced {
		d.bucket.v.differ(Records, "cycle %s, customer %s, record %s: replaced, and yet it has lines",
			d.bucket.p.cycle.Cycle, d.key.customer, d.key.id)
	}
	if want != d.amount && status != tables.Apart {
		d.bucket.v.differ(Quantities, "cycle %s, customer %s, record %s: accepted %s, in its lines %s",
			d.bucket.p.cycle.Cycle, d.key.customer, d.key.id, want, d.amount)
	}
	return d.usage.next()
}

func usageKey(row rows.Row[tables.Record]) recordKey {
	return recordKey{row.Word(tables.RecordCustomerID),
		row.Time(tables.RecordUsageStart),
		row.Text(tables.RecordRecordID)}
}

// passUsage reads the records before a key (nil = all) that have no lines of their own: replaced, or waiting for
// month-end.
func (d *day) passUsage(upTo *recordKey) error {
	for d.usage.ok {
		row := d.usage.row
		if at := usageKey(row); upTo != nil && at.compare(upTo) >= 0 {
			return nil
		}
		d.records++
		if status := row.Small(tables.RecordStatus); status != tables.Replaced {
			q, err := row.Quantity(tables.RecordQuantity)
			if err != nil {
				return err
			}
			w := d.bucket.waits(product{row.Word(tables.RecordCustomerID),
				row.Word(tables.RecordSKU)})
			w.records++
			w.apart = w.apart || status == tables.Apart
			if err := w.usage.AddSigned(q); err != nil {
				return err
			}
		}
		if err := d.usage.next(); err != nil {
			return err
		}
	}
	return nil
}

// closeCustomer compares the customer's lines of the day with its row of sums.
func (d *day) closeCustomer() error {
	if d.sum.lines == 0 {
		return nil
	}
	if err := d.compareSums(); err != nil {
		return err
	}
	total := d.bucket.customers[d.customer]
	if total == nil {
		total = &customerSum{}
		d.bucket.customers[d.customer] = total
	}
	err := total.add(&d.sum)
	d.sum = customerSum{}
	return err
}

func (d *day) compareSums() error {
	if !d.sums.ok || d.sums.row.Word(tables.SumCustomerID) != d.customer {
		d.bucket.v.differ(DaySums, "cycle %s, day %s, customer %s: lines, but no sums", d.bucket.p.cycle.Cycle, d.name,
			d.customer)
		return nil
	}
	row := d.sums.row
	if n := row.Whole(tables.SumLineCount); n != d.sum.lines {
		d.bucket.v.differ(DaySums, "cycle %s, day %s, customer %s: %d lines, the sums have %d", d.bucket.p.cycle.Cycle,
			d.name, d.customer, d.sum.lines, n)
	}
	for i, a := range amounts {
		dec := row.Cols.Amount(a.sum).At(row.I)
		if hi, lo := d.sum.totals[i].Raw(); hi != dec.Hi || lo != dec.Lo {
			d.bucket.v.differ(DaySums, "cycle %s, day %s, customer %s: Σ %s of the lines is %s, the sums differ",
				d.bucket.p.cycle.Cycle, d.name, d.customer, tables.Lines().Columns[a.line].Name, d.sum.totals[i])
		}
	}
	return d.sums.next()
}

// finish closes the day.
func (d *day) finish() error {
	if err := errors.Join(d.closeRecord(), d.closeCustomer()); err != nil {
		return err
	}
	if err := d.passUsage(nil); err != nil {
		return err
	}
	if d.sums.ok {
		d.bucket.v.differ(DaySums, "cycle %s, day %s, customer %s: sums, but no lines", d.bucket.p.cycle.Cycle, d.name,
			d.sums.row.Word(tables.SumCustomerID))
	}
	d.bucket.counts.rows += d.lines.n + d.usage.n
	d.bucket.counts.lines += d.lines.n
	d.bucket.counts.records += d.records
	if e, there := d.bucket.p.find(tables.Lines().Name, d.date); there {
		d.bucket.v.sumsOf(e, d.added)
	}
	if e, there := d.bucket.p.find(tables.Usage().Name, d.date); there && e.Rows != d.usage.n {
		d.bucket.v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, d.usage.n, e.Rows)
	}
	if e, _ := d.bucket.p.find(tables.Ident().Name, d.date); e.Rows != d.records {
		d.bucket.v.differ(Records, "cycle %s, day %s, bucket %d: %d records were accepted, %d are in lines and usage",
			d.bucket.p.cycle.Cycle, d.name, d.bucket.p.bucket, e.Rows, d.records)
	}
	return d.bucket.lines.Merge(d.added, d.cols)
}

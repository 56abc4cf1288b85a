package admin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// maxTargets is how many files are written at the same time. For more parts, the source is read again: each target
// holds the rows of a row group in memory.
const maxTargets = 4

// rebucketTarget writes the file of one part.
type rebucketTarget struct {
	*rows.Writer[tables.Any]
	code parquet.Recode // of the batch that is being read
	sums []runningSum

	slots rows.LineSlots[string] // of a file of a day's lines
	taken int                    // rows of the batch before this one were passed to slots
}

// runningSum is a sum of a file in the manifest, while it is calculated.
type runningSum struct {
	name     string
	col      tables.ColumnOf[tables.Any]
	currency string // only rows of this currency count; "" = all
	of       tables.WordColumn[tables.Any]
	total    money.Total
	absent   bool // no row so far has the currency; the file then gets no such sum
}

// targetsOf returns the writers for files of a table.
func (d *division) targetsOf(def *tables.Table) []*rebucketTarget {
	name := fmt.Sprint(def.Name, len(def.Columns))
	for len(d.writers[name]) < min(maxTargets, d.parts()) {
		w := rows.NewFileWriter(d.txn, tables.Untyped(def))
		d.writers[name] = append(d.writers[name], &rebucketTarget{Writer: w})
	}
	return d.writers[name]
}

// restart begins a new file of a target, with the same kinds of sums as the file that is divided.
func (t *rebucketTarget) restart(key lake.FileKey, def *tables.Table, sums []lake.ColumnSum, slotLines int64) error {
	t.Restart(key)
	t.sums, t.slots = t.sums[:0], rows.LineSlots[string]{Fewest: rows.Never}
	if _, ok := key.Day.Calendar(); ok && key.Table == tables.Lines().Name {
		t.slots.Fewest = slotLines
	}
	for _, s := range sums {
		column, _, _ := strings.Cut(s.Column, ".")
		at := def.Index(column)
		if at < 0 {
			return fmt.Errorf("the manifest has a sum of %s, the table %s no such column", s.Column, def.Name)
		}
		one := runningSum{name: s.Column, col: tables.ColumnOf[tables.Any](at), currency: rows.CurrencyOfSum(s)}
		if one.currency != "" {
			one.of, one.absent = currencyOf(def, column)
		}
		var err error
		if one.total, err = money.NewTotal(def.Columns[at].Type.Scale()); err != nil {
			return err
		}
		t.sums = append(t.sums, one)
	}
	return nil
}

// add adds rows of a batch, a row group at a time.
func (t *rebucketTarget) add(c *parquet.Columns[tables.Any], from, to int) error {
	for i := range t.sums {
		if err := t.sums[i].add(c, from, to); err != nil {
			return err
		}
	}
	for from < to {
		n, ends := t.group(c, from, to)
		if n > 0 {
			t.Cols.AppendRun(c, from, from+n, nil, &t.code)
			from += n
		}
		if ends || t.Cols.Full(rows.GroupRows) {
			if err := t.Flush(); err != nil {
				return err
			}
			t.code.Reset(c)
		}
	}
	return nil
}

// group returns how many of the rows are of the current row group, and whether it ends after them.
func (t *rebucketTarget) group(c *parquet.Columns[tables.Any], from, to int) (n int, ends bool) {
	n = min(to-from, rows.GroupRows-t.Cols.N)
	if t.slots.Fewest == rows.Never {
		return n, t.Cols.N+n == rows.GroupRows
	}
	customer, starts := c.Word(tables.LineCustomerID.Any()), c.Col(tables.LineUsageStart.Of().Any()).Ints
	for i := max(from, t.taken); i < from+n; i++ {
		t.taken = i + 1
		if t.slots.Line(customer.At(i), period.Instant(starts[i])) {
			return i - from, true
		}
	}
	return n, t.Cols.N+n == rows.GroupRows
}

// next prepares the target for rows of another batch.
func (t *rebucketTarget) next(c *parquet.Columns[tables.Any]) {
	t.code.Reset(c)
	t.taken = 0
}

func (s *runningSum) add(c *parquet.Columns[tables.Any], from, to int) error {
	for i, v := range c.Col(s.col).Decs[from:to] {
		if s.currency != "" && c.Word(s.of).At(from+i) != s.currency {
			continue
		}
		s.absent = false
		if err := s.total.Add(v.Hi, v.Lo); err != nil {
			return fmt.Errorf("sum of %s: %w", s.name, err)
		}
	}
	return nil
}

// finish completes the file.
func (t *rebucketTarget) finish() ([]lake.FileEntry, error) {
	var sums []lake.ColumnSum
	for _, s := range t.sums {
		if !s.absent {
			sums = append(sums, lake.ColumnSum{Column: s.name, Value: s.total.String()})
		}
	}
	return t.Finish(sums)
}

// divideFile writes the rows of a file to files of the parts, and appends those to made.
func (d *division) divideFile(e lake.FileEntry, made [][]lake.FileEntry) error {
	def, err := tableOf(e)
	if err != nil {
		return err
	}
	for first := 0; first < d.parts(); first += maxTargets {
		if err := d.dividePass(e, def, first, made); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}

// dividePass is divideFile for as many parts, from first on, as there are targets.
func (d *division) dividePass(e lake.FileEntry, def *tables.Table, first int, made [][]lake.FileEntry) (
	err error) {
	open := d.targetsOf(def)
	open = open[:min(len(open), d.parts()-first)]
	for i, t := range open {
		key := e.FileKey
		key.Bucket = d.bucket + (first+i)*d.from
		if err := t.restart(key, def, e.Sums, d.slotLines); err != nil {
			return err
		}
	}
	ended := 0
	defer func() {
		for _, t := range open[ended:] {
			err = errors.Join(err, t.Abort())
		}
	}()
	if err := d.read(e, def, first, open); err != nil {
		return err
	}
	for i, t := range open {
		files, err := t.finish()
		ended++
		if err != nil {
			return err
		}
		made[first+i] = append(made[first+i], files...)
	}
	return nil
}

// read reads a file and passes its rows to the targets, of which the first is that of part first.
func (d *division) read(e lake.FileEntry, def *tables.Table, first int, open []*rebucketTarget) error {
	r, err := rows.OpenFile(d.txn, e, tables.Untyped(def), nil)
	if err != nil {
		return err
	}
	defer r.Close()
	customer := customerOf(def)
	var parts []int // by code of the customer
	for {
		c, err := r.Next()
		if err != nil || c == nil {
			return err
		}
		if parts, err = d.partsOf(c.Word(customer).Dict(), parts); err != nil {
			return err
		}
		for _, t := range open {
			t.next(c)
		}
		codes := c.Word(customer).Codes()
		for from := 0; from < c.N; {
			part, to := parts[codes[from]], from+1
			for to < c.N && parts[codes[to]] == part {
				to++
			}
			if i := part - first; i >= 0 && i < len(open) {
				if err := open[i].add(c, from, to); err != nil {
					return err
				}
			}
			from = to
		}
	}
}

// partsOf returns the parts of customers; into is reused memory.
func (d *division) partsOf(customers []string, into []int) ([]int, error) {
	into = into[:0]
	for _, id := range customers {
		part, ok := d.part(id)
		if !ok {
			return nil, fmt.Errorf("customer %q is not of bucket %d: `tollbook verify` checks the lake", id, d.bucket)
		}
		into = append(into, part)
	}
	return into, nil
}

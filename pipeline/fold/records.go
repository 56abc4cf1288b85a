package fold

import (
	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// names turns the words of lake files into the books' codes, and back.
type names struct {
	codes.Names
	regions *accept.Regions
	pages   *parquet.Decoder // of openAtOnce, once it was called
}

func (n *names) region(name string) (int32, error) { return n.regions.Code(name), nil }

// openAtOnce opens a file with the decoder of the names.
func (n *names) openAtOnce(
	o tablefile.Opener,
	e lake.FileEntry,
	def *tables.Table,
	cols []int,
) (*tablefile.Reader, error) {
	if n.pages == nil {
		var err error
		if n.pages, err = parquet.NewDecoder(); err != nil {
			return nil, err
		}
	}
	return tablefile.OpenAtOnce(o, e, def, cols, n.pages)
}

// lineRecords reads usage records back from their lines: one record per run of usage lines of one identity.
type lineRecords struct {
	tablefile.Cursor
	names                  *names
	customers, skus, areas codes.List
	usage                  int32  // code of kind `usage` in the present group
	draws                  []byte // of the record given last, if the columns hold them
	text                   []byte
	pending                bool // the cursor stands on a line not yet used
	ended                  bool
}

var lineColumns = []int{tables.LCustomerID, tables.LRegionCode, tables.LID, tables.LKind, tables.LResourceID,
	tables.LResourceName,
	tables.LResourceTag, tables.LSKU, tables.LUsageAmount, tables.LUsageStart, tables.LUsageEnd}

// step moves to the next usage line.
func (l *lineRecords) step() error {
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
		if l.Cols.C[tables.LKind].Codes[l.At] == l.usage {
			return nil
		}
	}
}

func (l *lineRecords) group() error {
	c := l.Cols.C
	l.usage = -1
	for i, word := range c[tables.LKind].Dict {
		if word == line.Usage.String() {
			l.usage = int32(i)
		}
	}
	if err := l.customers.Fill(c[tables.LCustomerID].Dict, l.names.Customer); err != nil {
		return err
	}
	if err := l.skus.Fill(c[tables.LSKU].Dict, l.names.SKU); err != nil {
		return err
	}
	return l.areas.Fill(c[tables.LRegionCode].Dict, l.names.region)
}

// Next implements sorting.Source.
func (l *lineRecords) Next(r *sorting.Row) (bool, error) {
	if !l.pending {
		if err := l.step(); err != nil {
			return false, err
		}
	}
	l.pending = false
	if l.ended {
		return false, nil
	}
	if err := l.take(r); err != nil {
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

// take fills r from the present line; its texts are copied, for a record's lines may span two row groups.
func (l *lineRecords) take(r *sorting.Row) (err error) {
	c, i := l.Cols.C, l.At
	r.Customer, r.SKU = l.customers[c[tables.LCustomerID].Codes[i]], l.skus[c[tables.LSKU].Codes[i]]
	r.Region = l.areas[c[tables.LRegionCode].Codes[i]]
	r.Start, r.End = period.Instant(c[tables.LUsageStart].Ints[i]), period.Instant(c[tables.LUsageEnd].Ints[i])
	r.File, r.Number, r.Replaces = sorting.FromLake, tables.Counted, nil
	l.text = l.text[:0]
	var ends [4]int
	for k, col := range [...]int{tables.LID, tables.LResourceID, tables.LResourceName, tables.LResourceTag} {
		l.text = append(l.text, c[col].Text(i)...)
		ends[k] = len(l.text)
	}
	r.ID, r.Resource = l.text[:ends[0]], l.text[ends[0]:ends[1]]
	r.Name, r.Tag = l.text[ends[1]:ends[2]], l.text[ends[2]:ends[3]]
	if len(c[tables.LPackageDraws].Ends) > 0 {
		l.draws = append(l.draws[:0], c[tables.LPackageDraws].Text(i)...)
	}
	r.Quantity, err = amountOf(l.Cols, i)
	return err
}

func amountOf(c *parquet.Columns, i int) (money.Quantity, error) {
	d := c.C[tables.LUsageAmount].Decs[i]
	return money.QuantityFromRaw(d.Hi, d.Lo)
}

// same reports whether the present line is a further one of the record r.
func (l *lineRecords) same(r *sorting.Row) bool {
	c, i := l.Cols.C, l.At
	return period.Instant(c[tables.LUsageStart].Ints[i]) == r.Start && string(c[tables.LID].Text(i)) == string(r.ID) &&
		l.customers[c[tables.LCustomerID].Codes[i]] == r.Customer
}

// tableRecords reads the records of the usage table.
type tableRecords struct {
	tablefile.Cursor
	names                  *names
	customers, skus, areas codes.List
}

// Next implements sorting.Source. Number is the row's status.
func (t *tableRecords) Next(r *sorting.Row) (bool, error) {
	ok, fresh, err := t.Cursor.Next()
	if err != nil || !ok {
		return false, err
	}
	c, i := t.Cols.C, t.At
	if fresh {
		if err := t.customers.Fill(c[tables.UCustomerID].Dict, t.names.Customer); err != nil {
			return false, err
		}
		if err := t.skus.Fill(c[tables.USKU].Dict, t.names.SKU); err != nil {
			return false, err
		}
		if err := t.areas.Fill(c[tables.URegionCode].Dict, t.names.region); err != nil {
			return false, err
		}
	}
	r.Customer, r.SKU = t.customers[c[tables.UCustomerID].Codes[i]], t.skus[c[tables.USKU].Codes[i]]
	r.Region = t.areas[c[tables.URegionCode].Codes[i]]
	r.Start, r.End = period.Instant(c[tables.UUsageStart].Ints[i]), period.Instant(c[tables.UUsageEnd].Ints[i])
	r.ID, r.Resource = c[tables.URecordID].Text(i), c[tables.UResourceID].Text(i)
	r.Name, r.Tag, r.Replaces = c[tables.UResourceName].Text(i), c[tables.UResourceTag].Text(i),
		c[tables.UReplaces].Text(i)
	r.File, r.Number = sorting.FromLake, int64(c[tables.UStatus].Codes[i])
	if r.Number == tables.Apart {
		r.Number = tables.Counted
	}
	d := c[tables.UQuantity].Decs[i]
	r.Quantity, err = money.QuantityFromRaw(d.Hi, d.Lo)
	return true, err
}

// accepted merges the two places where a day's accepted records lie; where both have one, the usage table knows more.
type accepted struct {
	sources     [2]sorting.Source // lines, usage table; nil when absent
	rows        [2]sorting.Row
	have, ended [2]bool
	given       int // the source of the row given last
	files       []*tablefile.Reader
}

// openAccepted opens what the lake has of a day's records. more are columns of lines beside those that records are read
// from.
func openAccepted(o tablefile.Opener, n *names, lines, usage []lake.FileEntry, more ...int) (*accepted, error) {
	a := &accepted{ended: [2]bool{true, true}}
	for _, e := range lines {
		f, err := tablefile.Open(o, e, tables.Lines(), append(more, lineColumns...))
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[0], a.ended[0] = &lineRecords{Cursor: tablefile.Cursor{Reader: f}, names: n}, false
	}
	for _, e := range usage {
		f, err := tablefile.Open(o, e, tables.Usage(), nil)
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[1], a.ended[1] = &tableRecords{Cursor: tablefile.Cursor{Reader: f}, names: n}, false
	}
	return a, nil
}

func (a *accepted) close() {
	for _, f := range a.files {
		f.Close()
	}
}

// Next implements sorting.Source.
func (a *accepted) Next(r *sorting.Row) (bool, error) {
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

func (a *accepted) give(k int, r *sorting.Row) (bool, error) {
	*r = a.rows[k]
	a.have[k], a.given = false, k
	return true, nil
}

// drew is what the record given last drew from packages, if lines are read with their draws.
func (a *accepted) drew() []byte {
	switch from := a.sources[a.given].(type) {
	case *lineRecords:
		return from.draws
	case *tableRecords:
		return from.Cols.C[tables.UDraws].Text(from.At)
	}
	return nil
}

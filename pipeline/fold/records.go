package fold

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Opener opens the lake's data files.
type Opener interface {
	OpenFile(lake.FileEntry) (storage.ReadFile, error)
}

// MissingBookError says that the books no longer have what accepted records need.
type MissingBookError struct{ Book, What, ID string }

func (e *MissingBookError) Error() string {
	return fmt.Sprintf("no %s %q, which accepted records name", e.What, e.ID)
}

// names turns the words of lake files into the books' codes.
type names struct {
	books   *books.Books
	regions *accept.Regions
	pages   *parquet.Decoder // of openPages, once it was called
}

func (n *names) customer(id string) (int32, error) {
	if code := n.books.Customer(id); code >= 0 {
		return code, nil
	}
	return 0, &MissingBookError{"customers.csv", "customer", id}
}

// customers are the codes of words that mostly come in the books' order.
func (n *names) customers(words []string, to *codes) error {
	to.list = to.list[:0]
	code := int32(0)
	for _, id := range words {
		if code = n.books.CustomerFrom(id, code); code < 0 {
			return &MissingBookError{"customers.csv", "customer", id}
		}
		to.list = append(to.list, code)
	}
	return nil
}

func (n *names) sku(id string) (int32, error) {
	if code := n.books.SKU(id); code >= 0 {
		return code, nil
	}
	return 0, &MissingBookError{"products.csv", "sku", id}
}

// tableFile is one lake file read group by group.
type tableFile struct {
	file   storage.ReadFile
	reader *parquet.Reader // nil where pages read it
	pages  parquet.Pages
	cols   []int // that pages read
	group  int   // that pages read next
	out    *parquet.Columns
}

func openTable(o Opener, e lake.FileEntry, def *tables.Table, cols []int) (*tableFile, error) {
	f, err := o.OpenFile(e)
	if err != nil {
		return nil, err
	}
	r, err := parquet.NewReader(seekable(f), def, cols)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Path, err)
	}
	return &tableFile{file: f, reader: r}, nil
}

// openPages is openTable for files that are read whole and of which most columns hold one value: those cost nothing
// then. cols nil = all.
func (n *names) openPages(o Opener, e lake.FileEntry, def *tables.Table, cols []int) (*tableFile, error) {
	if n.pages == nil {
		var err error
		if n.pages, err = parquet.NewDecoder(); err != nil {
			return nil, err
		}
	}
	f, err := o.OpenFile(e)
	if err != nil {
		return nil, err
	}
	src, _, err := atOnce(f, nil)
	var layout *parquet.Layout
	if err == nil {
		layout, err = parquet.ReadLayout(src, f.Size(), def)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.Path, err), f.Close())
	}
	if cols == nil {
		for i := range def.Columns {
			cols = append(cols, i)
		}
	}
	return &tableFile{file: f, pages: parquet.Pages{Layout: layout, Source: src, Decoder: n.pages}, cols: cols,
		out: parquet.NewColumns(def)}, nil
}

// atOnce reads a file that is not large in one go, into memory that may be used again: a reader of its parts would have
// the checksum of the block that holds the footer compared for each of them.
func atOnce(f storage.ReadFile, mem []byte) (io.ReaderAt, []byte, error) {
	const most = 4 << 20
	size := f.Size()
	if size > most {
		return f, mem, nil
	}
	mem = slices.Grow(mem[:0], int(size))[:size]
	if n, err := f.ReadAt(mem, 0); n < len(mem) {
		return nil, mem, err
	}
	return parquet.InMemory(mem), mem, nil
}

// next returns the next row group's columns, or nil at the end.
func (t *tableFile) next() (*parquet.Columns, error) {
	if t.reader != nil {
		return t.reader.Next()
	}
	if t.group == t.pages.Layout.Groups() {
		return nil, nil
	}
	t.out.Reset()
	err := t.pages.Group(t.out, t.cols, t.group)
	t.group++
	return t.out, err
}

func (t *tableFile) close() {
	if t == nil {
		return
	}
	if t.reader != nil {
		t.reader.Close()
	}
	t.file.Close()
}

// cursor walks the rows of a table file.
type cursor struct {
	*tableFile
	skip func(*tableFile) bool // whether the next row group has nothing of interest; nil = never
	cols *parquet.Columns
	at   int
}

// next moves to the next row; fresh is true at the first row of a row group.
func (c *cursor) next() (ok, fresh bool, err error) {
	c.at++
	if c.cols != nil && c.at < c.cols.N {
		return true, false, nil
	}
	for {
		for c.skip != nil && c.skip(c.tableFile) {
			c.reader.Skip()
		}
		c.cols, err = c.tableFile.next()
		if err != nil || c.cols == nil {
			return false, false, err
		}
		if c.cols.N > 0 {
			c.at = 0
			return true, true, nil
		}
	}
}

// codes maps the words of the present row group to codes.
type codes struct{ list []int32 }

func (c *codes) fill(words []string, lookup func(string) (int32, error)) error {
	c.list = c.list[:0]
	for _, w := range words {
		code, err := lookup(w)
		if err != nil {
			return err
		}
		c.list = append(c.list, code)
	}
	return nil
}

func (n *names) region(name string) (int32, error) { return n.regions.Code(name), nil }

// lineRecords reads usage records back from their lines: one record per run of usage lines of one identity.
type lineRecords struct {
	cursor
	names                  *names
	customers, skus, areas codes
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
		ok, fresh, err := l.next()
		if err != nil || !ok {
			l.ended = true
			return err
		}
		if fresh {
			if err := l.group(); err != nil {
				return err
			}
		}
		if l.cols.C[tables.LKind].Codes[l.at] == l.usage {
			return nil
		}
	}
}

func (l *lineRecords) group() error {
	c := l.cols.C
	l.usage = -1
	for i, word := range c[tables.LKind].Dict {
		if word == line.Usage.String() {
			l.usage = int32(i)
		}
	}
	if err := l.customers.fill(c[tables.LCustomerID].Dict, l.names.customer); err != nil {
		return err
	}
	if err := l.skus.fill(c[tables.LSKU].Dict, l.names.sku); err != nil {
		return err
	}
	return l.areas.fill(c[tables.LRegionCode].Dict, l.names.region)
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
		q, err := amountOf(l.cols, l.at)
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
	c, i := l.cols.C, l.at
	r.Customer, r.SKU = l.customers.list[c[tables.LCustomerID].Codes[i]], l.skus.list[c[tables.LSKU].Codes[i]]
	r.Region = l.areas.list[c[tables.LRegionCode].Codes[i]]
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
	r.Quantity, err = amountOf(l.cols, i)
	return err
}

func amountOf(c *parquet.Columns, i int) (money.Quantity, error) {
	d := c.C[tables.LUsageAmount].Decs[i]
	return money.QuantityFromRaw(d.Hi, d.Lo)
}

// same reports whether the present line is a further one of the record r.
func (l *lineRecords) same(r *sorting.Row) bool {
	c, i := l.cols.C, l.at
	return period.Instant(c[tables.LUsageStart].Ints[i]) == r.Start && string(c[tables.LID].Text(i)) == string(r.ID) &&
		l.customers.list[c[tables.LCustomerID].Codes[i]] == r.Customer
}

// tableRecords reads the records of the usage table.
type tableRecords struct {
	cursor
	names                  *names
	customers, skus, areas codes
}

// Next implements sorting.Source. Number is the row's status.
func (t *tableRecords) Next(r *sorting.Row) (bool, error) {
	ok, fresh, err := t.next()
	if err != nil || !ok {
		return false, err
	}
	c, i := t.cols.C, t.at
	if fresh {
		if err := t.customers.fill(c[tables.UCustomerID].Dict, t.names.customer); err != nil {
			return false, err
		}
		if err := t.skus.fill(c[tables.USKU].Dict, t.names.sku); err != nil {
			return false, err
		}
		if err := t.areas.fill(c[tables.URegionCode].Dict, t.names.region); err != nil {
			return false, err
		}
	}
	r.Customer, r.SKU = t.customers.list[c[tables.UCustomerID].Codes[i]], t.skus.list[c[tables.USKU].Codes[i]]
	r.Region = t.areas.list[c[tables.URegionCode].Codes[i]]
	r.Start, r.End = period.Instant(c[tables.UUsageStart].Ints[i]), period.Instant(c[tables.UUsageEnd].Ints[i])
	r.ID, r.Resource = c[tables.URecordID].Text(i), c[tables.UResourceID].Text(i)
	r.Name, r.Tag, r.Replaces = c[tables.UResourceName].Text(i), c[tables.UResourceTag].Text(i),
		c[tables.UReplaces].Text(i)
	r.File, r.Number = sorting.FromLake, int64(c[tables.UStatus].Codes[i])
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
	files       []*tableFile
}

// openAccepted opens what the lake has of a day's records. more are columns of lines beside those that records are read
// from.
func openAccepted(o Opener, n *names, lines, usage []lake.FileEntry, more ...int) (*accepted, error) {
	a := &accepted{ended: [2]bool{true, true}}
	for _, e := range lines {
		f, err := openTable(o, e, tables.Lines(), append(more, lineColumns...))
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[0], a.ended[0] = &lineRecords{cursor: cursor{tableFile: f}, names: n}, false
	}
	for _, e := range usage {
		f, err := openTable(o, e, tables.Usage(), nil)
		if err != nil {
			return nil, err
		}
		a.files = append(a.files, f)
		a.sources[1], a.ended[1] = &tableRecords{cursor: cursor{tableFile: f}, names: n}, false
	}
	return a, nil
}

func (a *accepted) close() {
	for _, f := range a.files {
		f.close()
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
		return from.cols.C[tables.UDraws].Text(from.at)
	}
	return nil
}

package fold

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/table"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// opening gives the positions a day starts from, a customer at a time in the books' order.
type opening struct {
	cursor
	names     *names
	customers codes
	customer  int32 // whose rows are next; -1 at the end
	rows      []position.Row
}

// newOpening starts on a positions file; without one there are no positions.
func newOpening(o Opener, n *names, files []lake.FileEntry) (*opening, error) {
	p := &opening{names: n, customer: -1}
	if len(files) == 0 {
		return p, nil
	}
	f, err := openTable(o, files[0], tables.Positions(), nil)
	if err != nil {
		return nil, err
	}
	p.cursor = cursor{tableFile: f}
	return p, p.advance()
}

func (p *opening) close() {
	if p.tableFile != nil {
		p.tableFile.close()
	}
}

// advance moves to the next row of the file and notes whose it is.
func (p *opening) advance() error {
	ok, fresh, err := p.next()
	if err != nil || !ok {
		p.customer = -1
		return err
	}
	if fresh {
		if err := p.customers.fill(p.cols.C[tables.PCustomerID].Dict, p.names.customer); err != nil {
			return err
		}
	}
	p.customer = p.customers.list[p.cols.C[tables.PCustomerID].Codes[p.at]]
	return nil
}

// take returns the rows of the customer that is next and moves on. The rows are valid until the next call.
func (p *opening) take() ([]position.Row, error) {
	who := p.customer
	p.rows = p.rows[:0]
	for p.customer == who {
		row, err := p.row()
		if err != nil {
			return nil, err
		}
		p.rows = append(p.rows, row)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return p.rows, nil
}

func (p *opening) row() (position.Row, error) {
	c, i := p.cols.C, p.at
	row := position.Row{
		Kind: position.Kind(c[tables.PKind].Codes[i]), Key: c[tables.PKey].Word(i), Scope: c[tables.PScope].Word(i),
		Resource: string(c[tables.PResource].Text(i)), Region: c[tables.PRegion].Word(i),
		Name: string(c[tables.PName].Text(i)), Tag: string(c[tables.PTag].Text(i)),
		Order: c[tables.POrder].Ints[i], Draws: string(c[tables.PDraws].Text(i)), At: period.Instant(c[tables.PAt].Ints[i]),
	}
	for col, q := range map[int]*money.Quantity{tables.PCount: &row.Count, tables.PUsage: &row.Usage, tables.PFree: &row.Free} {
		d := c[col].Decs[i]
		v, err := money.QuantityFromRaw(d.Hi, d.Lo)
		if err != nil {
			return row, err
		}
		*q = v
	}
	return row, nil
}

// positionWriter writes the closing positions of one (cycle, day, bucket).
type positionWriter struct {
	f    *Folder
	key  lake.FileKey
	out  *lake.Writer
	pq   *table.Writer
	cols *table.Columns
	rows int64
}

func (f *Folder) newPositionWriter() *positionWriter {
	return &positionWriter{f: f, cols: table.NewColumns(tables.Positions())}
}

func (w *positionWriter) restart(key lake.FileKey) {
	w.key, w.out, w.pq, w.rows = key, nil, nil, 0
	w.cols.Reset()
}

// add appends a customer's rows.
func (w *positionWriter) add(customer int32, rows []position.Row) error {
	c := w.cols.C
	for i := range rows {
		r := &rows[i]
		c[tables.PCustomerID].AddWord(w.f.Books.Customers[customer].ID)
		c[tables.PKind].Codes = append(c[tables.PKind].Codes, int32(r.Kind))
		c[tables.PKey].AddWord(r.Key)
		c[tables.PScope].AddWord(r.Scope)
		c[tables.PResource].AddText(r.Resource)
		c[tables.PRegion].AddWord(r.Region)
		c[tables.PName].AddText(r.Name)
		c[tables.PTag].AddText(r.Tag)
		c[tables.POrder].Ints = append(c[tables.POrder].Ints, r.Order)
		c[tables.PCount].AddDec(r.Count.Raw())
		c[tables.PUsage].AddDec(r.Usage.Raw())
		c[tables.PFree].AddDec(r.Free.Raw())
		c[tables.PDraws].AddText(r.Draws)
		c[tables.PAt].Ints = append(c[tables.PAt].Ints, int64(r.At))
		w.cols.N++
		w.rows++
		if w.cols.N == GroupRows {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *positionWriter) flush() error {
	if w.cols.N == 0 {
		return nil
	}
	if w.out == nil {
		out, err := w.f.Txn.Create(w.key)
		if err != nil {
			return err
		}
		w.out = out
		if w.pq, err = table.NewWriter(out, tables.Positions()); err != nil {
			return err
		}
	}
	if err := w.pq.Write(w.cols); err != nil {
		return err
	}
	w.cols.Reset()
	return nil
}

func (w *positionWriter) finish() ([]lake.FileEntry, error) {
	if err := w.flush(); err != nil || w.out == nil {
		return nil, err
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, nil)
	return []lake.FileEntry{e}, err
}

// writeTable writes a batch as one file of the lake; an empty batch gives none.
func (f *Folder) writeTable(key lake.FileKey, def *tables.Table, cols *table.Columns, sums []lake.Sum) ([]lake.FileEntry, error) {
	if cols.N == 0 {
		return nil, nil
	}
	out, err := f.Txn.Create(key)
	if err != nil {
		return nil, err
	}
	pq, err := table.NewWriter(out, def)
	if err != nil {
		return nil, err
	}
	if err := pq.Write(cols); err != nil {
		return nil, err
	}
	if err := pq.Close(); err != nil {
		return nil, err
	}
	e, err := out.Finish(int64(cols.N), sums)
	return []lake.FileEntry{e}, err
}

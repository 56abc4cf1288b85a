package fold

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
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
	inFile    int32 // whose rows are next in the file; -1 at its end
	rows      []position.Row
	changes   map[int32][]late.Change // made to packages since the file, by customer
	changed   []int32                 // customers of changes, ascending
	// rows go on as they are: whose they are is only known where carry stopped at a customer
	carries bool
	words   parquet.Recode // of the row group, in the batch that carry appends to
	coded   bool           // words is of this row group
	written int64          // and of the batch that followed so many rows
}

// anyCustomer stands for a customer whom carry has not been asked for.
const anyCustomer = 1<<31 - 1

// newOpening starts on a positions file; without one there are no positions.
func newOpening(o Opener, n *names, files []lake.FileEntry) (*opening, error) {
	return startOpening(o, &opening{names: n}, files)
}

// newCarrying is newOpening for a day that hands on the rows of customers without records as they are.
func newCarrying(o Opener, n *names, files []lake.FileEntry) (*opening, error) {
	return startOpening(o, &opening{names: n, carries: true}, files)
}

func startOpening(o Opener, p *opening, files []lake.FileEntry) (*opening, error) {
	p.customer, p.inFile = -1, -1
	if len(files) == 0 {
		return p, nil
	}
	f, err := p.names.openPages(o, files[0], tables.Positions(), nil)
	if err != nil {
		return nil, err
	}
	p.cursor = cursor{tableFile: f}
	return p, p.advance()
}

// overlay makes changes to packages on the way.
func (p *opening) overlay(changes map[int32][]late.Change) {
	p.changes, p.changed = changes, slices.Sorted(maps.Keys(changes))
	p.turn()
}

// turn notes whose rows are next.
func (p *opening) turn() {
	p.customer = p.inFile
	if len(p.changed) > 0 && (p.inFile < 0 || p.changed[0] < p.inFile) {
		p.customer = p.changed[0]
	}
}

func (p *opening) close() {
	if p.tableFile != nil {
		p.tableFile.close()
	}
}

// advance moves to the next row of the file and notes whose it is.
func (p *opening) advance() error {
	defer p.turn()
	ok, fresh, err := p.next()
	if err != nil || !ok {
		p.inFile = -1
		return err
	}
	customer := &p.cols.C[tables.PCustomerID]
	if p.carries {
		p.coded = p.coded && !fresh
		if p.inFile < 0 || p.inFile == anyCustomer || customer.Word(p.at) != p.names.books.Customers[p.inFile].ID {
			p.inFile = anyCustomer
		}
		return nil
	}
	if fresh {
		if err := p.names.customers(customer.Dict, &p.customers); err != nil {
			return err
		}
	}
	p.inFile = p.customers.list[customer.Codes[p.at]]
	return nil
}

// carry appends the rows of customers before one to positions as they are. Whose they are is not looked up: the day
// they come from did.
func (p *opening) carry(to *positionWriter, before int32) error {
	bound := ""
	if before != anyCustomer {
		bound = p.names.books.Customers[before].ID
	}
	for p.inFile >= 0 {
		customer, from := &p.cols.C[tables.PCustomerID], p.at
		for p.at < p.cols.N && (before == anyCustomer || customer.Word(p.at) < bound) {
			p.at++
		}
		if err := p.copy(to, from, p.at); err != nil {
			return err
		}
		if p.at < p.cols.N {
			if p.inFile = anyCustomer; customer.Word(p.at) == bound {
				p.inFile = before
			}
			break
		}
		p.at--
		if err := p.advance(); err != nil {
			return err
		}
	}
	p.turn()
	return nil
}

// copy appends rows of the row group at hand.
func (p *opening) copy(to *positionWriter, from, upTo int) error {
	for from < upTo {
		if !p.coded || p.written != to.rows {
			p.words.Reset(p.cols)
			p.coded, p.written = true, to.rows
		}
		n := min(upTo-from, GroupRows-to.cols.N)
		to.cols.AppendRun(p.cols, from, from+n, nil, &p.words)
		from += n
		if err := to.added(); err != nil {
			return err
		}
	}
	return nil
}

// take returns the rows of the customer that is next and moves on. The rows are valid until the next call.
func (p *opening) take() ([]position.Row, error) {
	who := p.customer
	p.rows = p.rows[:0]
	for p.inFile == who {
		row, err := p.row()
		if err != nil {
			return nil, err
		}
		p.rows = append(p.rows, row)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	var err error
	if len(p.changed) > 0 && p.changed[0] == who {
		p.rows, err = p.names.apply(p.rows, who, p.changes[who])
		p.changed = p.changed[1:]
		p.turn()
	}
	return p.rows, err
}

func (p *opening) row() (position.Row, error) {
	c, i := p.cols.C, p.at
	row := position.Row{
		Kind: position.Kind(c[tables.PKind].Codes[i]), Key: c[tables.PKey].Word(i), Scope: c[tables.PScope].Word(i),
		Resource: string(c[tables.PResource].Text(i)), Region: c[tables.PRegion].Word(i),
		Name: string(c[tables.PName].Text(i)), Tag: string(c[tables.PTag].Text(i)),
		Order: c[tables.POrder].Ints[i], Draws: string(c[tables.PDraws].Text(i)),
		At: period.Instant(c[tables.PAt].Ints[i]),
	}
	for _, q := range [...]struct {
		col int
		to  *money.Quantity
	}{{tables.PCount, &row.Count}, {tables.PUsage, &row.Usage}, {tables.PFree, &row.Free}} {
		d := c[q.col].Decs[i]
		v, err := money.QuantityFromRaw(d.Hi, d.Lo)
		if err != nil {
			return row, err
		}
		*q.to = v
	}
	return row, nil
}

// positionWriter writes the closing positions of one (cycle, day, bucket).
type positionWriter struct{ *tableWriter }

func (f *Folder) newPositionWriter() *positionWriter {
	return &positionWriter{f.newTableWriter(tables.Positions())}
}

// add appends a customer's rows.
func (w *positionWriter) add(customer int32, rows []position.Row) error {
	for i := range rows {
		addPosition(w.cols, w.f.Books.Customers[customer].ID, &rows[i])
		if err := w.added(); err != nil {
			return err
		}
	}
	return nil
}

// addPosition appends a row to a table that begins with the columns of positions.
func addPosition(to *parquet.Columns, customer string, r *position.Row) {
	c := to.C
	c[tables.PCustomerID].AddWord(customer)
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
	to.N++
}

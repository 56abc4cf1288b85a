package state

import (
	"maps"
	"math"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// PositionReader reads positions, one customer at a time in the order of the books.
type PositionReader struct {
	Customer int32 // the next customer; -1 at the end

	rows.Cursor[tables.Position]
	names     Names
	customers CodeList
	inFile    int32 // the next customer in the file; -1 at its end
	rows      []tables.PositionRow
	changes   map[int32][]PositionChange // made to packages after the file was written, by customer
	changed   []int32                    // customers of changes, ascending
	// rows are copied with Carry: their customers are looked up only when Carry stops
	carries bool
	words   parquet.Recode // maps the row group to the batch to which copy appends
	coded   bool           // words is valid for this row group
	written int64          // and for the batch when this number of rows was written
}

// AllCustomers is a bound of Carry that is above every customer.
const AllCustomers int32 = math.MaxInt32

// read starts before the first row of a file of positions; no file means no positions. A reader with carries does not
// look up customers.
func (s *Opening) read(files []lake.FileEntry, carries bool) (*PositionReader, error) {
	p := &PositionReader{Customer: -1, names: s.names(), inFile: -1, carries: carries}
	if len(files) == 0 {
		return p, nil
	}
	if s.decoder == nil {
		var err error
		if s.decoder, err = parquet.NewDecoder(); err != nil {
			return nil, err
		}
	}
	f, err := rows.OpenAtOnce(s.Files, files[0], tables.Positions(), nil, s.decoder)
	if err != nil {
		return nil, err
	}
	p.Cursor = rows.Cursor[tables.Position]{Reader: f}
	return p, p.advance()
}

// change makes the reader apply changes to packages.
func (p *PositionReader) change(changes map[int32][]PositionChange) {
	p.changes, p.changed = changes, slices.Sorted(maps.Keys(changes))
	p.turn()
}

// turn sets the next customer.
func (p *PositionReader) turn() {
	p.Customer = p.inFile
	if len(p.changed) > 0 && (p.inFile < 0 || p.changed[0] < p.inFile) {
		p.Customer = p.changed[0]
	}
}

// Carries reports whether the rows are of the day's own cycle, so that Carry can copy those of customers without
// records.
func (p *PositionReader) Carries() bool { return p.carries }

// advance moves to the next row of the file and reads its customer.
func (p *PositionReader) advance() error {
	defer p.turn()
	ok, fresh, err := p.Next()
	if err != nil || !ok {
		p.inFile = -1
		return err
	}
	customer := p.Cols.Col(tables.PositionCustomerID.Of())
	if p.carries {
		p.coded = p.coded && !fresh
		if p.inFile < 0 || p.inFile == AllCustomers || customer.Word(p.At) != p.names.Books.Customers[p.inFile].ID {
			p.inFile = AllCustomers
		}
		return nil
	}
	if fresh {
		if err := p.names.Customers(customer.Dict, &p.customers); err != nil {
			return err
		}
	}
	p.inFile = p.customers[customer.Codes[p.At]]
	return nil
}

// Carry copies the rows of the customers before one to the writer (OPEN-5). It does not check that the books contain
// them, since the day that wrote the rows did.
func (p *PositionReader) Carry(to *PositionWriter, before int32) error {
	bound := ""
	if before != AllCustomers {
		bound = p.names.Books.Customers[before].ID
	}
	for p.inFile >= 0 {
		customer, from := p.Cols.Col(tables.PositionCustomerID.Of()), p.At
		for p.At < p.Cols.N && (before == AllCustomers || customer.Word(p.At) < bound) {
			p.At++
		}
		if err := p.copy(to, from, p.At); err != nil {
			return err
		}
		if p.At < p.Cols.N {
			if p.inFile = AllCustomers; customer.Word(p.At) == bound {
				p.inFile = before
			}
			break
		}
		p.At--
		if err := p.advance(); err != nil {
			return err
		}
	}
	p.turn()
	return nil
}

// copy appends rows of the current row group.
func (p *PositionReader) copy(to *PositionWriter, from, upTo int) error {
	for from < upTo {
		if !p.coded || p.written != to.Rows() {
			p.words.Reset(p.Cols.Any())
			p.coded, p.written = true, to.Rows()
		}
		n := min(upTo-from, rows.GroupRows-to.Cols.N)
		to.Cols.AppendRun(p.Cols, from, from+n, nil, &p.words)
		from += n
		if err := to.Added(); err != nil {
			return err
		}
	}
	return nil
}

// Take returns the rows of the next customer and advances. The rows are valid until the next call.
func (p *PositionReader) Take() ([]tables.PositionRow, error) {
	who := p.Customer
	p.rows = p.rows[:0]
	for p.inFile == who {
		row, err := rowAt(p.Cols, p.At)
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
		p.rows, err = ApplyChanges(p.names.Books, who, p.rows, p.changes[who])
		p.changed = p.changed[1:]
		p.turn()
	}
	return p.rows, err
}

// rowAt reads a row of a table that begins with the columns of positions.
func rowAt(cols *parquet.Columns[tables.Position], i int) (tables.PositionRow, error) {
	row := tables.PositionRow{
		Kind:     tables.KindOfPosition(cols.Small(tables.PositionKind).At(i)),
		Key:      cols.Word(tables.PositionKey).At(i),
		Scope:    cols.Word(tables.PositionScope).At(i),
		Resource: string(cols.Text(tables.PositionResource).At(i)),
		Region:   cols.Word(tables.PositionRegion).At(i),
		Name:     string(cols.Text(tables.PositionName).At(i)),
		Tag:      string(cols.Text(tables.PositionTag).At(i)),
		Order:    cols.Whole(tables.PositionFirst).At(i),
		Draws:    string(cols.Text(tables.PositionDraws).At(i)),
		At:       cols.MaybeTime(tables.PositionAt).At(i),
	}
	for _, q := range [...]struct {
		col tables.QuantityColumn[tables.Position]
		to  *money.Quantity
	}{{tables.PositionCount, &row.Count}, {tables.PositionUsage, &row.Usage}, {tables.PositionFree, &row.Free}} {
		v, err := quantityAt(cols, q.col, i)
		if err != nil {
			return row, err
		}
		*q.to = v
	}
	return row, nil
}

func quantityAt(cols *parquet.Columns[tables.Position], col tables.QuantityColumn[tables.Position],
	i int) (money.Quantity, error) {
	d := cols.Quantity(col).At(i)
	return money.QuantityFromRaw(d.Hi, d.Lo)
}

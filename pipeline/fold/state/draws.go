package state

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// drew is what a record drew when it was billed. Texts are valid until the next one.
type drew struct {
	customer  string
	origin    period.Cycle
	id, draws []byte
	start     period.Instant
}

// DrawnOn returns what a customer's records draw from a package that the close of a cycle billed and that began in a
// span of one day.
func (s *Opening) DrawnOn(p *books.Package, span period.Span) (sum money.Quantity, err error) {
	day := s.Books.Zone.Day(span.From)
	files, err := s.Files.Select(lake.CycleOf(day.Cycle()), func(k lake.FileKey) bool {
		return k.Bucket == s.bucket(p.Customer) && k.Day == lake.DayOf(day)
	})
	if err != nil {
		return sum, err
	}
	all, who := make(map[string]string), s.Books.Customers[p.Customer].ID // a record can be in both tables
	for _, e := range files {
		err := eachDrew(s.Files, e, who, func(d *drew) error {
			if span.Holds(d.start) && len(d.draws) > 0 {
				all[string(d.id)] = string(d.draws)
			}
			return nil
		})
		if err != nil {
			return sum, err
		}
	}
	for _, draws := range all {
		err := tables.EachPackageDraw(draws, money.ParseQuantity, func(id string, q money.Quantity) (err error) {
			if id == p.ID {
				sum, err = sum.Add(q)
			}
			return err
		})
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// eachDrew visits the records of a file of lines, usage or late that count, of one customer or of all (""). It
// visits none of another table's.
func eachDrew(files rows.FileOpener, e lake.FileEntry, only string, visit func(*drew) error) error {
	one := func(d drew) error {
		if only != "" && only != d.customer {
			return nil
		}
		return visit(&d)
	}
	own := e.Cycle.Or(0)
	switch e.Table {
	case tables.Lines().Name:
		lines := func(c *parquet.Columns[tables.Line], i int) error {
			return one(drew{c.Word(tables.LineCustomerID).At(i), own, c.Text(tables.LineID).At(i),
				c.Text(tables.LinePackageDraws).At(i), c.Time(tables.LineUsageStart).At(i)})
		}
		if only != "" { // it reads only parts of the file
			return rows.EachRowOf(files, e, tables.Lines(), tables.LineCustomerID, only, lines)
		}
		return rows.EachRow(files, e, tables.Lines(), tables.Columns(tables.LineCustomerID, tables.LineID,
			tables.LineUsageStart, tables.LinePackageDraws), lines)
	case tables.Usage().Name:
		return eachRecord(files, e, tables.Usage(), func(c *parquet.Columns[tables.Record], i int, d drew) error {
			d.origin = own
			return one(d)
		})
	case tables.Late().Name:
		return eachRecord(files, e, tables.Late(), func(c *parquet.Columns[tables.Record], i int, d drew) (err error) {
			if d.origin, err = period.ParseCycle(c.Word(tables.RecordOriginCycle).At(i)); err != nil {
				return err
			}
			return one(d)
		}, tables.RecordOriginCycle.Of())
	}
	return nil
}

// eachRecord visits the records of a file that count, of a table that begins with the columns of usage.
func eachRecord(files rows.FileOpener, e lake.FileEntry, def tables.Def[tables.Record],
	visit func(*parquet.Columns[tables.Record], int, drew) error, more ...tables.ColumnOf[tables.Record]) error {
	columns := append(tables.Columns(tables.RecordCustomerID, tables.RecordRecordID, tables.RecordUsageStart,
		tables.RecordStatus, tables.RecordDraws), more...)
	return rows.EachRow(files, e, def, columns, func(c *parquet.Columns[tables.Record], i int) error {
		if c.Small(tables.RecordStatus).At(i) == tables.Replaced {
			return nil
		}
		return visit(c, i, drew{customer: c.Word(tables.RecordCustomerID).At(i),
			id: c.Text(tables.RecordRecordID).At(i), draws: c.Text(tables.RecordDraws).At(i),
			start: c.Time(tables.RecordUsageStart).At(i)})
	})
}

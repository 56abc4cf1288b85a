package focus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// ExcelCSV is a format that FOCUS does not define: CSV for a spreadsheet program (package document).
const ExcelCSV = "excel"

// Formats are the formats of a data set.
func Formats() []string { return []string{"csv", "parquet"} }

// Write writes a data set and returns its number of rows. Errors: those of Source.Each, and of w.
func Write(ctx context.Context, s *Source, r Request, format string, w io.Writer) (rows int64, err error) {
	var out interface {
		add(*Row) error
		end() error
	}
	columns, err := s.columns(r.Cycle)
	if err != nil {
		return 0, err
	}
	switch format {
	case "csv", ExcelCSV:
		out = newCSV(w, columns, format == ExcelCSV)
	case "parquet":
		if out, err = newParquet(w, columns); err != nil {
			return 0, err
		}
	default:
		return 0, fmt.Errorf("FOCUS format %q: want one of %s", format, strings.Join(Formats(), ", "))
	}
	err = s.Each(ctx, r, func(row *Row) error {
		rows++
		return out.add(row)
	})
	if err == nil {
		err = out.end()
	}
	return rows, err
}

// csvFile is RFC 4180 with a header; null is an empty field.
type csvFile struct {
	columns []Column
	w       *bufio.Writer
	excel   bool // for a spreadsheet program
	line    []byte
	cell    []byte
	safe    []byte // a cell for a spreadsheet program
}

const bufferSize = 256 << 10

func newCSV(w io.Writer, columns []Column, excel bool) *csvFile {
	f := &csvFile{columns: columns, w: bufio.NewWriterSize(w, bufferSize), excel: excel}
	if excel {
		f.line = append(f.line, document.BOM...)
	}
	for i, c := range f.columns {
		if i > 0 {
			f.line = append(f.line, ',')
		}
		f.line = append(f.line, c.Name...)
	}
	f.line = append(f.line, '\n')
	return f
}

func (f *csvFile) add(r *Row) error {
	for i := range f.columns {
		if i > 0 {
			f.line = append(f.line, ',')
		}
		f.cell = f.columns[i].appendText(f.cell[:0], r)
		f.line = export.AppendField(f.line, f.field(&f.columns[i]))
	}
	f.line = append(f.line, '\n')
	_, err := f.w.Write(f.line)
	f.line = f.line[:0]
	return err
}

// field returns the current cell as it is written to the file.
func (f *csvFile) field(c *Column) []byte {
	if !f.excel {
		return f.cell
	}
	t := table.Text
	switch c.Kind {
	case Time:
		t = table.Time
	case Cost, Price, Quantity:
		t = table.Amount
	}
	f.safe = export.AppendExcel(f.safe[:0], f.cell, t)
	return f.safe
}

// end also writes the header if there was no row.
func (f *csvFile) end() error {
	_, err := f.w.Write(f.line)
	return errors.Join(err, f.w.Flush())
}

// appendText appends a column's value as text; an empty text means null.
func (c *Column) appendText(dst []byte, r *Row) []byte {
	switch c.Kind {
	case Time:
		return c.time(r).AppendText(dst)
	case Cost:
		return AppendDec(dst, c.cost(r), costScale)
	case Price:
		if v := c.price(r); v.ok {
			return AppendDec(dst, v.v, priceScale)
		}
		return dst
	case Quantity:
		if v := c.price(r); v.ok {
			return AppendDec(dst, v.v, vendorScale)
		}
		return dst
	default:
		return append(dst, c.text(r)...)
	}
}

// Issuers returns who issued an invoice of a cycle, by id, the vendor first: the sellers of partners and of customers,
// also if an invoice has only the rounding of statements or terms of earlier orders.
func (s *Source) Issuers(ctx context.Context, cycle lake.Cycle) (out []string, err error) {
	list, err := s.Statements(ctx, cycle, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	seen := map[string]bool{settlement.VendorID: true}
	err = list.Each(func(row rows.Row[table.PartnerStatement]) error {
		if row.Word(table.PartnerStatementAssociationType) == resale {
			seen[row.Word(table.PartnerStatementPartnerID)], seen[row.Word(table.PartnerStatementSellerID)] = true, true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	incentives, err := s.Incentives()
	if err != nil {
		return nil, err
	}
	c := cycle.Or(lake.NoCycle)
	if err := errors.Join(s.roundedBy(ctx, c, seen), s.soldTerms(ctx, cycle, seen)); err != nil {
		return nil, err
	}
	for i := range incentives {
		if in := &incentives[i]; in.Period.Last() == c {
			seen[settlement.PartnerID(s.Books, s.Book.Seller(in.Partner, in.Period.Span(s.Books.Zone).To-1))] = true
		}
	}
	delete(seen, settlement.VendorID)
	return append([]string{settlement.VendorID}, slices.Sorted(maps.Keys(seen))...), nil
}

// roundedBy adds the issuers of the rounding of customers' statements of a cycle.
func (s *Source) roundedBy(ctx context.Context, c period.Cycle, issuers map[string]bool) (err error) {
	if len(s.Books.Associations) == 0 {
		return nil // only the vendor
	}
	list, err := rows.Statements(ctx, s.Snap, lake.CycleOf(c), "", s.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	names := newNames(s.Books, s.Books.Zone.Bounds(c).To)
	return list.Each(func(row rows.Row[table.Statement]) error {
		if amountIn(row, table.StatementRoundingAmount).Sign() != 0 {
			issuers[settlement.PartnerID(s.Books, names.invoicer(row.Word(table.StatementCustomerID)))] = true
		}
		return nil
	})
}

// Tag identifies the bytes that Write writes, as export.Request.Tag does. It depends on the committed state, the books,
// the vendor's name, the request, and program, the version of the program that writes them.
func (s *Source) Tag(r Request, format, program string) string {
	return string(lake.HashBytes(fmt.Appendf(nil, "focus %q %q %x %q %q %q %q %q", program, s.Snap.Hash,
		s.Books.Hash, s.Publisher, r.Cycle, r.Issuer, r.Account, format)))
}

package settle

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// lineColumns are the columns of lines that settlement reads.
var lineColumns = tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType,
	tables.LineChargingMode,
	tables.LineSKU,
	tables.LineOfficialAmount, tables.LineOfficialDiscountAmount, tables.LineTruncatedAmount, tables.LinePaymentAmount,
	tables.LineCashAmount,
	tables.LineStoredValueCardAmount, tables.LineUsageStart, tables.LineCountedCouponAmount, tables.LineOwnTime,
	tables.LineInstant)

// lineAmounts are the columns of the amounts of a line, in the order of lineBatch.amounts.
var lineAmounts = [...]tables.AmountColumn[tables.Line]{tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
	tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LineCashAmount, tables.LineStoredValueCardAmount,
	tables.LineCountedCouponAmount}

// column holds the values of a column of a batch: one for each row, or one for all of them.
type column[T any] struct {
	values []T
	step   int // 0 = one for all rows
}

func columnOf[T any](values []T, same bool) column[T] {
	if same {
		return column[T]{values, 0}
	}
	return column[T]{values, 1}
}

func (c *column[T]) at(row int) T { return c.values[row*c.step] }

// lineBatch holds the columns of a batch of lines. Words are codes.
type lineBatch struct {
	customer, partner, association, sku, service, mode column[int32]
	start, own, instant                                column[int64]
	amounts                                            [len(lineAmounts)]column[parquet.Dec]
}

// batchOf finds the columns of a batch.
func batchOf(c *parquet.Columns[tables.Line]) (b lineBatch) {
	codes := func(col tables.ColumnOf[tables.Line]) column[int32] {
		return columnOf(c.Col(col).Codes, c.Col(col).Const)
	}
	times := func(col tables.ColumnOf[tables.Line]) column[int64] {
		return columnOf(c.Col(col).Ints, c.Col(col).Const)
	}
	b.customer, b.partner = codes(tables.LineCustomerID.Of()), codes(tables.LinePartnerID.Of())
	b.association, b.mode = codes(tables.LineAssociationType.Of()), codes(tables.LineChargingMode.Of())
	b.sku, b.service = codes(tables.LineSKU.Of()), codes(tables.LineServiceTypeCode.Of())
	b.start, b.own = times(tables.LineUsageStart.Of()), times(tables.LineOwnTime.Of())
	b.instant = times(tables.LineInstant.Of())
	for k, col := range lineAmounts {
		b.amounts[k] = columnOf(c.Col(col.Of()).Decs, c.Col(col.Of()).Const)
	}
	return b
}

// heldRows is the number of rows of a file that are decoded at once. The files of all days of a bucket are read
// together.
const heldRows = 2 * parquet.PageRows

// lineFile reads the lines of one file that have a partner, customer by customer.
type lineFile struct {
	books  *books.Books
	path   string
	file   storage.ReadFile
	reader *parquet.Reader[tables.Line]
	cols   *parquet.Columns[tables.Line]
	batch  lineBatch // of cols
	at     int

	unbound bool   // lines can have no product
	only    []bool // by code of the partner: whether its lines are read; nil = lines of every partner

	customers, partners, skus []int32 // codes of the current row group's words
	associations              []books.AssociationType

	customer int32 // of the current line; -1 at the end
}

// openLines starts at the first line with a partner that only selects.
func openLines(o rows.FileOpener, b *books.Books, d *parquet.Decoder, e lake.FileEntry,
	only []bool) (*lineFile, error) {
	file, err := o.Open(e)
	if err != nil {
		return nil, err
	}
	cols := lineColumns
	if e.Day == lake.CommitmentsDay { // its lines can have no product
		cols = append(slices.Clone(cols), tables.LineServiceTypeCode.Of())
	}
	f := &lineFile{books: b, path: e.Path, file: file, unbound: e.Day == lake.CommitmentsDay, only: only}
	wanted := parquet.Wanted[tables.Line]{Cols: cols, Rows: heldRows, Decoder: d, Constant: true}
	if only != nil { // pages without a line of these partners are not decoded
		wanted.Rows, wanted.First, wanted.Keep = parquet.PageRows, tables.Columns(tables.LinePartnerID), f.holds
	}
	f.reader, err = parquet.NewReaderOf(io.NewSectionReader(file, 0, file.Size()), tables.Lines(), wanted)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.Path, err), file.Close())
	}
	if err := f.next(); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *lineFile) close() error { return errors.Join(f.reader.Close(), f.file.Close()) }

// holds reports whether one of the next lines is of a selected partner.
func (f *lineFile) holds(c *parquet.Columns[tables.Line]) bool {
	partners := c.Word(tables.LinePartnerID)
	wanted := make([]bool, len(partners.Dict()))
	for code, id := range partners.Dict() {
		at := f.books.Partner(id)
		wanted[code] = at >= 0 && f.only[at] || at < 0 && id != "" // one that the books lack is an error
	}
	return slices.ContainsFunc(partners.Codes(), func(code int32) bool { return wanted[code] })
}

// given reports whether lines of a partner are read.
func (f *lineFile) given(partner int32) bool {
	return partner >= 0 && (f.only == nil || f.only[partner])
}

// next moves to the next line with a partner.
func (f *lineFile) next() (err error) {
	f.at++
	for {
		for f.cols != nil && f.at < f.cols.N {
			if f.given(f.partners[f.batch.partner.at(f.at)]) {
				f.customer = f.customers[f.batch.customer.at(f.at)]
				return nil
			}
			f.at++
		}
		if f.cols, err = f.reader.Next(); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if f.cols == nil {
			f.customer = -1
			return nil
		}
		if err := f.words(); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		f.batch, f.at = batchOf(f.cols), 0
	}
}

// words looks up the words of a row group in the books.
func (f *lineFile) words() error {
	f.customers, f.partners, f.skus, f.associations = f.customers[:0], f.partners[:0], f.skus[:0], f.associations[:0]
	c := f.cols
	for _, w := range c.Word(tables.LineCustomerID).Dict() {
		f.customers = append(f.customers, f.books.Customer(w))
	}
	for _, w := range c.Word(tables.LineSKU).Dict() {
		f.skus = append(f.skus, f.books.SKU(w))
	}
	for _, w := range c.Word(tables.LinePartnerID).Dict() {
		code := f.books.Partner(w)
		if code < 0 && w != "" {
			return books.Missing(books.ByLines, "partners.csv", "partner", w)
		}
		f.partners = append(f.partners, code)
	}
	for _, w := range c.Word(tables.LineAssociationType).Dict() {
		kind := books.AssociationOf(w)
		if kind.Word() != w {
			return fmt.Errorf("association_type %q", w)
		}
		f.associations = append(f.associations, kind)
	}
	return nil
}

// line fills l with the current line.
func (f *lineFile) line(l *settlement.Line) (err error) {
	c, b, i := f.cols, &f.batch, f.at
	*l = settlement.Line{Customer: f.customer, Partner: f.partners[b.partner.at(i)], SKU: f.skus[b.sku.at(i)],
		Association: f.associations[b.association.at(i)], ChargingMode: uint8(b.mode.at(i))}
	if l.Customer < 0 {
		id := c.Word(tables.LineCustomerID).Dict()[b.customer.at(i)]
		return books.Missing(books.ByLines, "customers.csv", "customer", id)
	}
	if f.unbound {
		l.Service = c.Word(tables.LineServiceTypeCode).Dict()[b.service.at(i)]
	}
	if sku := b.sku.at(i); l.SKU < 0 && !(f.unbound && c.Word(tables.LineSKU).Dict()[sku] == "") {
		return books.Missing(books.ByLines, "products.csv", "sku", c.Word(tables.LineSKU).Dict()[sku])
	}
	start := period.Instant(b.start.at(i))
	l.OwnTime, l.Instant = timeOr(b.own.at(i), start), timeOr(b.instant.at(i), start)
	for k, to := range [len(lineAmounts)]*money.Amount{&l.Official, &l.Discount, &l.Truncated, &l.Payment, &l.Cash,
		&l.Stored, &l.CountedCoupon} {
		d := b.amounts[k].at(i)
		if *to, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
			return fmt.Errorf("%s: %s: %w", f.path, tables.Lines().Columns[lineAmounts[k]].Name, err)
		}
	}
	return nil
}

// timeOr returns a time from its column, or the start of usage if the column is null.
func timeOr(t int64, start period.Instant) period.Instant {
	if period.Instant(t) == tables.Nothing {
		return start
	}
	return period.Instant(t)
}

// settleFiles settles the lines of files that contain all lines of their customers, customer by customer, and passes
// each customer's rows to rows. only is that of openLines.
func settleFiles(o rows.FileOpener, b *books.Books, s *settlement.Settler, files []lake.FileEntry, only []bool,
	rows func([]settlement.Row) error) (err error) {
	decoder, err := parquet.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	open := make([]*lineFile, 0, len(files))
	defer func() {
		for _, f := range open {
			err = errors.Join(err, f.close())
		}
	}()
	for _, e := range files {
		f, err := openLines(o, b, decoder, e, only)
		if err != nil {
			return err
		}
		open = append(open, f)
	}
	var list []settlement.Row
	for {
		customer := nextCustomer(open)
		if customer < 0 {
			return nil
		}
		for _, f := range open {
			if err := f.settle(s, customer); err != nil {
				return err
			}
		}
		if list, err = s.Finish(list[:0]); err != nil {
			return err
		}
		if err := rows(list); err != nil {
			return err
		}
	}
}

// nextCustomer returns the first current customer of all files; -1 = all are at their end.
func nextCustomer(open []*lineFile) int32 {
	customer := int32(-1)
	for _, f := range open {
		if f.customer >= 0 && (customer < 0 || f.customer < customer) {
			customer = f.customer
		}
	}
	return customer
}

// settle adds the file's lines of a customer.
func (f *lineFile) settle(s *settlement.Settler, customer int32) error {
	var l settlement.Line
	for f.customer == customer {
		if err := f.line(&l); err != nil {
			return err
		}
		if err := s.Add(&l); err != nil {
			return err
		}
		if err := f.next(); err != nil {
			return err
		}
	}
	return nil
}

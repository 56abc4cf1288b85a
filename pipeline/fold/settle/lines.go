package settle

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// lineColumns are the columns of lines that settlement looks at.
var lineColumns = tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType,
	tables.LineChargingMode,
	tables.LineSKU,
	tables.LineOfficialAmount, tables.LineOfficialDiscountAmount, tables.LineTruncatedAmount, tables.LinePaymentAmount,
	tables.LineCashAmount,
	tables.LineStoredValueCardAmount, tables.LineUsageStart, tables.LineCountedCouponAmount, tables.LineOwnTime,
	tables.LineInstant)

// heldRows is how many rows of a file are decoded at once. The files of all days of a bucket are read together.
const heldRows = 2 * parquet.PageRows

// lineFile gives the lines of one file that have a partner, customer by customer.
type lineFile struct {
	books  *books.Books
	path   string
	file   storage.ReadFile
	reader *parquet.Reader[tables.Line]
	cols   *parquet.Columns[tables.Line]
	at     int

	unbound bool   // lines can be of no product
	only    []bool // by code of the partner: whose lines are given; nil = of every partner

	customers, partners, skus []int32 // codes of the present row group's words
	associations              []books.AssociationType

	customer int32 // of the line at hand; -1 at the end
}

// openLines starts on the first line with a partner, one of those that only names.
func openLines(o tablefile.Opener, b *books.Books, e manifest.FileEntry, only []bool) (*lineFile, error) {
	file, err := o.Open(e)
	if err != nil {
		return nil, err
	}
	cols := lineColumns
	if e.Day == manifest.CommitmentsDay { // its lines can be of no product
		cols = append(slices.Clone(cols), tables.LineServiceTypeCode.Of())
	}
	f := &lineFile{books: b, path: e.Path, file: file, unbound: e.Day == manifest.CommitmentsDay, only: only}
	wanted := parquet.Wanted[tables.Line]{Cols: cols, Rows: heldRows}
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

// holds reports whether one of the next lines is of a partner that is wanted.
func (f *lineFile) holds(c *parquet.Columns[tables.Line]) bool {
	partners := c.Word(tables.LinePartnerID)
	wanted := make([]bool, len(partners.Dict()))
	for code, id := range partners.Dict() {
		at := f.books.Partner(id)
		wanted[code] = at >= 0 && f.only[at] || at < 0 && id != "" // one that the books lack is an error
	}
	return slices.ContainsFunc(partners.Codes(), func(code int32) bool { return wanted[code] })
}

// given reports whether lines of a partner are given.
func (f *lineFile) given(partner int32) bool {
	return partner >= 0 && (f.only == nil || f.only[partner])
}

// next moves to the next line with a partner.
func (f *lineFile) next() (err error) {
	f.at++
	for {
		for f.cols != nil && f.at < f.cols.N {
			if f.given(f.partners[f.cols.Word(tables.LinePartnerID).Code(f.at)]) {
				f.customer = f.customers[f.cols.Word(tables.LineCustomerID).Code(f.at)]
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
		f.at = 0
	}
}

// words looks the words of a row group up in the books.
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
			return &MissingBookError{Book: "partners.csv", What: "partner", ID: w}
		}
		f.partners = append(f.partners, code)
	}
	for _, w := range c.Word(tables.LineAssociationType).Dict() {
		kind, ok := map[string]books.AssociationType{"": books.NoAssociation, "1": books.Referral, "2": books.Resale}[w]
		if !ok {
			return fmt.Errorf("association_type %q", w)
		}
		f.associations = append(f.associations, kind)
	}
	return nil
}

// MissingBookError says that the books no longer have what lines name.
type MissingBookError struct{ Book, What, ID string }

func (e *MissingBookError) Error() string {
	return fmt.Sprintf("no %s %q, which lines name", e.What, e.ID)
}

// Hint says what to do.
func (e *MissingBookError) Hint() string {
	return "put its row back into books/" + e.Book + ": end it with valid_to instead of deleting it"
}

// line fills in the line at hand.
func (f *lineFile) line(l *settlement.Line) error {
	c, i := f.cols, f.at
	*l = settlement.Line{Customer: f.customer, Partner: f.partners[c.Word(tables.LinePartnerID).Code(i)],
		SKU:          f.skus[c.Word(tables.LineSKU).Code(i)],
		Association:  f.associations[c.Word(tables.LineAssociationType).Code(i)],
		ChargingMode: uint8(c.Small(tables.LineChargingMode).At(i))}
	if l.Customer < 0 {
		return &MissingBookError{"customers.csv", "customer", c.Word(tables.LineCustomerID).At(i)}
	}
	if f.unbound {
		l.Service = c.Word(tables.LineServiceTypeCode).At(i)
	}
	if l.SKU < 0 && !(f.unbound && c.Word(tables.LineSKU).At(i) == "") {
		return &MissingBookError{"products.csv", "sku", c.Word(tables.LineSKU).At(i)}
	}
	l.OwnTime, l.Instant = f.time(tables.LineOwnTime), f.time(tables.LineInstant)
	for _, a := range [...]struct {
		col tables.AmountColumn[tables.Line]
		to  *money.Amount
	}{{tables.LineOfficialAmount, &l.Official}, {tables.LineOfficialDiscountAmount, &l.Discount},
		{tables.LineTruncatedAmount, &l.Truncated},
		{tables.LinePaymentAmount, &l.Payment}, {tables.LineCashAmount, &l.Cash}, {tables.LineStoredValueCardAmount,
			&l.Stored},
		{tables.LineCountedCouponAmount, &l.CountedCoupon}} {
		d := c.Amount(a.col).At(i)
		var err error
		if *a.to, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
			return fmt.Errorf("%s: %s: %w", f.path, tables.Lines().Columns[a.col].Name, err)
		}
	}
	return nil
}

// time is a time that is usage_start unless the column says otherwise.
func (f *lineFile) time(col tables.MaybeTimeColumn[tables.Line]) period.Instant {
	if t := f.cols.MaybeTime(col).At(f.at); t != tables.Nothing {
		return t
	}
	return f.cols.Time(tables.LineUsageStart).At(f.at)
}

// settleFiles settles the lines of files that hold all lines of their customers, customer by customer, and hands over
// each one's rows. Partners are those of openLines.
func settleFiles(o tablefile.Opener, b *books.Books, s *settlement.Settler, files []manifest.FileEntry, only []bool,
	rows func([]settlement.Row) error) (err error) {
	open := make([]*lineFile, 0, len(files))
	defer func() {
		for _, f := range open {
			err = errors.Join(err, f.close())
		}
	}()
	for _, e := range files {
		f, err := openLines(o, b, e, only)
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

// nextCustomer is the first customer that any of the files is at; -1 = all are at their end.
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

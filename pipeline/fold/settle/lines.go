package settle

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
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
var lineColumns = []int{tables.LCustomerID, tables.LPartnerID, tables.LAssociationType, tables.LChargingMode,
	tables.LSKU,
	tables.LOfficialAmount, tables.LDiscountAmount, tables.LTruncatedAmount, tables.LPaymentAmount, tables.LCashAmount,
	tables.LStoredValueAmount, tables.LUsageStart, tables.LCountedCoupon, tables.LOwnTime, tables.LInstant}

// lineFile gives the lines of one file that have a partner, customer by customer.
type lineFile struct {
	books  *books.Books
	path   string
	file   storage.ReadFile
	reader *parquet.Reader
	cols   *parquet.Columns
	at     int

	unbound bool   // lines can be of no product
	only    []bool // by code of the partner: whose lines are given; nil = of every partner

	customers, partners, skus []int32 // codes of the present row group's words
	associations              []books.AssociationType

	customer int32 // of the line at hand; -1 at the end
}

// openLines starts on the first line with a partner, one of those that only names.
func openLines(o tablefile.Opener, b *books.Books, e lake.FileEntry, only []bool) (*lineFile, error) {
	file, err := o.Open(e)
	if err != nil {
		return nil, err
	}
	cols := lineColumns
	if e.Day == lake.CommitmentsDay { // its lines can be of no product
		cols = append(slices.Clone(cols), tables.LServiceTypeCode)
	}
	f := &lineFile{books: b, path: e.Path, file: file, unbound: e.Day == lake.CommitmentsDay, only: only}
	wanted := parquet.Wanted{Cols: cols}
	if only != nil { // pages without a line of these partners are not decoded
		wanted.Rows, wanted.First, wanted.Keep = parquet.PageRows, []int{tables.LPartnerID}, f.holds
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
func (f *lineFile) holds(c *parquet.Columns) bool {
	partners := &c.C[tables.LPartnerID]
	wanted := make([]bool, len(partners.Dict))
	for code, id := range partners.Dict {
		at := f.books.Partner(id)
		wanted[code] = at >= 0 && f.only[at] || at < 0 && id != "" // one that the books lack is an error
	}
	return slices.ContainsFunc(partners.Codes, func(code int32) bool { return wanted[code] })
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
			if f.given(f.partners[f.cols.C[tables.LPartnerID].Codes[f.at]]) {
				f.customer = f.customers[f.cols.C[tables.LCustomerID].Codes[f.at]]
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
	c := f.cols.C
	for _, w := range c[tables.LCustomerID].Dict {
		f.customers = append(f.customers, f.books.Customer(w))
	}
	for _, w := range c[tables.LSKU].Dict {
		f.skus = append(f.skus, f.books.SKU(w))
	}
	for _, w := range c[tables.LPartnerID].Dict {
		code := f.books.Partner(w)
		if code < 0 && w != "" {
			return &MissingBookError{Book: "partners.csv", What: "partner", ID: w}
		}
		f.partners = append(f.partners, code)
	}
	for _, w := range c[tables.LAssociationType].Dict {
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
	c, i := f.cols.C, f.at
	*l = settlement.Line{Customer: f.customer, Partner: f.partners[c[tables.LPartnerID].Codes[i]],
		SKU: f.skus[c[tables.LSKU].Codes[i]], Association: f.associations[c[tables.LAssociationType].Codes[i]],
		ChargingMode: uint8(c[tables.LChargingMode].Codes[i])}
	if l.Customer < 0 {
		return &MissingBookError{"customers.csv", "customer", c[tables.LCustomerID].Word(i)}
	}
	if f.unbound {
		l.Service = c[tables.LServiceTypeCode].Word(i)
	}
	if l.SKU < 0 && !(f.unbound && c[tables.LSKU].Word(i) == "") {
		return &MissingBookError{"products.csv", "sku", c[tables.LSKU].Word(i)}
	}
	l.OwnTime, l.Instant = f.time(tables.LOwnTime), f.time(tables.LInstant)
	for _, a := range [...]struct {
		col int
		to  *money.Amount
	}{{tables.LOfficialAmount, &l.Official}, {tables.LDiscountAmount, &l.Discount},
		{tables.LTruncatedAmount, &l.Truncated},
		{tables.LPaymentAmount, &l.Payment}, {tables.LCashAmount, &l.Cash}, {tables.LStoredValueAmount, &l.Stored},
		{tables.LCountedCoupon, &l.CountedCoupon}} {
		d := c[a.col].Decs[i]
		var err error
		if *a.to, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
			return fmt.Errorf("%s: %s: %w", f.path, tables.Lines().Columns[a.col].Name, err)
		}
	}
	return nil
}

// time is a time that is usage_start unless the column says otherwise.
func (f *lineFile) time(col int) period.Instant {
	if t := period.Instant(f.cols.C[col].Ints[f.at]); t != tables.Nothing {
		return t
	}
	return period.Instant(f.cols.C[tables.LUsageStart].Ints[f.at])
}

// settleFiles settles the lines of files that hold all lines of their customers, customer by customer, and hands over
// each one's rows. Partners are those of openLines.
func settleFiles(o tablefile.Opener, b *books.Books, s *settlement.Settler, files []lake.FileEntry, only []bool,
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

package settle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// TaxFolder calculates the taxes of customers.
type TaxFolder struct {
	*state.State
	Tax   settings.Tax
	Again func(period.Cycle) bool // whether unchanged lines can have other taxes
}

// TaxRules converts the settings to the rules of package invoice, for amounts in a currency.
func TaxRules(s settings.Tax, c money.Currency) invoice.TaxRules {
	return invoice.TaxRules{Inclusive: s.Inclusive, PerLine: s.PerLine, Digits: c.Digits}
}

// Place calculates the taxes of a bucket of a cycle whose lines changed. Its lines must be made and paid already.
func (f *TaxFolder) Place(p lake.Place) error {
	if err := f.place(p); err != nil {
		return fmt.Errorf("calculate the taxes of cycle %s, bucket %d: %w", p.Cycle, p.Bucket, err)
	}
	return nil
}

func (f *TaxFolder) place(p lake.Place) error {
	old := f.FilesOf(p.Cycle, p.Bucket, tables.TaxSums().Name, tables.Taxes().Name)
	if len(f.Books.Taxes) == 0 && len(old) == 0 {
		return nil // FTAX-3
	}
	if err := f.days(p, old); err != nil {
		return err
	}
	return f.sum(p)
}

// days updates the sums of the days (FTAX-1).
func (f *TaxFolder) days(p lake.Place, old []lake.FileEntry) error {
	before, err := f.Txn.Base().Files(lake.CycleOf(p.Cycle))
	if err != nil {
		return err
	}
	known := make(map[lake.Day]string) // hash of the file of lines in the live state, by day
	for _, e := range before {
		if e.Table == tables.Lines().Name && e.Bucket == p.Bucket {
			known[e.Day] = string(e.Hash)
		}
	}
	again := f.Again(p.Cycle)
	stale := make(map[lake.Day]bool) // days with sums that no longer have lines
	for _, e := range old {
		stale[e.Day] = e.Table == tables.TaxSums().Name
	}
	s := newSummer(f)
	for _, e := range f.FilesOf(p.Cycle, p.Bucket, tables.Lines().Name) {
		stale[e.Day] = false
		if !again && known[e.Day] == string(e.Hash) {
			continue
		}
		if err := s.day(e); err != nil {
			return err
		}
	}
	for _, e := range old {
		if stale[e.Day] {
			if err := f.Replace(sumKey(p, e.Day), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// sumKey names the file of the sums of a day.
func sumKey(p lake.Place, day lake.Day) lake.FileKey {
	return lake.FileKey{Table: tables.TaxSums().Name, Cycle: lake.CycleOf(p.Cycle), Day: day, Bucket: p.Bucket}
}

// TaxKey names the file of the taxes of a bucket's customers, or with lake.NoBucket of partners.
func TaxKey(cycle period.Cycle, bucket int) lake.FileKey {
	return state.CycleKey(tables.Taxes().Name, cycle, bucket)
}

// taxedLineColumns are the columns of lines that tax depends on.
var taxedLineColumns = tables.Columns(tables.LineCustomerID, tables.LineServiceTypeCode, tables.LinePaymentAmount,
	tables.LineUsageStart,
	tables.LineOwnTime)

// sumID identifies a sum of a day's lines.
type sumID struct {
	customer, service string
	set               *invoice.TaxSet
}

// daySum is the sum of lines with the same taxes.
type daySum struct {
	taxable money.AmountTotal
	rounded []money.AmountTotal // by tax of the set
}

// summer adds up the lines of days.
type summer struct {
	f     *TaxFolder
	book  *invoice.TaxBook
	rules invoice.TaxRules
	sums  map[sumID]*daySum
	last  sumID // of the previous line
	at    *daySum
}

func newSummer(f *TaxFolder) *summer {
	return &summer{f: f, book: invoice.NewTaxBook(f.Books), rules: TaxRules(f.Tax, f.Books.OwnCurrency())}
}

// day writes the sums of a file of lines.
func (s *summer) day(e lake.FileEntry) error {
	s.sums, s.at = make(map[sumID]*daySum), nil
	if err := rows.EachRow(s.f.Txn, e, tables.Lines(), taxedLineColumns, s.line); err != nil {
		return err
	}
	out := parquet.NewColumns(tables.TaxSums())
	for _, id := range sortedIDs(s.sums) {
		one := s.sums[id]
		for i, t := range id.set.Taxes {
			out.Word(tables.TaxSumCustomerID).Add(id.customer)
			out.Word(tables.TaxSumServiceTypeCode).Add(id.service)
			addBound(out.Col(tables.TaxSumOwnFrom.Of()), id.set.Valid.From, period.Past)
			addBound(out.Col(tables.TaxSumOwnTo.Of()), id.set.Valid.To, period.Forever)
			out.Word(tables.TaxSumTaxID).Add(t.ID)
			out.Quantity(tables.TaxSumRate).Add(t.Rate.Raw())
			out.Quantity(tables.TaxSumRates).Add(id.set.Rates.Raw())
			out.Amount(tables.TaxSumTaxableAmount).Add(one.taxable.Raw())
			out.Amount(tables.TaxSumRoundedAmount).Add(one.rounded[i].Raw())
			out.N++
		}
	}
	return s.f.Put(lake.FileKey{Table: out.Def.Name, Cycle: e.Cycle, Day: e.Day, Bucket: e.Bucket}, out.Any())
}

// line adds a line.
func (s *summer) line(cols *parquet.Columns[tables.Line], i int) error {
	d := cols.Amount(tables.LinePaymentAmount).At(i)
	if d == (parquet.Dec{}) {
		return nil // it adds no row
	}
	own := rows.OwnTime(cols, i)
	customer, service := cols.Word(tables.LineCustomerID).At(i), cols.Word(tables.LineServiceTypeCode).At(i)
	if s.at == nil || s.last.customer != customer || s.last.service != service || !s.last.set.Valid.Holds(own) {
		set, err := s.book.At(customer, service, own)
		if err != nil {
			return err
		}
		s.last = sumID{customer, service, set}
		s.rules.Digits = s.f.Books.CustomerCurrencyOf(customer).Digits
		if s.at = s.sums[s.last]; s.at == nil {
			s.at = &daySum{rounded: make([]money.AmountTotal, len(set.Taxes))}
			s.sums[s.last] = s.at
		}
	}
	return s.add(d)
}

// add adds the payment of a line to the current sum.
func (s *summer) add(d parquet.Dec) error {
	set := s.last.set
	if len(set.Taxes) == 0 {
		return nil
	}
	payment, err := money.AmountFromRaw(d.Hi, d.Lo)
	if err != nil {
		return err
	}
	if err := s.at.taxable.Add(payment); err != nil {
		return err
	}
	if !s.rules.PerLine {
		return nil
	}
	for i, t := range set.Taxes {
		rounded, err := s.rules.LineTax(payment, t.Rate, set.Rates)
		if err == nil {
			err = s.at.rounded[i].Add(rounded)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sortedIDs(sums map[sumID]*daySum) []sumID {
	ids := make([]sumID, 0, len(sums))
	for id := range sums {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b sumID) int {
		return cmp.Or(strings.Compare(a.customer, b.customer), strings.Compare(a.service, b.service),
			cmp.Compare(a.set.Valid.From, b.set.Valid.From))
	})
	return ids
}

// addBound appends a bound of a span; an open one is null.
func addBound(col *parquet.Col, t, open period.Instant) {
	if t == open {
		t = tables.Nothing
	}
	col.Ints = append(col.Ints, int64(t))
}

// sum writes the taxes of a bucket's customers (FTAX-2).
func (f *TaxFolder) sum(p lake.Place) error {
	sums := make(map[string]*invoice.TaxSum)
	for _, e := range f.FilesOf(p.Cycle, p.Bucket, tables.TaxSums().Name) {
		err := rows.EachRow(f.Txn, e, tables.TaxSums(), nil, func(c *parquet.Columns[tables.TaxSum], i int) error {
			part, err := partAt(c, i)
			if err != nil {
				return err
			}
			customer := c.Word(tables.TaxSumCustomerID).At(i)
			if sums[customer] == nil {
				sums[customer] = invoice.NewTaxSum(TaxRules(f.Tax, f.Books.CustomerCurrencyOf(customer)))
			}
			return sums[customer].Add(&part)
		})
		if err != nil {
			return err
		}
	}
	customers := make([]string, 0, len(sums))
	for id := range sums {
		customers = append(customers, id)
	}
	slices.Sort(customers)
	w := NewTaxWriter(p.Cycle, f.Tax)
	for _, id := range customers {
		rows, err := sums[id].Rows()
		if err != nil {
			return fmt.Errorf("customer %s: %w", id, err)
		}
		for i := range rows {
			if err := w.Add("", id, &rows[i], f.Books.CustomerCurrencyOf(id)); err != nil {
				return err
			}
		}
	}
	return rows.PutFile(f.Txn, TaxKey(p.Cycle, p.Bucket), w.Cols, w.Sums())
}

// partAt reads a row of tax_sums.
func partAt(c *parquet.Columns[tables.TaxSum], i int) (p invoice.TaxPart, err error) {
	p.ID = c.Word(tables.TaxSumTaxID).At(i)
	dec := func(col tables.ColumnOf[tables.TaxSum]) (hi int64, lo uint64) {
		return c.Col(col).Decs[i].Hi, c.Col(col).Decs[i].Lo
	}
	var errs [4]error
	p.Rate, errs[0] = money.RateFromRaw(dec(tables.TaxSumRate.Of()))
	p.Rates, errs[1] = money.UnitPriceFromRaw(dec(tables.TaxSumRates.Of()))
	p.Taxable, errs[2] = money.AmountTotalFromRaw(dec(tables.TaxSumTaxableAmount.Of()))
	p.Rounded, errs[3] = money.AmountTotalFromRaw(dec(tables.TaxSumRoundedAmount.Of()))
	return p, errors.Join(errs[:]...)
}

// TaxWriter appends rows to a batch of the table taxes and adds them up.
type TaxWriter struct {
	Cols         *parquet.Columns[tables.Tax]
	prices       string
	rounding     string
	cycle        string
	taxable, tax money.AmountTotal
}

// NewTaxWriter makes a writer for rows of a cycle.
func NewTaxWriter(cycle period.Cycle, s settings.Tax) *TaxWriter {
	return &TaxWriter{Cols: parquet.NewColumns(tables.Taxes()), prices: s.Prices(), rounding: s.Rounding(),
		cycle: cycle.String()}
}

// Add appends a row of a buyer, whose money is in a currency; seller is empty for customers.
func (w *TaxWriter) Add(seller, buyer string, r *invoice.TaxRow, own money.Currency) error {
	c := w.Cols
	c.Word(tables.TaxCycle).Add(w.cycle)
	c.Word(tables.TaxSellerID).Add(seller)
	c.Word(tables.TaxBuyerID).Add(buyer)
	c.Word(tables.TaxTaxID).Add(r.ID)
	c.Quantity(tables.TaxRate).Add(r.Rate.Raw())
	c.Amount(tables.TaxTaxableAmount).Add(r.Taxable.Raw())
	c.Amount(tables.TaxTaxAmount).Add(r.Tax.Raw())
	c.Word(tables.TaxPrices).Add(w.prices)
	c.Word(tables.TaxRounding).Add(w.rounding)
	c.Small(tables.TaxDigits).Add(int32(own.Digits))
	w.Cols.N++
	return errors.Join(w.taxable.Add(r.Taxable), w.tax.Add(r.Tax))
}

// Sums are the sums of the amount columns.
func (w *TaxWriter) Sums() []lake.ColumnSum {
	return []lake.ColumnSum{{Column: "tax_amount", Value: w.tax.String()},
		{Column: "taxable_amount", Value: w.taxable.String()}}
}

// TaxesOf returns Σ tax_amount of each customer of a bucket in the next state.
func TaxesOf(s *state.State, cycle period.Cycle, bucket int) (map[string]money.AmountTotal, error) {
	out := make(map[string]money.AmountTotal)
	for _, e := range s.Find(TaxKey(cycle, bucket)) {
		cols := tables.Columns(tables.TaxBuyerID, tables.TaxTaxAmount)
		err := rows.EachRow(s.Txn, e, tables.Taxes(), cols, func(c *parquet.Columns[tables.Tax], i int) error {
			d := c.Amount(tables.TaxTaxAmount).At(i)
			part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
			if err != nil {
				return err
			}
			id := c.Word(tables.TaxBuyerID).At(i)
			sum := out[id]
			err = sum.AddTotal(part)
			out[id] = sum
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

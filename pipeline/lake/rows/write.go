package rows

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// summedColumns lists the columns of lines whose sums the manifest stores per file.
func summedColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity,
		tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount,
		tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LineCashAmount, tables.LineCreditAmount,
		tables.LineCouponAmount, tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount,
		tables.LineDebtAmount)
}

// WriteLines writes lines, in the order of §8, and their sums per customer. It returns the files of key, a key of table
// lines, and those of the corresponding key of table sums. Without lines the keys have no files. It sorts lines in
// place.
func WriteLines(
	t *lake.SubTxn, bk *books.Books, key lake.FileKey, lines []*Line,
) (map[lake.FileKey][]lake.FileEntry, error) {
	slices.SortStableFunc(lines, (*Line).Compare)
	w := NewLineWriter(t, bk)
	w.Begin(key)
	for _, l := range lines {
		if err := w.Add(l); err != nil {
			return nil, err
		}
	}
	_, files, err := w.Finish()
	return files, err
}

// LineWriter writes lines one by one. It can be reused for further keys.
type LineWriter struct {
	books      *books.Books
	lines      *Writer[tables.Line]
	sums       *Writer[tables.Sum]
	cycle, day string
	totals     []money.Total // of summedColumns

	customer                               int32 // of the lines that the totals below add up
	n                                      int64
	official, discount, truncated, payment money.AmountTotal
}

// NewLineWriter returns a writer. Begin must be called next.
func NewLineWriter(t *lake.SubTxn, bk *books.Books) *LineWriter {
	return &LineWriter{books: bk, lines: NewFileWriter(t, tables.Lines()),
		sums: NewFileWriter(t, tables.Sums())}
}

// Begin begins a key of table lines.
func (w *LineWriter) Begin(key lake.FileKey) {
	w.lines.Restart(key)
	w.cycle, w.day, w.totals, w.n = key.Cycle.String(), key.Day.String(), nil, 0
	key.Table = tables.Sums().Name
	w.sums.Restart(key)
}

// Key returns the key.
func (w *LineWriter) Key() lake.FileKey { return w.lines.Key() }

// Add writes a line. Lines must be in the order of §8.
func (w *LineWriter) Add(l *Line) error {
	if w.n > 0 && l.Customer != w.customer {
		if err := w.endCustomer(); err != nil {
			return err
		}
	}
	w.customer, w.n = l.Customer, w.n+1
	err := errors.Join(w.official.Add(l.Official), w.discount.Add(l.Discount), w.truncated.Add(l.Truncated),
		w.payment.Add(l.Payment))
	if err != nil {
		return err
	}
	l.appendTo(w.lines.Cols, w.cycle, w.day, w.books)
	if !w.lines.Cols.Full(GroupRows) {
		return nil
	}
	return w.flush()
}

// flush writes a row group of lines.
func (w *LineWriter) flush() (err error) {
	if w.totals, err = AddSums(w.totals, w.lines.Cols, summedColumns()); err != nil {
		return err
	}
	return w.lines.Flush()
}

// endCustomer writes the sums of a customer's lines.
func (w *LineWriter) endCustomer() error {
	out := w.sums.Cols
	out.Word(tables.SumCustomerID).Add(w.books.Customers[w.customer].ID)
	out.Whole(tables.SumLineCount).Add(w.n)
	for i, t := range map[tables.AmountColumn[tables.Sum]]money.AmountTotal{tables.SumOfficialAmount: w.official,
		tables.SumOfficialDiscountAmount: w.discount,
		tables.SumTruncatedAmount:        w.truncated, tables.SumPaymentAmount: w.payment,
		tables.SumCashAmount:   w.payment,
		tables.SumCreditAmount: {},
		tables.SumCouponAmount: {}, tables.SumStoredValueCardAmount: {}, tables.SumFlexipurchaseCouponAmount: {},
		tables.SumDebtAmount: {}} {
		out.Amount(i).Add(t.Raw())
	}
	out.N++
	w.n = 0
	w.official, w.discount, w.truncated, w.payment = money.AmountTotal{}, money.AmountTotal{}, money.AmountTotal{},
		money.AmountTotal{}
	return w.sums.Added()
}

// Finish ends the files and returns them, with the number of lines.
func (w *LineWriter) Finish() (lines int64, files map[lake.FileKey][]lake.FileEntry, err error) {
	if w.n > 0 {
		err = w.endCustomer()
	}
	if err = errors.Join(err, w.flush()); err != nil {
		return 0, nil, err
	}
	files = make(map[lake.FileKey][]lake.FileEntry)
	lines = w.lines.Rows()
	if files[w.Key()], err = w.lines.Finish(SumsOf(w.lines.Cols, summedColumns(), w.totals)); err != nil {
		return 0, nil, err
	}
	files[w.sums.Key()], err = w.sums.Finish(nil)
	return lines, files, err
}

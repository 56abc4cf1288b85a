package state

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// summed are the columns of lines whose sums the manifest keeps per file.
var summed = tables.Columns(tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity,
	tables.LineOfficialAmount,
	tables.LineOfficialDiscountAmount,
	tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LineCashAmount,
	tables.LineCreditAmount, tables.LineCouponAmount,
	tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount, tables.LineDebtAmount)

// Consumption holds the columns of a line that are not money.
type Consumption struct {
	Customer, SKU           int32
	Region                  string // of a month-end line
	RegionCode              int32  // the run's number of the region; -1 = use Region
	ID, Resource, Name, Tag []byte
	Start, End              period.Instant
	Instant                 period.Instant // at which the association is looked up
}

// LineWriter writes the lines of one (cycle, day, bucket) to one file. Lines that will be paid are kept for the step
// that pays them.
type LineWriter struct {
	*rows.Writer[tables.Line]
	state *State
	key   lake.FileKey
	kept  bool
	rows  int64 // number of kept rows
	// when the file's lines are paid (§6.3); tables.Nothing = at their usage_start
	instant period.Instant

	Sum LineSums

	Slots      rows.LineSlots[int32] // by which row groups end; of a day's lines
	skus       []skuWords            // by sku, of the current row group
	versions   []versionWords
	regions    []int32 // by run region number, plus 1
	discounts  []int32 // by discount, plus 1
	noDiscount int32
	kinds      [8]int32
	customer   int32 // whose code is customerCode
	code       int32
	assoc      associations
	draws      []byte
}

// LineSums adds up lines.
type LineSums struct {
	Lines    int64               `json:"lines"`
	Usage    money.QuantityTotal `json:"usage"`
	Free     money.QuantityTotal `json:"free"`
	Quantity money.QuantityTotal `json:"quantity"`
	Amounts  amountSums          `json:"amounts"`
}

func (s *LineSums) add(c *tables.Charge) error {
	s.Lines++
	if err := s.Usage.AddSigned(c.UsageAmount); err != nil {
		return err
	}
	if err := s.Free.AddSigned(c.Free); err != nil {
		return err
	}
	if err := s.Quantity.AddSigned(c.Quantity); err != nil {
		return err
	}
	return s.Amounts.add(c)
}

// addAll adds the sums of other lines.
func (s *LineSums) addAll(o *LineSums) error {
	s.Lines += o.Lines
	return errors.Join(s.Usage.AddTotal(o.Usage), s.Free.AddTotal(o.Free), s.Quantity.AddTotal(o.Quantity),
		s.Amounts.addAll(&o.Amounts))
}

// list returns the sums by column name. Cash is the payment amount: no coupons or balances pay these lines.
func (s *LineSums) list() []lake.ColumnSum {
	zero := money.AmountTotal{}
	values := map[tables.ColumnOf[tables.Line]]string{
		tables.LineUsageAmount.Of(): s.Usage.String(), tables.LineFreeResourceUsage.Of(): s.Free.String(),
		tables.LineQuantity.Of():               s.Quantity.String(),
		tables.LineOfficialAmount.Of():         s.Amounts.Official.String(),
		tables.LineOfficialDiscountAmount.Of(): s.Amounts.Discount.String(),
		tables.LineTruncatedAmount.Of():        s.Amounts.Truncated.String(),
		tables.LinePaymentAmount.Of():          s.Amounts.Payment.String(),
		tables.LineCashAmount.Of():             s.Amounts.Payment.String(),
	}
	cols := tables.Lines().Columns
	out := make([]lake.ColumnSum, 0, len(summed))
	for _, c := range summed {
		v, ok := values[c]
		if !ok {
			v = zero.String()
		}
		out = append(out, lake.ColumnSum{Column: cols[c].Name, Value: v})
	}
	return out
}

// skuWords are the dictionary codes of words that depend on the sku; set is false until the current row group has them.
type skuWords struct {
	set                                    bool
	sku, service, resource, usage, measure int32
}

type versionWords struct {
	set          bool
	list, region int32
	from         int64
}

// NewLineWriter returns a writer of lines that are paid at an instant; tables.Nothing = at their usage_start.
func NewLineWriter(s *State, key lake.FileKey, instant period.Instant) *LineWriter {
	w := &LineWriter{Writer: rows.NewFileWriter(s.Txn, tables.Lines()), state: s, instant: instant}
	w.skus = make([]skuWords, len(s.Books.Products))
	w.versions = make([]versionWords, len(s.Books.Versions))
	w.discounts = make([]int32, len(s.Books.Discounts))
	w.Begin(key)
	return w
}

// Begin directs the writer to another file and reuses its memory.
func (w *LineWriter) Begin(key lake.FileKey) {
	w.Restart(key)
	w.key, w.Sum = key, LineSums{}
	w.kept, w.rows = w.state.Rated.Keeps(key), 0
	w.Slots = rows.LineSlots[int32]{Fewest: w.state.SlotLines}
	if _, ok := key.Day.Calendar(); !ok {
		w.Slots.Fewest = rows.Never
	}
	w.startGroup()
}

// startGroup empties the batch and its dictionaries.
func (w *LineWriter) startGroup() {
	w.Cols.Reset()
	clear(w.skus)
	clear(w.versions)
	clear(w.regions)
	clear(w.discounts)
	w.kinds, w.noDiscount, w.customer = [8]int32{}, 0, -1
	w.assoc.forget()
	c, cycle := w.Cols, w.key.Cycle.String()
	c.Word(tables.LineCycle).Set(cycle)
	c.Word(tables.LineTradeID).Set(cycle)
	c.Word(tables.LineOriginCycle).Set("")
	c.Word(tables.LineDay).Set(w.key.Day.String())
	c.Small(tables.LineChargingMode).Set(tables.ChargingOnDemand)
	c.Small(tables.LineBillDetailType).Set(tables.DetailUsage)
	for _, col := range [...]tables.AmountColumn[tables.Line]{tables.LineCreditAmount, tables.LineCouponAmount,
		tables.LineStoredValueCardAmount,
		tables.LineFlexipurchaseCouponAmount, tables.LineDebtAmount, tables.LineCountedCouponAmount} {
		c.Amount(col).Set(0, 0)
	}
	c.Col(tables.LineOwnTime.Of()).SetInt(int64(tables.Nothing))
	c.Col(tables.LineInstant.Of()).SetInt(int64(w.instant))
}

// Add appends one line.
func (w *LineWriter) Add(what *Consumption, ch *tables.Charge, draws []tables.PackageDraw) error {
	if w.Slots.Line(what.Customer, what.Start) {
		if err := w.flush(); err != nil {
			return err
		}
	}
	c := w.Cols
	w.who(what)
	w.product(what.SKU)
	w.place(what)
	c.Time(tables.LineTradeTime).Add(what.End)
	c.Time(tables.LineConsumeTime).Add(what.End)
	c.Time(tables.LineUsageStart).Add(what.Start)
	c.MaybeTime(tables.LineUsageEnd).Add(what.End)
	c.Text(tables.LineID).AddBytes(what.ID)
	c.Small(tables.LineTier).Add(int32(ch.Tier))
	w.word(tables.LineKind, &w.kinds[ch.Kind], ch.Kind.String)
	c.Text(tables.LineResourceID).AddBytes(what.Resource)
	c.Text(tables.LineResourceName).AddBytes(what.Name)
	tag, _, _ := books.SplitOwn(what.Tag)
	c.Text(tables.LineResourceTag).AddBytes(tag)
	w.money(ch)
	w.price(ch)
	w.drawn(draws[ch.DrawsFrom:ch.DrawsTo])
	w.Cols.N++
	if err := w.Sum.add(ch); err != nil {
		return err
	}
	if !w.Cols.Full(rows.GroupRows) {
		return nil
	}
	return w.flush()
}

// word appends a word whose code (plus 1) is remembered in known.
func (w *LineWriter) word(col tables.WordColumn[tables.Line], known *int32, text func() string) {
	c := w.Cols.Col(col.Of())
	if *known == 0 {
		*known = c.Intern(text()) + 1
	}
	c.Codes = append(c.Codes, *known-1)
}

func (w *LineWriter) who(what *Consumption) {
	c := w.Cols
	if what.Customer != w.customer {
		w.customer, w.code = what.Customer,
			c.Word(tables.LineCustomerID).Intern(w.state.Books.Customers[what.Customer].ID)
	}
	c.Word(tables.LineCustomerID).AddCode(w.code)
	partner, kind := w.assoc.at(w.state.Books, what.Customer, what.Instant, c)
	c.Word(tables.LinePartnerID).AddCode(partner)
	c.Word(tables.LineAssociationType).AddCode(kind)
}

func (w *LineWriter) product(sku int32) {
	c, k := w.Cols, &w.skus[sku]
	if !k.set {
		p := &w.state.Books.Products[sku]
		*k = skuWords{true, c.Word(tables.LineSKU).Intern(p.SKU),
			c.Word(tables.LineServiceTypeCode).Intern(p.ServiceTypeCode),
			c.Word(tables.LineResourceTypeCode).Intern(p.ResourceTypeCode),
			c.Word(tables.LineUsageType).Intern(p.UsageType),
			c.Word(tables.LineMeasure).Intern(p.Measure)}
	}
	c.Word(tables.LineSKU).AddCode(k.sku)
	c.Word(tables.LineServiceTypeCode).AddCode(k.service)
	c.Word(tables.LineResourceTypeCode).AddCode(k.resource)
	c.Word(tables.LineUsageType).AddCode(k.usage)
	c.Word(tables.LineMeasure).AddCode(k.measure)
}

func (w *LineWriter) place(what *Consumption) {
	c := w.Cols.Col(tables.LineRegionCode.Of())
	if what.RegionCode < 0 {
		c.AddWord(what.Region)
		return
	}
	for int(what.RegionCode) >= len(w.regions) {
		w.regions = append(w.regions, 0)
	}
	w.word(tables.LineRegionCode, &w.regions[what.RegionCode], func() string {
		return w.state.Regions.Name(what.RegionCode)
	})
}

func (w *LineWriter) money(ch *tables.Charge) {
	c := w.Cols
	c.Quantity(tables.LineUsageAmount).Add(ch.UsageAmount.Raw())
	c.Quantity(tables.LineFreeResourceUsage).Add(ch.Free.Raw())
	c.Quantity(tables.LineQuantity).Add(ch.Quantity.Raw())
	c.Quantity(tables.LineUnitPrice).Add(ch.UnitPrice.Raw())
	c.Amount(tables.LineOfficialAmount).Add(ch.Official.Raw())
	c.Amount(tables.LineOfficialDiscountAmount).Add(ch.Discount.Raw())
	c.Amount(tables.LineTruncatedAmount).Add(ch.Truncated.Raw())
	c.Amount(tables.LinePaymentAmount).Add(ch.Payment.Raw())
	c.Amount(tables.LineCashAmount).Add(ch.Payment.Raw())
}

func (w *LineWriter) price(ch *tables.Charge) {
	c := w.Cols
	if ch.DiscountID < 0 {
		w.word(tables.LineDiscountID, &w.noDiscount, func() string { return "" })
	} else {
		w.word(tables.LineDiscountID, &w.discounts[ch.DiscountID], func() string {
			return w.state.Books.Discounts[ch.DiscountID].ID
		})
	}
	if ch.Version < 0 {
		c.Word(tables.LinePriceList).Add("")
		c.Word(tables.LinePriceRegion).Add("")
		c.MaybeTime(tables.LinePriceValidFrom).Add(tables.Nothing)
		return
	}
	v := &w.versions[ch.Version]
	if !v.set {
		b := &w.state.Books.Versions[ch.Version]
		*v = versionWords{true, c.Word(tables.LinePriceList).Intern(b.PriceList),
			c.Word(tables.LinePriceRegion).Intern(b.Region),
			int64(b.Valid.From)}
	}
	c.Word(tables.LinePriceList).AddCode(v.list)
	c.Word(tables.LinePriceRegion).AddCode(v.region)
	c.MaybeTime(tables.LinePriceValidFrom).Add(period.Instant(v.from))
}

// drawn writes package_draws.
func (w *LineWriter) drawn(draws []tables.PackageDraw) {
	w.draws = tables.AppendDraws(w.draws[:0], w.state.Books.Packages, draws)
	w.Cols.Text(tables.LinePackageDraws).AddBytes(w.draws)
}

// flush writes the batch as a row group.
func (w *LineWriter) flush() error {
	n := w.Cols.N
	if n == 0 {
		return nil
	}
	var err error
	if w.kept {
		w.rows += int64(n)
		w.Cols, err = w.state.Rated.Add(w.key, w.Cols)
	} else {
		err = w.FlushAside(w.state.Spare.Help)
	}
	if err != nil {
		return err
	}
	w.startGroup()
	return nil
}

// Rows is the number of rows that were written or kept, without those in Cols.
func (w *LineWriter) Rows() int64 { return w.rows + w.Writer.Rows() }

// End ends the file. It returns no entry if there was no line or if the lines were kept.
func (w *LineWriter) End() ([]lake.FileEntry, error) {
	if !w.kept {
		return w.Finish(w.Sum.list())
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	w.state.Rated.End(w.key, w.Sum.list())
	return nil, nil
}

// Kept reports whether the lines were kept: the step that pays them writes their sums too.
func (w *LineWriter) Kept() bool { return w.kept }

// associations finds the partner of a customer's lines. It caches the last result.
type associations struct {
	customer      int32
	span          period.Span
	partner, kind int32
	valid         bool
}

func (a *associations) forget() { a.valid = false }

// at returns the dictionary codes of partner_id and association_type at t (§6.1).
func (a *associations) at(b *books.Books, customer int32, t period.Instant, c *parquet.Columns[tables.Line]) (partner,
	kind int32) {
	if a.valid && a.customer == customer && a.span.Holds(t) {
		return a.partner, a.kind
	}
	id, kindWord, span := "", "", period.Span{From: t, To: t + 1}
	if as, ok := b.Associations.At(customer, t); ok {
		id, kindWord, span = b.Partners[as.Partner].ID, strconv.Itoa(int(as.Type)), as.Valid
	} else if len(b.Associations.Of(customer)) == 0 {
		span = period.Always()
	}
	*a = associations{customer, span, c.Word(tables.LinePartnerID).Intern(id),
		c.Word(tables.LineAssociationType).Intern(kindWord),
		true}
	return a.partner, a.kind
}

// ConservationError reports that lines do not hold what was used. It is a fault of the program, exit code 3 (§6.6).
type ConservationError struct{ Where, Used, Billed string }

// Error names the place and both quantities.
func (e *ConservationError) Error() string {
	return fmt.Sprintf("%s: records have a quantity of %s, their lines %s", e.Where, e.Used, e.Billed)
}

package fold

import (
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// GroupRows is the number of rows of a row group of lines.
const GroupRows = 1 << 16

// summed are the columns of lines whose sums the manifest keeps per file.
var summed = [...]int{tables.LUsageAmount, tables.LFreeResourceUsage, tables.LQuantity, tables.LOfficialAmount,
	tables.LDiscountAmount,
	tables.LTruncatedAmount, tables.LPaymentAmount, tables.LCashAmount, tables.LCreditAmount, tables.LCouponAmount,
	tables.LStoredValueAmount, tables.LFlexiCouponAmount, tables.LDebtAmount}

// consumption is what a line says beside its money.
type consumption struct {
	customer, sku           int32
	region                  string // of a month-end line
	regionCode              int32  // the run's number of the region; -1 = go by region
	id, resource, name, tag []byte
	start, end              period.Instant
	instant                 period.Instant // at which the association is looked up
}

// lineWriter writes the lines of one (cycle, day, bucket) to one file.
type lineWriter struct {
	f   *Folder
	key lake.FileKey
	// when the file's lines are paid (§6.3); tables.Nothing = at their usage_start
	instant period.Instant

	out  *lake.Writer
	pq   *parquet.Writer
	cols *parquet.Columns
	mem  *parquet.Memory
	rows int64
	sum  lineSums

	skus       []skuWords // by sku, of the present row group
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

// lineSums adds up lines.
type lineSums struct {
	usage, free, quantity money.QuantityTotal
	amountSums
}

func (s *lineSums) add(c *line.Charge) error {
	if err := s.usage.AddSigned(c.UsageAmount); err != nil {
		return err
	}
	if err := s.free.AddSigned(c.Free); err != nil {
		return err
	}
	if err := s.quantity.AddSigned(c.Quantity); err != nil {
		return err
	}
	return s.amountSums.add(c)
}

// list gives the sums by column name. Cash is what is paid: coupons and balances do not take part in these lines.
func (s *lineSums) list() []lake.Sum {
	zero := money.AmountTotal{}
	values := map[int]string{
		tables.LUsageAmount: s.usage.String(), tables.LFreeResourceUsage: s.free.String(),
		tables.LQuantity:       s.quantity.String(),
		tables.LOfficialAmount: s.official.String(), tables.LDiscountAmount: s.discount.String(),
		tables.LTruncatedAmount: s.truncated.String(), tables.LPaymentAmount: s.payment.String(),
		tables.LCashAmount: s.payment.String(),
	}
	cols := tables.Lines().Columns
	out := make([]lake.Sum, 0, len(summed))
	for _, c := range summed {
		v, ok := values[c]
		if !ok {
			v = zero.String()
		}
		out = append(out, lake.Sum{Column: cols[c].Name, Value: v})
	}
	return out
}

// skuWords are the dictionary codes of what follows from a sku; set is false until the present row group has them.
type skuWords struct {
	set                                    bool
	sku, service, resource, usage, measure int32
}

type versionWords struct {
	set          bool
	list, region int32
	from         int64
}

// newLineWriter writes lines that are paid at an instant; tables.Nothing = at their usage_start.
func (f *Folder) newLineWriter(key lake.FileKey, instant period.Instant) *lineWriter {
	w := &lineWriter{f: f, key: key, instant: instant, cols: parquet.NewColumns(tables.Lines()),
		mem: parquet.NewMemory()}
	w.skus = make([]skuWords, len(f.Books.Products))
	w.versions = make([]versionWords, len(f.Books.Versions))
	w.discounts = make([]int32, len(f.Books.Discounts))
	w.startGroup()
	return w
}

// restart points the writer at another file, keeping its memory.
func (w *lineWriter) restart(key lake.FileKey) {
	w.key, w.out, w.pq, w.rows, w.sum = key, nil, nil, 0, lineSums{}
	w.startGroup()
}

// startGroup empties the batch and forgets its dictionaries.
func (w *lineWriter) startGroup() {
	w.cols.Reset()
	clear(w.skus)
	clear(w.versions)
	clear(w.regions)
	clear(w.discounts)
	w.kinds, w.noDiscount, w.customer = [8]int32{}, 0, -1
	w.assoc.forget()
	c := w.cols.C
	c[tables.LCycle].SetWord(w.key.Cycle)
	c[tables.LTradeID].SetWord(w.key.Cycle)
	c[tables.LOriginCycle].SetWord("")
	c[tables.LDay].SetWord(w.key.Day)
	c[tables.LChargingMode].SetSmall(chargingOnDemand)
	c[tables.LBillDetailType].SetSmall(detailUsage)
	for _, col := range [...]int{tables.LCreditAmount, tables.LCouponAmount, tables.LStoredValueAmount,
		tables.LFlexiCouponAmount, tables.LDebtAmount, tables.LCountedCoupon} {
		c[col].SetDec(0, 0)
	}
	c[tables.LOwnTime].SetInt(int64(tables.Nothing))
	c[tables.LInstant].SetInt(int64(w.instant))
}

// Values of charging_mode and bill_detail_type (§5).
const (
	chargingOnDemand = 3
	detailUsage      = 5
)

// add appends one line.
func (w *lineWriter) add(what *consumption, ch *line.Charge, draws []line.Draw) error {
	c := w.cols.C
	w.who(what)
	w.product(what.sku)
	w.place(what)
	c[tables.LTradeTime].Ints = append(c[tables.LTradeTime].Ints, int64(what.end))
	c[tables.LConsumeTime].Ints = append(c[tables.LConsumeTime].Ints, int64(what.end))
	c[tables.LUsageStart].Ints = append(c[tables.LUsageStart].Ints, int64(what.start))
	c[tables.LUsageEnd].Ints = append(c[tables.LUsageEnd].Ints, int64(what.end))
	c[tables.LID].AddBytes(what.id)
	c[tables.LTier].Codes = append(c[tables.LTier].Codes, int32(ch.Tier))
	w.word(tables.LKind, &w.kinds[ch.Kind], ch.Kind.String)
	c[tables.LResourceID].AddBytes(what.resource)
	c[tables.LResourceName].AddBytes(what.name)
	c[tables.LResourceTag].AddBytes(what.tag)
	w.money(ch)
	w.price(ch)
	w.drawn(draws[ch.DrawsFrom:ch.DrawsTo])
	w.cols.N++
	w.rows++
	if err := w.sum.add(ch); err != nil {
		return err
	}
	if w.cols.N < GroupRows {
		return nil
	}
	return w.flush()
}

// word appends a word whose code (plus 1) is remembered in known.
func (w *lineWriter) word(col int, known *int32, text func() string) {
	c := &w.cols.C[col]
	if *known == 0 {
		*known = c.Intern(text()) + 1
	}
	c.Codes = append(c.Codes, *known-1)
}

func (w *lineWriter) who(what *consumption) {
	c := w.cols.C
	if what.customer != w.customer {
		w.customer, w.code = what.customer, c[tables.LCustomerID].Intern(w.f.Books.Customers[what.customer].ID)
	}
	c[tables.LCustomerID].Codes = append(c[tables.LCustomerID].Codes, w.code)
	partner, kind := w.assoc.at(w.f.Books, what.customer, what.instant, c)
	c[tables.LPartnerID].Codes = append(c[tables.LPartnerID].Codes, partner)
	c[tables.LAssociationType].Codes = append(c[tables.LAssociationType].Codes, kind)
}

func (w *lineWriter) product(sku int32) {
	c, k := w.cols.C, &w.skus[sku]
	if !k.set {
		p := &w.f.Books.Products[sku]
		*k = skuWords{true, c[tables.LSKU].Intern(p.SKU), c[tables.LServiceTypeCode].Intern(p.ServiceTypeCode),
			c[tables.LResourceTypeCode].Intern(p.ResourceTypeCode), c[tables.LUsageType].Intern(p.UsageType),
			c[tables.LMeasure].Intern(p.Measure)}
	}
	c[tables.LSKU].Codes = append(c[tables.LSKU].Codes, k.sku)
	c[tables.LServiceTypeCode].Codes = append(c[tables.LServiceTypeCode].Codes, k.service)
	c[tables.LResourceTypeCode].Codes = append(c[tables.LResourceTypeCode].Codes, k.resource)
	c[tables.LUsageType].Codes = append(c[tables.LUsageType].Codes, k.usage)
	c[tables.LMeasure].Codes = append(c[tables.LMeasure].Codes, k.measure)
}

func (w *lineWriter) place(what *consumption) {
	c := &w.cols.C[tables.LRegionCode]
	if what.regionCode < 0 {
		c.AddWord(what.region)
		return
	}
	for int(what.regionCode) >= len(w.regions) {
		w.regions = append(w.regions, 0)
	}
	w.word(tables.LRegionCode, &w.regions[what.regionCode], func() string {
		return w.f.Scanned.Regions.Name(what.regionCode)
	})
}

func (w *lineWriter) money(ch *line.Charge) {
	c := w.cols.C
	c[tables.LUsageAmount].AddDec(ch.UsageAmount.Raw())
	c[tables.LFreeResourceUsage].AddDec(ch.Free.Raw())
	c[tables.LQuantity].AddDec(ch.Quantity.Raw())
	c[tables.LUnitPrice].AddDec(ch.UnitPrice.Raw())
	c[tables.LOfficialAmount].AddDec(ch.Official.Raw())
	c[tables.LDiscountAmount].AddDec(ch.Discount.Raw())
	c[tables.LTruncatedAmount].AddDec(ch.Truncated.Raw())
	c[tables.LPaymentAmount].AddDec(ch.Payment.Raw())
	c[tables.LCashAmount].AddDec(ch.Payment.Raw())
}

func (w *lineWriter) price(ch *line.Charge) {
	c := w.cols.C
	if ch.DiscountID < 0 {
		w.word(tables.LDiscountID, &w.noDiscount, func() string { return "" })
	} else {
		w.word(tables.LDiscountID, &w.discounts[ch.DiscountID], func() string {
			return w.f.Books.Discounts[ch.DiscountID].ID
		})
	}
	if ch.Version < 0 {
		c[tables.LPriceList].AddWord("")
		c[tables.LPriceRegion].AddWord("")
		c[tables.LPriceValidFrom].Ints = append(c[tables.LPriceValidFrom].Ints, int64(tables.Nothing))
		return
	}
	v := &w.versions[ch.Version]
	if !v.set {
		b := &w.f.Books.Versions[ch.Version]
		*v = versionWords{true, c[tables.LPriceList].Intern(b.PriceList), c[tables.LPriceRegion].Intern(b.Region),
			int64(b.Valid.From)}
	}
	c[tables.LPriceList].Codes = append(c[tables.LPriceList].Codes, v.list)
	c[tables.LPriceRegion].Codes = append(c[tables.LPriceRegion].Codes, v.region)
	c[tables.LPriceValidFrom].Ints = append(c[tables.LPriceValidFrom].Ints, v.from)
}

// drawn writes package_draws.
func (w *lineWriter) drawn(draws []line.Draw) {
	w.draws = appendDraws(w.draws[:0], w.f.Books, draws)
	w.cols.C[tables.LPackageDraws].AddBytes(w.draws)
}

// appendDraws writes draws as package_id:quantity joined by semicolons.
func appendDraws(dst []byte, b *books.Books, draws []line.Draw) []byte {
	for i, d := range draws {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, b.Packages[d.Package].ID...)
		dst = append(dst, ':')
		dst = d.Quantity.AppendText(dst)
	}
	return dst
}

// flush writes the batch as a row group.
func (w *lineWriter) flush() error {
	if w.cols.N == 0 {
		return nil
	}
	if w.out == nil {
		out, err := w.f.Txn.Create(w.key)
		if err != nil {
			return err
		}
		w.out = out
		if w.pq, err = parquet.NewWriterIn(w.mem, out, tables.Lines()); err != nil {
			return err
		}
	}
	if err := w.pq.Write(w.cols); err != nil {
		return err
	}
	w.startGroup()
	return nil
}

// finish ends the file; no entry when there was no line.
func (w *lineWriter) finish() ([]lake.FileEntry, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	if w.out == nil {
		return nil, nil
	}
	if err := w.pq.Close(); err != nil {
		return nil, err
	}
	e, err := w.out.Finish(w.rows, w.sum.list())
	return []lake.FileEntry{e}, err
}

// associations finds the partner of one customer's lines, remembering the last answer.
type associations struct {
	customer      int32
	span          period.Span
	partner, kind int32
	valid         bool
}

func (a *associations) forget() { a.valid = false }

// at returns the dictionary codes of partner_id and association_type at t (§6.1).
func (a *associations) at(b *books.Books, customer int32, t period.Instant, c []parquet.Col) (partner, kind int32) {
	if a.valid && a.customer == customer && a.span.Holds(t) {
		return a.partner, a.kind
	}
	id, kindWord, span := "", "", period.Span{From: t, To: t + 1}
	if as, ok := b.AssociationAt(customer, t); ok {
		id, kindWord, span = b.Partners[as.Partner].ID, strconv.Itoa(int(as.Type)), as.Valid
	} else if len(b.AssociationsOf(customer)) == 0 {
		span = period.Span{From: period.Past, To: period.Forever}
	}
	*a = associations{customer, span, c[tables.LPartnerID].Intern(id), c[tables.LAssociationType].Intern(kindWord),
		true}
	return a.partner, a.kind
}

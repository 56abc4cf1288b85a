package lines

import (
	"fmt"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// summed are the columns of lines whose sums the manifest keeps per file.
var summed = [...]int{tables.LUsageAmount, tables.LFreeResourceUsage, tables.LQuantity, tables.LOfficialAmount,
	tables.LDiscountAmount,
	tables.LTruncatedAmount, tables.LPaymentAmount, tables.LCashAmount, tables.LCreditAmount, tables.LCouponAmount,
	tables.LStoredValueAmount, tables.LFlexiCouponAmount, tables.LDebtAmount}

// Consumption is what a line says in addition to its money.
type Consumption struct {
	Customer, SKU           int32
	Region                  string // of a month-end line
	RegionCode              int32  // the run's number of the region; -1 = go by region
	ID, Resource, Name, Tag []byte
	Start, End              period.Instant
	Instant                 period.Instant // at which the association is looked up
}

// Writer writes the lines of one (cycle, day, bucket) to one file.
type Writer struct {
	*tablefile.Writer
	state *state.State
	key   lake.FileKey
	// when the file's lines are paid (§6.3); tables.Nothing = at their usage_start
	instant period.Instant

	Sum lineSums

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
	Usage, free, quantity money.QuantityTotal
	amountSums
}

func (s *lineSums) add(c *line.Charge) error {
	if err := s.Usage.AddSigned(c.UsageAmount); err != nil {
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
		tables.LUsageAmount: s.Usage.String(), tables.LFreeResourceUsage: s.free.String(),
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

// NewWriter writes lines that are paid at an instant; tables.Nothing = at their usage_start.
func NewWriter(s *state.State, key lake.FileKey, instant period.Instant) *Writer {
	w := &Writer{Writer: tablefile.NewWriter(s.Txn, tables.Lines()), state: s, instant: instant}
	w.skus = make([]skuWords, len(s.Books.Products))
	w.versions = make([]versionWords, len(s.Books.Versions))
	w.discounts = make([]int32, len(s.Books.Discounts))
	w.Begin(key)
	return w
}

// Begin points the writer at another file, keeping its memory.
func (w *Writer) Begin(key lake.FileKey) {
	w.Restart(key)
	w.key, w.Sum = key, lineSums{}
	w.startGroup()
}

// startGroup empties the batch and forgets its dictionaries.
func (w *Writer) startGroup() {
	w.Cols.Reset()
	clear(w.skus)
	clear(w.versions)
	clear(w.regions)
	clear(w.discounts)
	w.kinds, w.noDiscount, w.customer = [8]int32{}, 0, -1
	w.assoc.forget()
	c := w.Cols.C
	c[tables.LCycle].SetWord(w.key.Cycle)
	c[tables.LTradeID].SetWord(w.key.Cycle)
	c[tables.LOriginCycle].SetWord("")
	c[tables.LDay].SetWord(w.key.Day)
	c[tables.LChargingMode].SetSmall(ChargingOnDemand)
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
	ChargingOnDemand = 3
	detailUsage      = 5
)

// Add appends one line.
func (w *Writer) Add(what *Consumption, ch *line.Charge, draws []line.Draw) error {
	c := w.Cols.C
	w.who(what)
	w.product(what.SKU)
	w.place(what)
	c[tables.LTradeTime].Ints = append(c[tables.LTradeTime].Ints, int64(what.End))
	c[tables.LConsumeTime].Ints = append(c[tables.LConsumeTime].Ints, int64(what.End))
	c[tables.LUsageStart].Ints = append(c[tables.LUsageStart].Ints, int64(what.Start))
	c[tables.LUsageEnd].Ints = append(c[tables.LUsageEnd].Ints, int64(what.End))
	c[tables.LID].AddBytes(what.ID)
	c[tables.LTier].Codes = append(c[tables.LTier].Codes, int32(ch.Tier))
	w.word(tables.LKind, &w.kinds[ch.Kind], ch.Kind.String)
	c[tables.LResourceID].AddBytes(what.Resource)
	c[tables.LResourceName].AddBytes(what.Name)
	c[tables.LResourceTag].AddBytes(what.Tag)
	w.money(ch)
	w.price(ch)
	w.drawn(draws[ch.DrawsFrom:ch.DrawsTo])
	w.Cols.N++
	if err := w.Sum.add(ch); err != nil {
		return err
	}
	if w.Cols.N < tablefile.GroupRows {
		return nil
	}
	return w.flush()
}

// word appends a word whose code (plus 1) is remembered in known.
func (w *Writer) word(col int, known *int32, text func() string) {
	c := &w.Cols.C[col]
	if *known == 0 {
		*known = c.Intern(text()) + 1
	}
	c.Codes = append(c.Codes, *known-1)
}

func (w *Writer) who(what *Consumption) {
	c := w.Cols.C
	if what.Customer != w.customer {
		w.customer, w.code = what.Customer, c[tables.LCustomerID].Intern(w.state.Books.Customers[what.Customer].ID)
	}
	c[tables.LCustomerID].Codes = append(c[tables.LCustomerID].Codes, w.code)
	partner, kind := w.assoc.at(w.state.Books, what.Customer, what.Instant, c)
	c[tables.LPartnerID].Codes = append(c[tables.LPartnerID].Codes, partner)
	c[tables.LAssociationType].Codes = append(c[tables.LAssociationType].Codes, kind)
}

func (w *Writer) product(sku int32) {
	c, k := w.Cols.C, &w.skus[sku]
	if !k.set {
		p := &w.state.Books.Products[sku]
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

func (w *Writer) place(what *Consumption) {
	c := &w.Cols.C[tables.LRegionCode]
	if what.RegionCode < 0 {
		c.AddWord(what.Region)
		return
	}
	for int(what.RegionCode) >= len(w.regions) {
		w.regions = append(w.regions, 0)
	}
	w.word(tables.LRegionCode, &w.regions[what.RegionCode], func() string {
		return w.state.Regions.Name(what.RegionCode)
	})
}

func (w *Writer) money(ch *line.Charge) {
	c := w.Cols.C
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

func (w *Writer) price(ch *line.Charge) {
	c := w.Cols.C
	if ch.DiscountID < 0 {
		w.word(tables.LDiscountID, &w.noDiscount, func() string { return "" })
	} else {
		w.word(tables.LDiscountID, &w.discounts[ch.DiscountID], func() string {
			return w.state.Books.Discounts[ch.DiscountID].ID
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
		b := &w.state.Books.Versions[ch.Version]
		*v = versionWords{true, c[tables.LPriceList].Intern(b.PriceList), c[tables.LPriceRegion].Intern(b.Region),
			int64(b.Valid.From)}
	}
	c[tables.LPriceList].Codes = append(c[tables.LPriceList].Codes, v.list)
	c[tables.LPriceRegion].Codes = append(c[tables.LPriceRegion].Codes, v.region)
	c[tables.LPriceValidFrom].Ints = append(c[tables.LPriceValidFrom].Ints, v.from)
}

// drawn writes package_draws.
func (w *Writer) drawn(draws []line.Draw) {
	w.draws = AppendDraws(w.draws[:0], w.state.Books, draws)
	w.Cols.C[tables.LPackageDraws].AddBytes(w.draws)
}

// AppendDraws writes draws as package_id:quantity joined by semicolons.
func AppendDraws(dst []byte, b *books.Books, draws []line.Draw) []byte {
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
func (w *Writer) flush() error {
	if w.Cols.N == 0 {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w.startGroup()
	return nil
}

// End ends the file; no entry if there was no line.
func (w *Writer) End() ([]lake.FileEntry, error) { return w.Finish(w.Sum.list()) }

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
	if as, ok := b.Associations.At(customer, t); ok {
		id, kindWord, span = b.Partners[as.Partner].ID, strconv.Itoa(int(as.Type)), as.Valid
	} else if len(b.Associations.Of(customer)) == 0 {
		span = period.Span{From: period.Past, To: period.Forever}
	}
	*a = associations{customer, span, c[tables.LPartnerID].Intern(id), c[tables.LAssociationType].Intern(kindWord),
		true}
	return a.partner, a.kind
}

// EndID is the id of a month-end line (§5): cycle/sku/region/object.
func EndID(cycle period.Cycle, sku, region, object string) string {
	return cycle.String() + "/" + sku + "/" + region + "/" + object
}

// ConservationError says that lines do not hold what was used: our own fault, exit code 3 (§6.6).
type ConservationError struct{ Where, Used, Billed string }

// Error names the place and both quantities.
func (e *ConservationError) Error() string {
	return fmt.Sprintf("%s: records have a quantity of %s, their lines %s", e.Where, e.Used, e.Billed)
}

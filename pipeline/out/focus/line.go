package focus

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lineColumns returns the columns of lines from which rows are composed.
func lineColumns() tables.List[tables.Line] {
	return append(tables.Lines().All()[:tables.LineUsageEnd+1], tables.LineOwnTime.Of(), tables.LineDay.Of())
}

// theLine is a line of the lake with the values from which rows are composed.
type theLine struct {
	rows.Row[tables.Line]
	product                                        *product
	partner                                        int32 // -1 = none
	resold                                         bool
	own                                            period.Instant
	start, end                                     period.Instant // an end of Nothing means never
	quantity, usage, free, price                   dec            // of priceScale
	official, discount, payment                    dec            // of amountScale
	kind, origin, cycle, id, trade, region, custom string
	order                                          bool          // the line is of an order or its refund
	vendor                                         *vendorValues // nil = not from a cost file
}

// read returns the line of a row. It is valid as long as the row.
func (m *maker) read(row rows.Row[tables.Line]) (*theLine, error) {
	l := &m.line
	*l = theLine{Row: row, partner: -1, resold: row.Word(tables.LineAssociationType) == resale,
		own:   row.MaybeTime(tables.LineOwnTime),
		start: row.Time(tables.LineUsageStart), end: row.MaybeTime(tables.LineUsageEnd),
		kind:   row.Word(tables.LineKind),
		origin: row.Word(tables.LineOriginCycle),
		cycle:  row.Word(tables.LineCycle), id: string(row.Text(tables.LineID)), trade: row.Word(tables.LineTradeID),
		region: row.Word(tables.LineRegionCode),
		custom: row.Word(tables.LineCustomerID)}
	if l.own == tables.Nothing {
		l.own = l.start
	}
	l.product = m.dictionary.product(row)
	if id := row.Word(tables.LinePartnerID); id != "" {
		if l.partner = m.src.Books.Partner(id); l.partner < 0 {
			return nil, fmt.Errorf("no partner %q, which lines name", id)
		}
	}
	for _, v := range [...]struct {
		col tables.ColumnOf[tables.Line]
		to  *dec
	}{{tables.LineQuantity.Of(), &l.quantity}, {tables.LineUsageAmount.Of(), &l.usage},
		{tables.LineFreeResourceUsage.Of(), &l.free},
		{tables.LineUnitPrice.Of(), &l.price},
		{tables.LineOfficialAmount.Of(), &l.official}, {tables.LineOfficialDiscountAmount.Of(), &l.discount},
		{tables.LinePaymentAmount.Of(), &l.payment}} {
		*v.to = decOf(row.Cols.Col(v.col).Decs[row.I])
	}
	l.vendor = m.groups.byLine[lineKey{or(l.origin, l.cycle), l.id}]
	l.order = row.Small(tables.LineChargingMode) == 1 && strings.HasPrefix(l.id, l.trade+"/")
	return l, nil
}

func decOf(d parquet.Dec) dec { return decimal128.New(d.Hi, d.Lo) }

// resale is the association type of a reseller's customer.
var resale = books.Resale.Word()

// amounts sets a line's costs on one bill.
func (m *maker) amounts(l *theLine, b *bill, r *Row) error {
	after := l.official.Sub(l.discount)
	if err := m.prices(l, r, after); err != nil {
		return err
	}
	var err error
	if b.partner < 0 {
		r.Billed, err = Upscale(l.payment, costScale-amountScale)
		r.Effective = r.Billed
		return err
	}
	basis, left := l.official, l.official
	contracted := r.ListPrice
	if b.share.Payable {
		basis, left, contracted = l.payment, after, r.ContractedPrice
	}
	rate := rateOf(b.share.Rate)
	if r.Billed, err = Mul(basis, rate); err == nil {
		r.Billed, err = Upscale(r.Billed, costScale-amountScale-money.RateScale)
	}
	if err != nil {
		return err
	}
	r.Effective = r.Billed
	if !contracted.ok {
		r.Contracted, err = Mul(left, rate)
		if err == nil {
			r.Contracted, err = Upscale(r.Contracted, costScale-amountScale-money.RateScale)
		}
		return err
	}
	p, err := Mul(contracted.v, rate)
	if err != nil {
		return err
	}
	r.ContractedPrice = some(Round(p, money.RateScale))
	r.Contracted, err = Mul(r.ContractedPrice.v, r.Quantity.v)
	return err
}

func rateOf(r money.Rate) dec {
	hi, lo := r.Raw()
	return decimal128.New(hi, lo)
}

// prices sets a line's quantity and list price if their product is the official amount; otherwise it prices the amount
// as one unit, if the rules require a unit price.
func (m *maker) prices(l *theLine, r *Row, after dec) (err error) {
	periods := int64(1)
	product, err := Mul(l.quantity, l.price)
	if err != nil {
		return err
	}
	fits := Round(product, costScale-amountScale) == l.official
	if l.order && !fits {
		fits, periods = m.periods(l.custom, product, l.official)
	}
	switch {
	case l.isPassThrough():
		return costOnly(l, r, after)
	case fits && r.Category != adjustment && !l.isRestated():
		quantity, err := Mul(l.quantity, decimal128.FromI64(periods))
		if err != nil {
			return err
		}
		r.Quantity, r.ListPrice = some(quantity), some(l.price)
		if r.List, err = Mul(quantity, l.price); err != nil {
			return err
		}
	case r.Category == adjustment || r.Class == correction:
		r.Unit, r.Pricing, r.PriceID, r.PriceDetails = "", "", "", ""
		if r.List, err = Upscale(l.official, costScale-amountScale); err == nil {
			r.Contracted, err = Upscale(after, costScale-amountScale)
		}
		return err
	default:
		// The complete amount becomes the price of one unit; a credit becomes minus one unit.
		one, price := decimal128.FromI64(10_000_000_000), l.official
		if price.Sign() < 0 {
			one, price = one.Negate(), price.Negate()
		}
		if price, err = Upscale(price, priceScale-amountScale); err != nil {
			return err
		}
		r.Quantity, r.ListPrice = some(one), some(price)
		if r.List, err = Mul(one, price); err != nil {
			return err
		}
	}
	if r.ContractedPrice, err = m.contracted(l, r, after); err != nil {
		return err
	}
	r.Contracted, err = Mul(r.ContractedPrice.v, r.Quantity.v)
	return err
}

// periods determines for how many periods an order is: the amount is periods × quantity × unit price, cut to the
// currency's digits.
func (m *maker) periods(customer string, product, official dec) (bool, int64) {
	if product.Sign() == 0 || official.Sign() <= 0 {
		return false, 1
	}
	n, err := Quotient(official, amountScale, product, costScale, 0)
	if err != nil || n.HighBits() != 0 || n.LowBits() == 0 || n.LowBits() > 1<<32 {
		return false, 1
	}
	whole, err := Mul(product, n)
	if err != nil {
		return false, 1
	}
	digits := m.src.Books.CustomerCurrencyOf(customer).Digits
	cut := costScale - digits
	rounded, err := Upscale(Round(whole, cut), amountScale-digits)
	return err == nil && rounded == official, int64(n.LowBits())
}

// contracted returns the unit price after the line's discount: the list price without a discount; by the discount's
// rate or price, if the books still have it and it gives the amount; else the amount per unit.
func (m *maker) contracted(l *theLine, r *Row, after dec) (maybe, error) {
	if l.discount.Sign() == 0 || r.Quantity.v.Sign() == 0 {
		return r.ListPrice, nil
	}
	for _, d := range m.src.Books.Discounts.Of(l.Word(tables.LineDiscountID)) {
		if !d.Valid.Holds(l.own) {
			continue
		}
		var p dec
		switch d.Mode {
		case books.ModeRate:
			full, err := Mul(r.ListPrice.v, rateOf(d.Rate))
			if err != nil {
				return maybe{}, err
			}
			p = Round(full, money.RateScale)
		case books.ModeFixed:
			hi, lo := d.Fixed.Raw()
			p = decimal128.New(hi, lo)
		default:
			continue
		}
		whole, err := Mul(p, r.Quantity.v)
		if err == nil && Round(whole, costScale-amountScale) == after {
			return some(p), nil
		}
	}
	p, err := Quotient(after, amountScale, r.Quantity.v, priceScale, priceScale)
	if p.Sign() < 0 {
		p = decimal128.FromI64(0)
	}
	return some(p), err
}

// describe sets the values of a line that do not depend on who is billed.
func (m *maker) describe(l *theLine, r *Row) {
	r.Product, r.SKU, r.Region, r.RegionName = l.product, l.Word(tables.LineSKU), l.region, l.region
	r.Start, r.End = down(l.start), up(l.end)
	if l.end == tables.Nothing || r.End < r.Start {
		r.End = max(r.Start, m.set.Bounds.To)
	}
	r.Resource, r.ResourceName = string(l.Text(tables.LineResourceID)), string(l.Text(tables.LineResourceName))
	if r.ResourceName == r.Resource || r.Resource == "" {
		r.ResourceName = ""
	}
	r.Tags = m.names.tag(l.Text(tables.LineResourceTag))
	measure := l.Word(tables.LineMeasure)
	r.Meter = or(l.Word(tables.LineUsageType), or(measure, r.Product.name))
	unit := m.names.unit(or(measure, "unit"))
	r.Unit, r.Pricing = unit, standard
	r.Customer, r.Partner, r.Discount, r.Line = l.custom, l.Word(tables.LinePartnerID), l.Word(tables.LineDiscountID),
		l.id
	r.Detail, r.What, r.Origin, r.Trade = strconv.Itoa(l.Small(tables.LineBillDetailType)), l.kind, l.origin, l.trade
	r.PriceID, r.PriceDetails = m.names.price(l)
	if l.origin != "" && l.origin != m.set.Cycle {
		r.Class = correction
	}
	m.categorize(l, r, unit)
	if l.vendor != nil {
		l.setVendorValues(r, m.set.Publisher)
	}
}

// chargedOn returns the first day of the recurring charge that a refund takes back. The charge, billed in advance, and
// the refund have the same id ROW/DAY or ROW/DAYTTIME (§10.5).
func (l *theLine) chargedOn() (period.Day, bool) {
	text, _, _ := strings.Cut(l.id[strings.LastIndexByte(l.id, '/')+1:], "T")
	day, err := period.ParseDay(text)
	return day, err == nil
}

// categorize sets the kind of charge of a line (the table of rows in docs/focus.md).
func (m *maker) categorize(l *theLine, r *Row, unit string) {
	nothing := l.quantity.Sign() == 0 && l.usage.Sign() == 0 && l.price.Sign() == 0
	switch {
	case l.order:
		r.Category, r.Frequency, r.Description = purchase, oneTime, r.Product.name
		if l.Small(tables.LineBillDetailType) == autoRenew {
			r.Frequency = recurring
		}
		if l.payment.Sign() < 0 || l.kind == refundKind {
			r.Description += ", taken back"
			if m.src.Books.Zone.Cycle(l.own) < m.cycle {
				r.Class = correction
			}
		}
	case l.ofCommitment() && nothing:
		r.Category, r.Frequency, r.Description = adjustment, oneTime, l.id+", "+l.kind
		if r.SKU == "" {
			r.Meter = ""
		}
		r.Unit, r.Pricing, r.PriceID, r.PriceDetails = "", "", "", ""
	case l.kind == tables.AdjustmentLine.String() && nothing:
		r.Category, r.Frequency, r.Description = adjustment, oneTime, r.Product.name+", adjusted by hand"
		if l.Word(tables.LineDay) == lake.RerateDay.String() {
			r.Description = r.Product.name + ", rated again, correction of " + l.origin
		}
		r.Unit, r.Pricing, r.PriceID, r.PriceDetails = "", "", "", ""
	case l.Small(tables.LineChargingMode) == 1: // a recurring charge
		r.Category, r.Frequency, r.Description = purchase, recurring, r.Product.name
		switch {
		case l.kind == refundKind:
			r.Frequency, r.Description = oneTime, r.Product.name+", taken back"
			if day, ok := l.chargedOn(); ok && day.Cycle() < m.cycle {
				r.Class = correction
			}
		case r.Class == correction:
			r.Description += ", correction of " + l.origin
		}
	case l.kind == tables.FlatFeeLine.String():
		r.Category, r.Frequency, r.Description, r.Unit = purchase, recurring, r.Product.name+", fee of tier "+
			strconv.Itoa(l.Small(tables.LineTier)), "Months"
	default:
		r.Category, r.Frequency, r.Description = usage, usageBased, r.Product.name
		r.Consumed, r.ConsumedUnit = some(l.usage.Sub(l.free)), unit
		if own := r.Product.model.PricingUnit(); own != "" {
			r.Unit = own
		}
		if r.Class == correction {
			r.Description += ", correction of " + l.origin
		}
	}
}

// unbound is the product and the service of a commitment's line that has none (§10.4).
const unbound = "Commitment"

// ofCommitment reports whether a line belongs to a commitment: a true-up, overage, cap, or a late difference of one.
func (l *theLine) ofCommitment() bool {
	switch l.kind {
	case tables.TrueUpLine.String(), tables.OverageLine.String(), tables.CapLine.String():
		return true
	case tables.AdjustmentLine.String():
		return l.origin != "" && strings.HasPrefix(l.id, "commitment/")
	}
	return false
}

// autoRenew is the bill_detail_type of an automatic renewal.
const autoRenew = 8

// second is a second in microseconds.
const second = 1_000_000

// down and up round a time to the second.
func down(t period.Instant) period.Instant {
	if rest := t % second; rest < 0 {
		return t - rest - second
	} else {
		return t - rest
	}
}

func up(t period.Instant) period.Instant {
	if t == tables.Nothing || t%second == 0 {
		return t
	}
	return down(t) + second
}

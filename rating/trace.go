package rating

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// StepKind says what was decided.
type StepKind uint8

// The kinds of step, in the order in which a record meets them.
const (
	StepDraw   StepKind = iota + 1 // Package, Period, Before, Quantity, After
	StepPassed                     // a place where no price was found: SKU, List, Region, At
	StepPrice                      // the version found: SKU, List, Region, At, Period
	StepMeter                      // SKU, Scope, Before, Quantity, After
	StepClose                      // a meter at the cycle's end: SKU, Scope, Quantity
	// Tier, Lower, Upper, Open, Quantity, Price; at the cycle's end Scope = the line's resource
	StepTier
	StepBlocks // Quantity in blocks of Size: After
	StepFee    // Tier, Lower, Price
	StepOffer  // Discount, Offer, Rate or Price, Verdict, Amount = its `after`
	// Quantity, Price, Official, Discount, Reduction, Amount = `after`, Truncated, Payment
	StepAmounts

	// an order's official amount: Quantity, Price, PeriodNum, PeriodType, Official; Given = the order says it
	StepOrder
	StepUnfit // a discount that the order names and that does not fit it: Discount, At
	StepPaid  // an order's payment: Official, Discount, Reduction, Amount = `after`, Payment
	// Refund, Paid, Back, At = when unsubscribed, Period = from effective_time to expire_time, Hours, Rate = the fee's
	StepRefund
	StepRefundAmounts // Amount = the base's official, Paid, Back, Official, Reduction, Payment

	StepReturn // a draw given back: Package, Period, Before, Quantity, After
	StepGone   // a draw on a filling that is full or of which nothing is known: Package, Period, Quantity

	StepCounts // a record counts 1 whatever its quantity: SKU, Before = its quantity, Quantity
	// a conversion: SKU, Scope, Conversion, Lower and Upper = position before and after, Before and After = the same
	// converted
	StepConvert
	StepFigure // a record changes its meter's figure: SKU, Scope, Aggregation, Value, Before, Quantity, After
	StepEvent  // a record on a percentage meter: SKU, Scope, Number, Before, Quantity, After
	StepShare  // the fee of a record: Quantity, Price, Number, Before, Allowance, Amount
	// StepPart is a part of a period: Discount = the charge, Period = the part, Around = the period, Ratio.
	StepPart
	StepZero // a meter with nothing to price owes a fee: SKU, Scope
	// a record of a prorated meter: SKU, Scope, Change, Moved = position before and after, Days, Of
	StepProrate
	// a tier of a prorated meter: Tier, Change = what records moved, Moved[1] = their shares, Price
	StepProrated
	// a record of a time-weighted product: SKU, Scope = region and resource, At, Change, Moved = level before and after
	StepLevel
	StepMean // the levels of a meter over the cycle: SKU, Scope, Period, Number = of levels, Ratio = the mean
)

// Verdict says what became of an offer.
type Verdict uint8

// The verdicts.
const (
	OfferTaken   Verdict = iota + 1 // the lowest so far
	OfferNoLower                    // not lower than the best so far
	OfferAbove                      // a fixed price above the official one
	OfferUnfit                      // a fixed price on a flat fee or stairstep line
)

// RefundCase says which sentence of §4.9 decides the refund.
type RefundCase uint8

// The cases, in the order in which they are looked at.
const (
	RefundInWindow     RefundCase = iota + 1 // a new order within the unconditional hours: everything
	RefundBeforeEffect                       // before effective_time: everything
	RefundEndless                            // no expire_time: nothing
	RefundShare                              // the part of the time that remains, less the fee
)

// Step is one decision of a Rater with its numbers, for `tollbook explain`. Which fields are used depends on Kind; the
// others are zero.
type Step struct {
	Kind StepKind

	SKU, Measure string
	List, Region string // where a price was looked for; Region "*" = any
	At           period.Instant
	Period       period.Span // the version's validity; the quota period

	Package, Scope          string
	Before, Quantity, After money.Quantity // of a quota: left; of a meter: position
	Size                    money.Quantity
	Negative                bool // of a line, tier, fee or meter: Quantity is taken back

	Tier         int // from 1
	Lower, Upper money.Quantity
	Open         bool // the tier has no upper bound
	Price        money.UnitPrice

	Discount string // discount_id; "" = none
	Offer    books.DiscountKind
	// the offer is a share, in Rate; a unit price, in Price; or on an order an amount, in Sum
	Terms   books.DiscountMode
	Order   bool // the offer is on an order
	Named   bool // by the order
	Rate    money.Rate
	Sum     money.Amount
	Verdict Verdict

	PeriodType string
	PeriodNum  int64
	Given      bool

	Conversion  money.Conversion
	Aggregation books.Aggregation
	Value       string // that a unique count looks at
	Number      int64  // of a record on its meter, from 1
	Withdrawn   bool
	Allowance   books.PercentageTerms
	Around      period.Span
	Ratio       string
	Change      money.SignedQuantity
	Moved       [2]money.SignedQuantity
	Days, Of    int64

	Refund     RefundCase
	Hours      int
	Paid, Back money.Amount

	Official, Reduction, Amount, Truncated, Payment money.Amount
	PerLine                                         bool // the payment was cut
	Mode                                            money.Mode
	Digits                                          int
}

// offerKinds are the words of discounts.csv.
var offerKinds = [...]string{"commercial", "channel", "partner", "order"}

// String is the step as a sentence for a person who checks a bill.
func (s Step) String() string {
	switch s.Kind {
	case StepDraw:
		return fmt.Sprintf("package %s, quota period %s: %s left, %s drawn, %s left after",
			s.Package, spanText(s.Period), s.Before.Trim(), s.Quantity.Trim(), s.After.Trim())
	case StepPassed:
		return fmt.Sprintf("price list %s, region %s: no price of %s in force at %s", s.List, s.Region, s.SKU, s.At)
	case StepPrice:
		return fmt.Sprintf("price list %s, region %s: price of %s in force %s", s.List, s.Region, s.SKU,
			spanText(s.Period))
	case StepMeter:
		return fmt.Sprintf("meter %s: %s %s %s = %s %s",
			s.meter(), s.Before.Trim(), s.operator(), s.Quantity.Trim(), s.After.Trim(), s.Measure)
	case StepClose:
		return fmt.Sprintf("meter %s at the cycle's end: %s %s after packages", s.meter(), s.Quantity.Trim(), s.Measure)
	case StepTier:
		return s.tier()
	case StepBlocks:
		return fmt.Sprintf("%s in blocks of %s: %s", s.Quantity.Trim(), s.Size.Trim(), s.After.Trim())
	case StepFee:
		return s.fee()
	case StepOffer:
		return s.offer()
	case StepAmounts:
		return s.amounts()
	case StepReturn:
		return fmt.Sprintf("package %s, quota period %s: %s left, %s returned, %s left after",
			s.Package, spanText(s.Period), s.Before.Trim(), s.Quantity.Trim(), s.After.Trim())
	case StepGone:
		return fmt.Sprintf("package %s, quota period %s: no draw is known of, the %s given back change nothing",
			s.Package, spanText(s.Period), s.Quantity.Trim())
	default:
		return s.orderStep()
	}
}

// operator is what a meter does with the quantity.
func (s Step) operator() string {
	if s.Negative {
		return "−"
	}
	return "+"
}

// sign is written before a quantity.
func (s Step) sign() string {
	if s.Negative {
		return "-"
	}
	return ""
}

func (s Step) fee() string {
	if s.Negative {
		return fmt.Sprintf("tier %d begins at %s, which is reversed: flat fee -%s", s.Tier, s.Lower.Trim(),
			s.Price.Trim())
	}
	return fmt.Sprintf("tier %d begins at %s, which was reached: flat fee %s", s.Tier, s.Lower.Trim(), s.Price.Trim())
}

// meter names a meter.
func (s Step) meter() string { return strings.TrimSuffix(s.SKU+"/"+s.Scope, "/") }

func (s Step) tier() string {
	text := fmt.Sprintf("tier %d (%s): %s%s at %s", s.Tier, s.bounds(), s.sign(), s.Quantity.Trim(), s.Price.Trim())
	if s.Scope != "" {
		return "resource " + s.Scope + ": " + text
	}
	return text
}

// spanText is a period in words; its end is not part of it.
func spanText(s period.Span) string {
	switch {
	case s.From == period.Past && s.To == period.Forever:
		return "always"
	case s.From == period.Past:
		return "until " + s.To.String()
	case s.To == period.Forever:
		return "since " + s.From.String()
	}
	return s.From.String() + " to " + s.To.String()
}

func (s Step) bounds() string {
	if s.Open {
		return "above " + s.Lower.Trim()
	}
	return fmt.Sprintf("above %s up to %s", s.Lower.Trim(), s.Upper.Trim())
}

func (s Step) offer() string {
	text := fmt.Sprintf("%s discount %s %s: ", offerKinds[s.Offer], s.Discount, s.terms())
	if s.Named {
		text = "named by the order: " + text
	}
	switch s.Verdict {
	case OfferTaken:
		if s.Named {
			return text + s.Amount.Trim() + " after discount, so it is the one"
		}
		return text + s.Amount.Trim() + " after discount, the lowest so far"
	case OfferNoLower:
		return text + s.Amount.Trim() + " after discount, no better than the previous offer"
	case OfferAbove:
		return text + "above the official price, no offer"
	default:
		return text + "a fixed price does not fit this line"
	}
}

// terms is what an offer offers.
func (s Step) terms() string {
	switch {
	case s.Terms == books.ModeRate:
		return "pays the share " + s.Rate.Trim()
	case s.Terms == books.ModeReduction:
		return "takes " + s.Sum.Trim() + " off the order"
	case s.Order:
		return "fixes the order at " + s.Sum.Trim()
	}
	return "fixes the unit price at " + s.Price.Trim()
}

func (s Step) amounts() string {
	text := fmt.Sprintf("official %s%s × %s = %s", s.sign(), s.Quantity.Trim(), s.Price.Trim(), s.Official.Trim())
	if s.Discount != "" {
		text += fmt.Sprintf("; discount %s takes %s, leaves %s", s.Discount, s.Reduction.Trim(), s.Amount.Trim())
	}
	if s.PerLine {
		text += fmt.Sprintf("; rounded to %d decimals (%s): %s off", s.Digits, s.Mode, s.Truncated.Trim())
	}
	return text + "; to pay " + s.Payment.Trim()
}

// tracePrice reports where the chain of §3.2 was asked, up to the place that had the version.
func (c *client) tracePrice(sku, list, region int32, regionName string, t period.Instant, version int32) {
	b := c.bk.books
	v := &b.Versions[version]
	for _, key := range c.bk.prices.chain(listSKU{list, sku}, region) {
		step := Step{Kind: StepPassed, SKU: b.Products[sku].SKU, List: c.bk.prices.names[key.list], Region: "*", At: t}
		if key.region != anyRegion {
			step.Region = regionName
		}
		if step.List == v.PriceList && step.Region == v.Region {
			break
		}
		c.trace(step)
	}
	c.trace(Step{
		Kind: StepPrice, SKU: b.Products[sku].SKU, List: v.PriceList, Region: v.Region, At: t, Period: v.Valid,
	})
}

func (c *client) traceDraw(p *books.Package, q *quota, before, taken, after money.Quantity) {
	c.trace(Step{Kind: StepDraw, Package: p.ID, Period: q.now, Before: before, Quantity: taken, After: after})
}

// traceMeter reports how far a meter goes, before it does.
func (ms *meters) traceMeter(m *meter, quantity, after money.Quantity, reversed bool) {
	p := &ms.c.bk.books.Products[m.sku]
	ms.c.trace(Step{
		Kind: StepMeter, SKU: p.SKU, Measure: p.Measure, Scope: ms.scopeText(m), Before: m.count, Quantity: quantity,
		After:    after,
		Negative: reversed,
	})
}

func (c *client) traceTier(version int32, i int, quantity money.Quantity, reversed bool) {
	step := c.tierStep(StepTier, version, i)
	step.Quantity, step.Negative = quantity, reversed
	c.trace(step)
}

// traceClose reports a meter at the cycle's end, before its price is looked for.
func (ms *meters) traceClose(m *meter, quantity money.Quantity) {
	p := &ms.c.bk.books.Products[m.sku]
	ms.c.trace(Step{Kind: StepClose, SKU: p.SKU, Measure: p.Measure, Scope: ms.scopeText(m), Quantity: quantity})
}

// traceRow reports a line at the cycle's end.
func (e *monthEnd) traceRow(end *closing, m *meter, ch *line.Charge) {
	step := e.c.tierStep(StepTier, end.version, end.tier)
	step.Scope, step.Quantity, step.Price = m.resource, m.count, ch.UnitPrice
	e.c.trace(step)
}

func (c *client) traceFee(version int32, i int, reversed bool) {
	step := c.tierStep(StepFee, version, i)
	step.Negative = reversed
	step.Price = c.bk.books.Versions[version].Tiers[i].FlatFee
	c.trace(step)
}

func (c *client) tierStep(kind StepKind, version int32, i int) Step {
	tiers := c.bk.books.Versions[version].Tiers
	step := Step{Kind: kind, Tier: i + 1, Upper: tiers[i].UpTo, Open: tiers[i].Open, Price: tiers[i].UnitPrice}
	if i > 0 {
		step.Lower = tiers[i-1].UpTo
	}
	return step
}

func (c *client) traceOffer(s *sale, o *offer, verdict Verdict, after money.Amount, named bool) {
	d := &c.bk.books.Discounts[o.discount]
	c.trace(Step{
		Kind: StepOffer, Discount: d.ID, Offer: o.kind, Terms: d.Mode, Order: s.order, Named: named, Rate: o.rate,
		Price: o.price, Sum: d.Amount, Verdict: verdict, Amount: after,
	})
}

func (c *client) traceAmounts(s *sale) {
	ch, rules := s.charge, c.bk.rules
	step := Step{
		Kind: StepAmounts, Quantity: ch.Quantity.Abs(), Negative: ch.Quantity.Sign() < 0, Price: ch.UnitPrice,
		Official: ch.Official, Reduction: ch.Discount, Amount: s.after, Truncated: ch.Truncated, Payment: ch.Payment,
		PerLine: rules.Grain == PerLine, Mode: rules.Mode, Digits: c.digits,
	}
	if s.discount != noOne {
		step.Discount = c.bk.books.Discounts[s.discount].ID
	}
	c.trace(step)
}

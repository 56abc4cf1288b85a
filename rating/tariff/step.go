package tariff

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// StepKind is the kind of a decision.
type StepKind uint8

// The kinds of steps, in the order in which they occur for a record.
const (
	StepDraw   StepKind = iota + 1 // Package, Period, Before, Quantity, After
	StepPassed                     // no price was found in a place: SKU, List, Region, At
	StepPrice                      // the version found: SKU, List, Region, At, Period
	StepMeter                      // SKU, Scope, Before, Quantity, After
	// a meter at the cycle's end, in the product's measure: SKU, Scope, After = its quantity after packages; after a
	// conversion also Before = its usage, Quantity = what packages cover
	StepClose
	// Tier, Lower, Upper, Open, Quantity, Price; at the cycle's end Scope is the line's resource
	StepTier
	StepBlocks // Quantity in blocks of Size: After
	StepFee    // Tier, Lower, Price
	StepOffer  // Discount, Offer, Rate or Price, Verdict, Amount = its `after`
	// Quantity, Price, Official, Discount, Reduction, Amount = `after`, Truncated, Payment
	StepAmounts

	// an order's official amount: Quantity, Price, PeriodNum, PeriodType, Official; Given = the order gives it
	StepOrder
	StepUnfit // a discount that the order names but that does not apply: Discount, At
	StepPaid  // an order's payment: Official, Discount, Reduction, Amount = `after`, Payment
	// Refund, Paid, Back, At = time of unsubscribing, Period = effective_time to expire_time, Hours, Rate = fee rate
	StepRefund
	StepRefundAmounts // Amount = the base's official, Paid, Back, Official, Reduction, Payment

	StepReturn // a draw is returned: Package, Period, Before, Quantity, After
	StepGone   // a draw from a quota period that is full or unknown is not returned: Package, Period, Quantity

	StepCounts // a record counts 1 whatever its quantity: SKU, Before = its quantity, Quantity
	// a conversion: SKU, Scope, Conversion, Lower and Upper = position before and after, Before and After = the same
	// converted
	StepConvert
	StepFigure // a record changes its meter's figure: SKU, Scope, Aggregation, Value, Before, Quantity, After
	StepEvent  // a record on a percentage meter: SKU, Scope, Number, Before, Quantity, After
	StepShare  // the fee of a record: Quantity, Price, Number, Before, Allowance, Amount
	// StepPart is a part of a period: Discount = the charge, Period = the part, Around = the period, Ratio.
	StepPart
	StepZero // a fee is due for a meter with quantity 0: SKU, Scope
	// a record of a prorated meter: SKU, Scope, Change, Moved = position before and after, Days, Of
	StepProrate
	// a tier of a prorated meter: Tier, Change = what records moved, Moved[1] = their shares, Price
	StepProrated
	// a record of a time-weighted product: SKU, Scope = region and resource, At, Change, Moved = level before and after
	StepLevel
	StepMean // the levels of a meter over the cycle: SKU, Scope, Period, Number = of levels, Ratio = the mean
)

// Verdict is the outcome of an offer.
type Verdict uint8

// The verdicts.
const (
	OfferTaken   Verdict = iota + 1 // the lowest so far
	OfferNoLower                    // not lower than the best so far
	OfferAbove                      // a fixed price above the official one
	OfferUnfit                      // a fixed price on a flat fee or stairstep line
)

// RefundCase is the case of §4.9 that decides the refund.
type RefundCase uint8

// The cases, in the order in which they are checked.
const (
	RefundInWindow     RefundCase = iota + 1 // a new order within the unconditional hours: everything
	RefundBeforeEffect                       // before effective_time: everything
	RefundEndless                            // no expire_time: nothing
	RefundShare                              // the part of the time that remains, less the fee
)

// DerivationStep is one decision of a Rater with its numbers, for `tollbook explain`. Kind determines which fields are
// used; the others are zero.
type DerivationStep struct {
	Kind StepKind

	SKU, Measure string
	List, Region string // where a price was searched; Region "*" = any
	At           period.Instant
	Period       period.Span // the version's validity; the quota period

	Package, Scope          string
	Before, Quantity, After money.Quantity // of a quota: left; of a meter: position
	Size                    money.Quantity
	Negative                bool // Quantity of a line, tier, fee or meter is reversed

	Tier         int // from 1
	Lower, Upper money.Quantity
	Open         bool // the tier has no upper bound
	Price        money.UnitPrice

	Discount string // discount_id; "" = none
	Offer    books.DiscountKind
	// an offer's value: a share in Rate; a unit price in Price; or, on an order, an amount in Sum
	Terms   books.DiscountMode
	Order   bool // the offer is on an order
	Named   bool // the order names it
	Rate    money.Rate
	Sum     money.Amount
	Verdict Verdict

	PeriodType string
	PeriodNum  int64
	Given      bool

	Conversion  money.Conversion
	Aggregation books.Aggregation
	Value       string // value that a unique count counts
	Number      int64  // of a record on its meter, from 1
	Retracted   bool
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

// String returns the step as a sentence for a person who checks a bill.
func (s DerivationStep) String() string {
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
		return s.closeText()
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

// operator returns the sign with which a meter applies the quantity.
func (s DerivationStep) operator() string {
	if s.Negative {
		return "−"
	}
	return "+"
}

// sign returns the sign before a quantity.
func (s DerivationStep) sign() string {
	if s.Negative {
		return "-"
	}
	return ""
}

func (s DerivationStep) fee() string {
	if s.Negative {
		return fmt.Sprintf("tier %d begins at %s, which is reversed: flat fee -%s", s.Tier, s.Lower.Trim(),
			s.Price.Trim())
	}
	return fmt.Sprintf("tier %d begins at %s, which was reached: flat fee %s", s.Tier, s.Lower.Trim(), s.Price.Trim())
}

// meter returns the name of a meter.
func (s DerivationStep) meter() string { return strings.TrimSuffix(s.SKU+"/"+s.Scope, "/") }

// closeText describes a meter at the cycle's end.
func (s DerivationStep) closeText() string {
	text := fmt.Sprintf("meter %s at the cycle's end: ", s.meter())
	if s.Quantity.IsZero() {
		return text + fmt.Sprintf("%s %s after packages", s.After.Trim(), s.Measure)
	}
	return text + fmt.Sprintf("%s − %s from packages = %s %s", s.Before.Trim(), s.Quantity.Trim(), s.After.Trim(),
		s.Measure)
}

func (s DerivationStep) tier() string {
	text := fmt.Sprintf("tier %d (%s): %s%s at %s", s.Tier, s.bounds(), s.sign(), s.Quantity.Trim(), s.Price.Trim())
	if s.Scope != "" {
		return "resource " + s.Scope + ": " + text
	}
	return text
}

// spanText describes a period in words; the period excludes its end.
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

func (s DerivationStep) bounds() string {
	if s.Open {
		return "above " + s.Lower.Trim()
	}
	return fmt.Sprintf("above %s up to %s", s.Lower.Trim(), s.Upper.Trim())
}

func (s DerivationStep) offer() string {
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

// terms describes the value of an offer.
func (s DerivationStep) terms() string {
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

func (s DerivationStep) amounts() string {
	text := "official " + s.Official.Trim() // the fee of a percentage price with a fixed, least or greatest fee (§10.3)
	if product, err := money.MulR8(s.Quantity, s.Price); err == nil && product == s.Official.Abs() {
		text = fmt.Sprintf("official %s%s × %s = %s", s.sign(), s.Quantity.Trim(), s.Price.Trim(), s.Official.Trim())
	}
	if s.Discount != "" {
		text += fmt.Sprintf("; discount %s takes %s, leaves %s", s.Discount, s.Reduction.Trim(), s.Amount.Trim())
	}
	if s.PerLine {
		text += fmt.Sprintf("; rounded to %d decimals (%s): %s off", s.Digits, s.Mode, s.Truncated.Trim())
	}
	return text + "; to pay " + s.Payment.Trim()
}

// orderStep is String for the steps of orders and refunds.
func (s DerivationStep) orderStep() string {
	switch s.Kind {
	case StepCounts, StepConvert, StepFigure, StepEvent, StepShare, StepPart, StepZero, StepProrate,
		StepProrated, StepLevel, StepMean:
		return s.countingStep()
	case StepOrder:
		if s.Given {
			return "official amount given by the order: " + s.Official.Trim()
		}
		return fmt.Sprintf("official %s × %s × %d (%s) = %s",
			s.Quantity.Trim(), s.Price.Trim(), s.PeriodNum, s.PeriodType, s.Official.Trim())
	case StepUnfit:
		return fmt.Sprintf("named by the order: discount %s is not in force at %s for this customer and product, as "+
			"if not named",
			s.Discount, s.At)
	case StepPaid:
		text := ""
		if s.Discount != "" {
			text = fmt.Sprintf("discount %s leaves %s; ", s.Discount, s.Amount.Trim())
		}
		return fmt.Sprintf("%srounded to %d decimals; to pay %s", text, s.Digits, s.Payment.Trim())
	case StepRefund:
		return s.refund()
	case StepRefundAmounts:
		if s.Paid.IsZero() {
			return "nothing was paid: official 0; to pay " + s.Payment.Trim()
		}
		return fmt.Sprintf("official -(%s × %s / %s) = %s; to pay %s",
			s.Amount.Trim(), s.Back.Trim(), s.Paid.Trim(), s.Official.Trim(), s.Payment.Trim())
	default:
		return "unknown step"
	}
}

// refund explains the amount of a refund.
func (s DerivationStep) refund() string {
	switch s.Refund {
	case RefundInWindow:
		return fmt.Sprintf("unsubscribed at %s, within %d hours of paying: the %s paid are refunded "+
			"completely", s.At, s.Hours,
			s.Paid.Trim())
	case RefundBeforeEffect:
		return fmt.Sprintf("unsubscribed at %s, before it takes effect at %s: the %s paid are refunded completely",
			s.At, s.Period.From, s.Paid.Trim())
	case RefundEndless:
		return fmt.Sprintf("unsubscribed at %s, and no expire_time: nothing of the %s paid is refunded", s.At,
			s.Paid.Trim())
	default:
		return fmt.Sprintf("unsubscribed at %s with %s of %s s left: of the %s paid that share less a fee of %s, %s, "+
			"is refunded", s.At,
			secondsText(s.Period.To-s.At), secondsText(s.Period.To-s.Period.From), s.Paid.Trim(), s.Rate.Trim(),
			s.Back.Trim())
	}
}

// secondsText formats a duration in seconds, with a fraction only if there is one.
func secondsText(length period.Instant) string {
	seconds, micros := int64(length)/period.Second, int64(length)%period.Second
	if micros == 0 {
		return fmt.Sprint(seconds)
	}
	return fmt.Sprintf("%d.%06d", seconds, micros)
}

// countingStep is String for the steps of chapter 10.
func (s DerivationStep) countingStep() string {
	switch s.Kind {
	case StepCounts:
		return fmt.Sprintf("the record of %s counts %s %s", s.Before.Trim(), s.Quantity.Trim(), s.Measure)
	case StepConvert:
		return s.convertText()
	case StepFigure:
		return s.figureText()
	case StepEvent:
		return s.eventText()
	case StepLevel, StepMean:
		return s.levelText()
	case StepProrate, StepProrated:
		return s.prorateText()
	case StepZero:
		return s.zeroText()
	case StepPart:
		return fmt.Sprintf("charge %s: %s is %s of the period %s", s.Discount, spanText(s.Period), s.Ratio,
			spanText(s.Around))
	default:
		return s.shareText()
	}
}

// convertText describes a conversion.
func (s DerivationStep) convertText() string {
	if s.Quantity == s.After && s.Before.IsZero() && s.Lower.IsZero() && !s.Negative {
		return fmt.Sprintf("meter %s: %s %s = %s %s", s.meter(), s.Upper.Trim(), s.Conversion, s.After.Trim(),
			s.Measure)
	}
	text := fmt.Sprintf("meter %s: from %s to %s unconverted; %s − %s = %s%s %s", s.meter(), s.Lower.Trim(),
		s.Upper.Trim(), s.After.Trim(), s.Before.Trim(), s.sign(), s.Quantity.Trim(), s.Measure)
	return text + " after " + s.Conversion.String()
}

// figureText describes how a record changed its meter's figure.
func (s DerivationStep) figureText() string {
	if s.Aggregation == books.Max {
		return fmt.Sprintf("meter %s: the largest of %s and %s is %s", s.meter(), s.Before.Trim(), s.Quantity.Trim(),
			s.After.Trim())
	}
	if s.Aggregation != books.UniqueCount {
		return fmt.Sprintf("meter %s: the last quantity is %s", s.meter(), s.After.Trim())
	}
	if s.Before == s.After {
		return fmt.Sprintf("meter %s: value %q was counted before, %s so far", s.meter(), s.Value, s.After.Trim())
	}
	return fmt.Sprintf("meter %s: value %q is new, %s so far", s.meter(), s.Value, s.After.Trim())
}

// levelText describes a record that sets a level, or the mean of a meter's levels.
func (s DerivationStep) levelText() string {
	if s.Kind == StepMean {
		return fmt.Sprintf("meter %s: the levels times their seconds in %s, over its seconds, levels: %d, make %s",
			s.meter(), spanText(s.Period), s.Number, s.Ratio)
	}
	return fmt.Sprintf("level of %s: %s before %s, %s from then on", s.meter(), s.Moved[0].Trim(), s.At,
		s.Moved[1].Trim())
}

// eventText describes a record on a percentage meter.
func (s DerivationStep) eventText() string {
	text := fmt.Sprintf("meter %s: record %d, %s + %s = %s %s", s.meter(), s.Number, s.Before.Trim(), s.Quantity.Trim(),
		s.After.Trim(), s.Measure)
	switch {
	case s.Retracted:
		return fmt.Sprintf("meter %s: a retraction is no event and costs nothing", s.meter())
	case s.Negative:
		return text + ", taken back"
	}
	return text
}

// shareText describes how a record's fee is calculated.
func (s DerivationStep) shareText() string {
	terms := &s.Allowance
	text := ""
	if terms.HasEvents {
		text += fmt.Sprintf("%d records free, this is number %d; ", terms.FreeEvents, s.Number)
	}
	if terms.HasAllowed {
		text += fmt.Sprintf("%s free, %s before this record; ", terms.FreeAmount.Trim(), s.Before.Trim())
	}
	text += fmt.Sprintf("%s%s at the rate %s", s.sign(), s.Quantity.Trim(), s.Price.Trim())
	if !terms.FixedFee.IsZero() {
		text += ", fixed fee " + terms.FixedFee.Trim()
	}
	if !terms.MinFee.IsZero() {
		text += ", at least " + terms.MinFee.Trim()
	}
	if terms.HasMax {
		text += ", at most " + terms.MaxFee.Trim()
	}
	return text + ": fee " + s.sign() + s.Amount.Trim()
}

// prorateText describes a record of a prorated meter, or a tier of it.
func (s DerivationStep) prorateText() string {
	if s.Kind == StepProrate {
		return fmt.Sprintf("meter %s: from %s by %s to %s, for %d of the cycle's %d days", s.meter(), s.Moved[0].Trim(),
			s.Change.Trim(), s.Moved[1].Trim(), s.Days, s.Of)
	}
	return fmt.Sprintf("tier %d: records moved %s, by their days %s, at %s", s.Tier, s.Change.Trim(), s.Moved[1].Trim(),
		s.Price.Trim())
}

// zeroText explains why a fee at zero is due.
func (s DerivationStep) zeroText() string {
	return fmt.Sprintf("meter %s: nothing to price, and fee_at_zero is YES: the flat fee of tier 1 is owed", s.meter())
}

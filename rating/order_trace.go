package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// orderStep is String for the steps of orders and refunds.
func (s Step) orderStep() string {
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

// refund is why so much comes back.
func (s Step) refund() string {
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

// secondsText is a length of time in seconds, with the part of a second only where there is one.
func secondsText(length period.Instant) string {
	seconds, micros := int64(length)/period.Second, int64(length)%period.Second
	if micros == 0 {
		return fmt.Sprint(seconds)
	}
	return fmt.Sprintf("%d.%06d", seconds, micros)
}

func (c *client) traceOrder(o *Order, ch *line.Charge, official money.Amount) {
	c.trace(Step{
		Kind: StepOrder, Quantity: o.Quantity, Price: ch.UnitPrice, PeriodNum: o.PeriodNum, PeriodType: o.PeriodType,
		Official: official, Given: o.HasOfficial,
	})
}

func (c *client) tracePaid(s *sale) {
	ch := s.charge
	step := Step{
		Kind: StepPaid, Official: ch.Official, Reduction: ch.Discount, Amount: s.after, Payment: ch.Payment,
		Digits: c.digits,
	}
	if s.discount != noOne {
		step.Discount = c.bk.books.Discounts[s.discount].ID
	}
	c.trace(step)
}

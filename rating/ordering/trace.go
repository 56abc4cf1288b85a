package ordering

import (
	"github.com/tollbook/tollbook/rating/derivation"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
)

func (c *pricer) traceOrder(o *Order, ch *line.Charge, official money.Amount) {
	c.Trace(derivation.Step{
		Kind: derivation.StepOrder, Quantity: o.Quantity, Price: ch.UnitPrice, PeriodNum: o.PeriodNum,
		PeriodType: o.PeriodType,
		Official:   official, Given: o.HasOfficial,
	})
}

func (c *pricer) tracePaid(s *tariff.Sale) {
	ch := s.Charge
	step := derivation.Step{
		Kind: derivation.StepPaid, Official: ch.Official, Reduction: ch.Discount, Amount: s.After, Payment: ch.Payment,
		Digits: c.Digits,
	}
	if s.Discount != tariff.NoOne {
		step.Discount = c.Book.Books.Discounts[s.Discount].ID
	}
	c.Trace(step)
}

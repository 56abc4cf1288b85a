package ordering

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

func (c *pricer) traceOrder(o *Order, ch *table.Charge, official money.Amount) {
	c.Trace(tariff.DerivationStep{
		Kind: tariff.StepOrder, Quantity: o.Quantity, Price: ch.UnitPrice, PeriodNum: o.PeriodNum,
		PeriodType: o.PeriodType,
		Official:   official, Given: o.HasOfficial,
	})
}

func (c *pricer) tracePaid(s *tariff.Sale) {
	ch := s.Charge
	step := tariff.DerivationStep{
		Kind: tariff.StepPaid, Official: ch.Official, Reduction: ch.Discount, Amount: s.After, Payment: ch.Payment,
		Digits: c.Digits,
	}
	if s.Discount != tariff.NoOne {
		step.Discount = c.Book.Books.Discounts[s.Discount].ID
	}
	c.Trace(step)
}

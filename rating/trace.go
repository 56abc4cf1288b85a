package rating

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// traceDraw reports a draw on a package.
func (a *allowances) traceDraw(p *books.Package, q *quota, before, taken, after money.Quantity) {
	a.c.Trace(tariff.DerivationStep{Kind: tariff.StepDraw, Package: p.ID, Period: q.now, Before: before,
		Quantity: taken,
		After:    after})
}

// traceMeter reports the movement of a meter before it happens.
func (ms *meters) traceMeter(m *meter, quantity, after money.Quantity, reversed bool) {
	p := &ms.c.Book.Books.Products[m.sku]
	ms.c.Trace(tariff.DerivationStep{
		Kind: tariff.StepMeter, SKU: p.SKU, Measure: p.Measure, Scope: ms.scopeText(m), Before: m.count,
		Quantity: quantity,
		After:    after,
		Negative: reversed,
	})
}

// traceClose reports a meter at the cycle's end. Used and Free are zero if nothing was converted.
func (ms *meters) traceClose(m *meter, c money.Covered) {
	p := &ms.c.Book.Books.Products[m.sku]
	ms.c.Trace(tariff.DerivationStep{Kind: tariff.StepClose, SKU: p.SKU, Measure: p.Measure, Scope: ms.scopeText(m),
		Before: c.Used, Quantity: c.Free, After: c.Left})
}

// traceRow reports a line at the cycle's end.
func (e *monthEnd) traceRow(end *closing, m *meter, ch *table.Charge) {
	step := e.c.TierStep(tariff.StepTier, end.version, end.tier)
	step.Scope, step.Quantity, step.Price = m.resource, m.count, ch.UnitPrice
	e.c.Trace(step)
}

package pay

import (
	"cmp"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// chargeKey identifies the charge of a cycle for one part of a recurring charge, in one place; zero = no such line.
type chargeKey struct {
	cycle                               period.Cycle // of the charge
	customer, id, sku, region, resource string
	refund                              bool
}

// base returns the key of the charge that a refund returns.
func (k chargeKey) base() chargeKey {
	k.refund = false
	return k
}

// chargeKey returns the key of a line; zero if it is neither of a recurring charge nor a difference of one.
func (p *bucketPayer) chargeKey(r row) (k chargeKey) {
	cycle := r.word(tables.LineCycle)
	switch r.word(tables.LineDay) {
	case lake.ChargesDay.String():
	case lake.RerateDay.String():
		cycle = r.word(tables.LineOriginCycle)
	default:
		return k
	}
	sku := p.Books.SKU(r.word(tables.LineSKU))
	if sku < 0 || p.Books.Products[sku].Model != books.Recurring {
		return k
	}
	c, err := period.ParseCycle(cycle)
	if err != nil {
		return k
	}
	if k.refund = r.word(tables.LineKind) == tables.RefundLine.String(); k.refund { // its own time is that of its base
		c = p.Books.Zone.Cycle(r.cols.MaybeTime(tables.LineOwnTime).At(r.i))
	}
	k.cycle, k.customer, k.id = c, r.word(tables.LineCustomerID), string(r.text(tables.LineID))
	k.sku, k.region, k.resource = r.word(tables.LineSKU), r.word(tables.LineRegionCode),
		string(r.text(tables.LineResourceID))
	return k
}

// postedInAdvance returns the charges in advance for which re-rating posted differences into the place.
func (pl *bucketCycle) postedInAdvance() (map[chargeKey]bool, error) {
	out := make(map[chargeKey]bool)
	e, ok := pl.next[tableDay{table: tables.Reratings().Name}]
	if !ok {
		return out, nil
	}
	cols, err := readAll(pl.w.Txn, e, tables.Reratings())
	if err != nil {
		return nil, err
	}
	for i := range cols.N {
		if cols.Small(tables.ReratingInAdvance).At(i) == 0 {
			continue
		}
		origin, err := period.ParseCycle(cols.Word(tables.ReratingOriginCycle).At(i))
		if err != nil {
			return nil, err
		}
		out[chargeKey{cycle: origin, customer: cols.Word(tables.ReratingCustomerID).At(i),
			id:  string(cols.Text(tables.ReratingPackageDraws).At(i)),
			sku: cols.Word(tables.ReratingSKU).At(i), region: cols.Word(tables.ReratingRegionCode).At(i),
			resource: string(cols.Text(tables.ReratingResourceID).At(i))}] = true
	}
	return out, nil
}

// isChargeRefund reports whether the line is the refund of a recurring charge.
func (l *heldLine) isChargeRefund() bool { return l.charge.refund }

// chargeResplit notes that the payment of a charge's line may differ from the live state.
func (w *Worker) chargeResplit(l *heldLine) {
	if l.charge != (chargeKey{}) && !l.charge.refund {
		w.recharged[l.charge] = true
	}
}

// isBase reports whether a line can be the base of a refund: its payment amount is positive.
func (r row) isBase() bool {
	a, err := r.amount(tables.LinePaymentAmount)
	return err == nil && a.Sign() > 0
}

// earlier reports whether a line comes before another one in the order of time.
func (r row) earlier(o row) bool {
	return cmp.Or(cmp.Compare(r.instant(), o.instant()), r.compare(o)) < 0
}

// tieCharges finds the bases of refunds of recurring charges among the lines with a positive payment, in this cycle or
// an earlier one (CASH-10).
func (pl *bucketCycle) tieCharges() error {
	here := make(map[chargeKey]*heldLine) // the first line of each charge
	for _, l := range pl.held {
		if l.charge == (chargeKey{}) || l.charge.refund || !l.isBase() {
			continue
		}
		if known := here[l.charge]; known == nil || l.row.earlier(known.row) {
			here[l.charge] = l
		}
	}
	for _, l := range pl.held {
		if !l.isChargeRefund() {
			continue
		}
		key := l.charge.base()
		paid, err := pl.w.orders.charged(key, pl.at.Cycle)
		if err != nil {
			return err
		}
		if l.paid = paid; paid.cols == nil {
			pl.tie(l, here[key])
		}
	}
	return nil
}

// charged finds the base of the refund of a charge in the cycles before one: the first line of the charge; a row
// without columns means that there is none.
func (b *orderBook) charged(key chargeKey, before period.Cycle) (row, error) {
	for _, c := range b.p.known {
		if c < key.cycle || c >= before {
			continue
		}
		if b.charges[c] == nil {
			if err := b.loadCharges(c); err != nil {
				return row{}, err
			}
		}
		if base, ok := b.charges[c][key]; ok {
			return base, nil
		}
	}
	return row{}, nil
}

// loadCharges reads a paid cycle's lines of recurring charges and differences of charges.
func (b *orderBook) loadCharges(c period.Cycle) error {
	b.charges[c] = make(map[chargeKey]row)
	for _, day := range [...]lake.Day{lake.ChargesDay, lake.RerateDay} {
		key := lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(c), Day: day, Bucket: b.bucket}
		for _, e := range b.p.Txn.Next().Find(key) {
			cols, err := readAll(b.p.Txn, e, tables.Lines())
			if err != nil {
				return err
			}
			for i := range cols.N {
				r := row{cols, i}
				k := b.p.chargeKey(r)
				known, ok := b.charges[c][k]
				if k != (chargeKey{}) && !k.refund && r.isBase() && (!ok || r.earlier(known)) {
					b.charges[c][k] = r
				}
			}
		}
	}
	return nil
}

// refundCharge pays the refund of a recurring charge back to the balances that paid its base (CASH-10). If no balance
// paid the base, the refund is cash.
func (d *day) refundCharge(h *heldLine, l *payment.Line) error {
	base := h.paid
	if h.base != nil {
		base = h.base.row
	}
	if base.cols == nil || l.Payment.Sign() >= 0 {
		return d.payAs(l, h.row)
	}
	was, err := base.split()
	if err != nil {
		return err
	}
	if was.Parts == ([payment.Balances]money.Amount{}) {
		return d.payAs(l, h.row)
	}
	split, err := d.w.wallet.Refund(&was, l.Payment.Neg(), false)
	if err != nil {
		return fmt.Errorf("line %s: %w", h.text(tables.LineID), err)
	}
	h.setSplit(&split)
	return d.note(h.instant, h.text(tables.LineID))
}

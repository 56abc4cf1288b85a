package fold

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// charges writes the lines of the recurring charges of a bucket's customers in a cycle, up to the run's clock (§10.5).
// It does nothing if the bucket has no such charges and no lines of earlier ones.
func (w *worker) charges(bucket int, cycle period.Cycle) error {
	key := lake.FileKey{Table: "lines", Cycle: lake.CycleOf(cycle), Day: lake.ChargesDay, Bucket: bucket}
	st := w.state(w.txn)
	if len(w.charged[bucket]) == 0 && len(st.Find(key)) == 0 {
		return nil
	}
	bounds := w.Books.Zone.Bounds(cycle)
	charged := w.chargedIn(bucket)
	var lines []*rows.Line
	for _, customer := range w.charged[bucket] {
		for _, p := range rating.RecurringParts(w.Books.Recurring.Of(customer), w.Books.Zone, bounds) {
			list, err := w.chargeLines(&p, cycle, charged)
			if err != nil {
				return err
			}
			lines = append(lines, list...)
		}
	}
	files, err := rows.WriteLines(w.txn, w.Books, key, lines)
	if err != nil {
		return err
	}
	for k, list := range files {
		if err := st.Replace(k, list); err != nil {
			return err
		}
	}
	w.tally.Lines += int64(len(lines))
	return nil
}

// chargedIn returns a reader of what closed cycles charged in a bucket.
func (w *worker) chargedIn(bucket int) *state.ChargedMeasures {
	return &state.ChargedMeasures{Files: w.txn.Pending(), Base: w.txn.Base(), Books: w.Books, Prices: w.Prices,
		Bucket: bucket, Until: w.LateIn,
		Billed: func(c period.Cycle) bool { return w.LateIn != lake.NoCycle && c < w.LateIn }}
}

// chargeLines returns the lines of one part of a charge in a cycle: the charge and its refund.
func (w *worker) chargeLines(p *rating.RecurringPart, cycle period.Cycle, charged *state.ChargedMeasures) (
	out []*rows.Line, err error) {
	bounds := w.Books.Zone.Bounds(cycle)
	if bounds.Holds(p.Instant()) && p.Due() <= w.AsOf {
		l := w.chargeLine(p, cycle, p.Span)
		if l.Charge, err = rating.RecurringPrice(w.Prices, p, nil); err != nil {
			return nil, err
		}
		l.Detail, l.Instant = p.Detail(), p.Instant()
		out = append(out, l)
	}
	at := p.Back.From
	if p.Back.To <= at || !bounds.Holds(at) || at > w.AsOf {
		return out, nil
	}
	bases, err := charged.Of(p)
	if err != nil {
		return nil, err
	}
	for i := range bases {
		l := w.chargeLine(p, cycle, p.Back)
		if l.Charge, err = charged.Back(p, &bases[i]); err != nil {
			return nil, err
		}
		l.SKU, l.Region, l.Resource = bases[i].SKU, bases[i].Region, bases[i].Resource
		l.Partner, l.Association = bases[i].Partner, bases[i].Association
		l.DiscountText, l.Detail, l.Instant = bases[i].Discount, table.DetailChange, max(at, bases[i].At)
		out = append(out, l)
	}
	return out, nil
}

// chargeLine begins a line of a part of a charge over a span. Its own time is the part's first instant.
func (w *worker) chargeLine(p *rating.RecurringPart, cycle period.Cycle, span period.Span) *rows.Line {
	l := &rows.Line{
		Customer: p.Row.Customer, SKU: p.Row.SKU, Region: p.Row.Region, Resource: p.Row.Resource,
		ChargingMode: table.ChargingByPeriod,
		TradeID:      cycle.String(), ID: p.ID, TradeTime: span.To, Start: span.From, End: span.To,
		Own: p.Span.From,
	}
	l.Partner, l.Association = w.Books.PartnerAt(l.Customer, l.Own)
	return l
}

// chargesDue reports whether a bucket has recurring charges or commitments whose lines depend on the run's clock or on
// other lines, so that they must be calculated again.
func (w *worker) chargesDue(bucket int, cycle period.Cycle) bool {
	committed := len(w.committed[bucket]) > 0
	return w.Folder.MonthEnd(cycle) && (committed || len(w.charged[bucket]) > 0) || committed && cycle == w.LateIn
}

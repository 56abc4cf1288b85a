package quote

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/closed"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/table"
)

// late adds to the quote the lines by which the late lines of the open cycle with the records differ from those without
// them (QUOTE-8).
func (p *pricing) late(_ []table.PositionRow, records []record) ([]table.PositionRow, error) {
	txn, err := p.job.snap.Reading()
	if err != nil {
		return nil, err
	}
	regions := accept.NewRegions()
	s := state.New(txn, p.job.prices, p.job.trial.Books, regions, max(1, p.job.snap.Manifest.Buckets))
	s.Lax = true // the quote's books need only the customer
	billing := &closed.Quote{State: s, Rater: rating.NewRater(p.job.prices, regions.Name), Customer: p.job.customer,
		In: p.job.snap.Manifest.ClosedThrough.Or(p.cycle) + 1, Moves: p.moved(records)}
	without, err := billing.Lines(nil)
	if err != nil {
		return nil, err
	}
	var added []*closed.Record
	for i := range records {
		one := &closed.Record{Record: records[i].Record, Customer: p.job.customer, Origin: p.cycle, AsOf: p.job.o.AsOf}
		one.Region = regions.Code(records[i].region)
		added = append(added, one)
	}
	with, err := billing.Lines(added)
	if err != nil {
		return nil, err
	}
	p.differ(p.lateLines(without), p.lateLines(with))
	return nil, p.finish()
}

// moved returns which products share a meter or a package with records, directly or by other products.
func (p *pricing) moved(records []record) func(sku int32) bool {
	shared := make(map[int32]bool)
	for i := range records {
		shared[records[i].SKU] = true
	}
	for n := 0; n < len(shared); {
		n = len(shared)
		for _, pack := range p.job.trial.Books.Packages.Of(p.job.customer) {
			if slices.ContainsFunc(pack.SKUs, func(sku int32) bool { return shared[sku] }) {
				for _, sku := range pack.SKUs {
					shared[sku] = true
				}
			}
		}
	}
	return func(sku int32) bool { return shared[sku] }
}

// lateLines converts lines of late records.
func (p *pricing) lateLines(list []*rows.Line) (out []Line) {
	for _, l := range list {
		charge := l.Charge
		charge.DrawsFrom, charge.DrawsTo = 0, 0 // the line has its draws as text
		one := p.line(&charge, nil, l.SKU, l.Region)
		one.ID, one.ResourceID, one.Start, one.End, one.Draws = l.ID, l.Resource, l.Start, l.End, l.Draws
		one.Kind, one.own, one.counts, one.record = l.Kind.String(), l.Own, l.Instant, l.Version >= 0
		out = append(out, one)
	}
	return out
}

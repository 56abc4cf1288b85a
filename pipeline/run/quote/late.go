package quote

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/position"
)

// late adds the lines of a closed cycle to the quote: those of late records that follow everything billed for the cycle
// (QUOTE-8).
func (p *pricing) late(_ []position.Row, records []record) ([]position.Row, error) {
	txn, err := p.snap.Reading()
	if err != nil {
		return nil, err
	}
	regions := accept.NewRegions()
	s := state.New(txn, p.prices, p.trial.Books, regions, max(1, p.snap.Manifest.Buckets))
	s.Lax = true // the quote's books need only the customer
	billed, err := late.NewQuote(s, rating.NewRater(p.prices, regions.Name), p.customer,
		p.snap.Manifest.ClosedThrough.Or(p.cycle)+1)
	if err != nil {
		return nil, err
	}
	for i := range records {
		one := records[i].Record
		one.Region = regions.Code(records[i].region)
		var charges line.Charges
		if err := billed.Take(&one, p.cycle, &charges); err != nil {
			return nil, err
		}
		p.usageLines(&records[i], &charges)
	}
	var without, with []Line
	err = billed.Ends(func(before bool, charges *line.Charges, about []rating.Object) {
		if list := p.endLines(charges, about); before {
			without = append(without, list...)
		} else {
			with = append(with, list...)
		}
	})
	if err != nil {
		return nil, err
	}
	off, on := difference(without, with)
	p.lines = slices.Concat(p.lines, off, on)
	return nil, p.finish()
}

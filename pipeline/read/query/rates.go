package query

import (
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Rates returns the exchange rates with which the lines billed by a cycle are converted (§10.7).
func (r *PartnerReader) Rates(cycle period.Cycle) (rates settlement.Rates, err error) {
	kept, err := settle.ReadRates(r.Snap, cycle)
	return r.Book.RatesOf(cycle, kept), err
}

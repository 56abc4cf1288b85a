package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// haveRates refuses books that lack an exchange rate for an open cycle that converts amounts. It runs before rating.
// more are cycles in addition to those of the lake, the scanned records and the job.
func (r *runState) haveRates(more ...period.Cycle) error {
	if !r.ws.Books.Mixed {
		return nil
	}
	cycles := slices.Clone(more)
	for _, ref := range r.txn.SubTxn.Base().Manifest.Cycles {
		cycles = append(cycles, ref.Period())
	}
	for _, runs := range [][]*accept.Run{r.scanned.Usage, r.scanned.Bandwidth} {
		parts, _ := accept.PartsOfRuns(runs)
		for _, p := range parts {
			_, day := r.scanned.Parts.Split(p)
			cycles = append(cycles, day.Cycle())
		}
	}
	if r.job.cycle != lake.NoCycle {
		cycles = append(cycles, r.job.cycle)
	}
	for i, c := range cycles {
		if c <= r.closed && r.closed != lake.NoCycle {
			cycles[i] = r.closed + 1 // the cycle that bills late records and differences
		}
	}
	slices.Sort(cycles)
	var missing []*settlement.MissingRateError
	for _, c := range slices.Compact(cycles) {
		_, list := r.partners.Conversions(c)
		missing = append(missing, list...)
	}
	return MissingRates(missing...)
}

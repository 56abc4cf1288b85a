package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/settlement"
)

// oldRate is from how many days before the last day of a cycle on a rate is not noted as old (§10.7).
const oldRate = 7

// haveRates refuses books without an exchange rate for an open cycle that converts amounts. It comes before anything is
// rated. more are cycles in addition to those of the lake, the scanned records and the job.
func (r *run) haveRates(more ...period.Cycle) error {
	if !r.ws.Books.Mixed {
		return nil
	}
	cycles := slices.Clone(more)
	for _, ref := range r.txn.Base().Manifest.Cycles {
		c, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return err
		}
		cycles = append(cycles, c)
	}
	for _, runs := range [][]*sorting.Run{r.scanned.Usage, r.scanned.Bandwidth} {
		parts, _ := sorting.Parts(runs)
		for _, p := range parts {
			_, day := r.scanned.Parts.Split(p)
			cycles = append(cycles, day.Cycle())
		}
	}
	if r.job.cycle != place.NoCycle {
		cycles = append(cycles, r.job.cycle)
	}
	for i, c := range cycles {
		if c <= r.closed && r.closed != place.NoCycle {
			cycles[i] = r.closed + 1 // where late records and differences are billed
		}
	}
	slices.Sort(cycles)
	var missing []*settlement.MissingRateError
	for _, c := range slices.Compact(cycles) {
		_, list := r.partners.Conversions(c)
		missing = append(missing, list...)
	}
	return missingRates(missing...)
}

// missingRates says what rates.csv lacks.
func missingRates(list ...*settlement.MissingRateError) error {
	var wrong problem.Problems
	for _, m := range list {
		wrong = append(wrong, problem.Problem{Pos: problem.Pos{File: "books/rates.csv"}, Text: m.Error(),
			Hint: m.Hint()})
	}
	if wrong == nil {
		return nil
	}
	return wrong
}

// noteOldRates notes the rates that convert the cycle of the job and are old at its end.
func (r *run) noteOldRates() {
	last := r.job.cycle.Last()
	rates, _ := r.partners.Conversions(r.job.cycle)
	for _, x := range rates {
		if x.Date < last-oldRate {
			r.note("rates.csv: the rate from %s to %s for cycle %s is of %s, %d days before %s", x.From, x.To,
				r.job.cycle, x.Date, int(last-x.Date), last)
		}
	}
}

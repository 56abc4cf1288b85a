package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// OpenItemsError reports that a cycle was not closed because of open items. Nothing was done.
type OpenItemsError struct{ workspace.OpenItems }

// Error counts what is open.
func (e *OpenItemsError) Error() string {
	return fmt.Sprintf("cycle %s is not closed: %s; nothing was done", e.Missing.Cycle, e.Counts())
}

// Diagnosis implements problem.Diagnosed.
func (e *OpenItemsError) Diagnosis() (problem.Class, string) {
	return problem.Refused,
		fmt.Sprintf("deliver what is missing, and correct or dismiss the rejects (`tollbook rejects`); "+
			"to close it with these open items: `tollbook close --cycle %s --yes`", e.Missing.Cycle)
}

// closingCheck decides whether a run may close its cycle.
type closingCheck struct{ state *runState }

// mayClose collects the open items of the cycle that the run closes, in the state that it would commit, and refuses to
// close it if they are more than the options allow. A dry run only reports them.
func (r *closingCheck) mayClose(ctx context.Context) error {
	if err := r.refuseUnallocated(); err != nil {
		return err
	}
	r.state.next.SetRun(r.state.o.AsOf.String(), r.state.job.command)
	snap, err := r.state.txn.Preview()
	if err != nil {
		return err
	}
	if err := r.state.refuseOpen(&snap.Manifest); err != nil {
		return err // records that this run accepted
	}
	s := &document.Sources{Snap: snap, Books: r.state.ws.Books, Settings: &r.state.ws.Settings, Prices: r.state.prices,
		Partners: r.state.partners, Limits: rows.Limits{}}
	first, ok := r.state.txn.SubTxn.Base().Manifest.FirstCycle()
	if !ok { // the lake begins with this run
		first = r.state.job.cycle
	}
	missing, err := document.OpenItemsOf(ctx, s, r.state.job.cycle, first, r.state.o.AsOf)
	if err != nil {
		return BookProblem(err)
	}
	r.state.report.Missing = missing
	open := workspace.OpenItems{Missing: missing,
		NotTaken: slices.Concat(notTaken(r.state.report.Files), r.state.report.Held)}
	if !r.state.job.dryRun && !r.state.o.CloseIf.Allow(&open) {
		return &OpenItemsError{open}
	}
	if r.state.job.dryRun {
		if err := r.noteOldRates(); err != nil {
			return err
		}
		return r.noteNoCountry(ctx, snap)
	}
	if missing.NeedsAttention() || len(open.NotTaken) > 0 {
		r.state.report.Note("closed although %s", open.Counts())
	}
	return nil
}

// notTaken returns the feed files of which nothing was taken.
func notTaken(files []workspace.FileReport) []workspace.FileReport {
	var out []workspace.FileReport
	for i := range files {
		if files[i].Fault != "" || files[i].Deferred != "" {
			out = append(out, files[i])
		}
	}
	return out
}

// oldRate is the greatest age in days, at the end of a cycle, of an exchange rate that is not noted as old (§10.7).
const oldRate = 7

// noteOldRates reports exchange rates used for the job's cycle that are old at its end.
func (r *closingCheck) noteOldRates() error {
	last := r.state.job.cycle.Last()
	rates, _ := r.state.partners.Conversions(r.state.job.cycle)
	ofCosts, err := costs.RatesOf(r.state.txn.SubTxn, r.marginFiles(), r.state.ws.Books, r.state.job.cycle,
		func(source string) bool {
			s, _ := r.state.ws.Settings.Costs.Sources.Of(source)
			return s.Fx[r.state.job.cycle] != (money.UnitPrice{})
		})
	if err != nil {
		return err
	}
	rates = append(rates, ofCosts...)
	slices.SortFunc(rates, books.ExchangeRate.ComparePair)
	for _, x := range slices.Compact(rates) {
		if x.Date < last-oldRate {
			r.state.report.Note("rates.csv: the rate from %s to %s for cycle %s is of %s, %d days before %s", x.From,
				x.To, r.state.job.cycle, x.Date, int(last-x.Date), last)
		}
	}
	return nil
}

// marginFiles returns the files of margins of the job's cycle.
func (r *closingCheck) marginFiles() []lake.FileEntry {
	return r.state.next.Entries.Select(lake.CycleOf(r.state.job.cycle), func(k lake.FileKey) bool {
		return k.Table == tables.Margins().Name
	})
}

// refuseUnallocated refuses to close a cycle with unallocated costs (§11.2). A dry run reports them.
func (r *closingCheck) refuseUnallocated() error {
	open, err := costs.Unallocated(r.state.txn.SubTxn, r.marginFiles())
	if err != nil || len(open) == 0 {
		return err
	}
	what := fmt.Sprintf("cycle %s has costs that nobody bears: %s", r.state.job.cycle, costs.ListedOpen(open))
	if r.state.job.dryRun {
		r.state.report.Note("%s", what)
		r.state.report.Refused = true
		return nil
	}
	return &workspace.RefusedError{What: what,
		Hint: "add rules to books/allocation.yaml, or products and prices, until `tollbook query unallocated` is empty"}
}

package run

import (
	"context"
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run/bookproblem"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// costs bills the vendors' cost files (§11). It runs after the events and adds to their places.
func (r *run) costs(ctx context.Context) error {
	if len(r.ws.Settings.Costs.Sources.All()) == 0 && len(r.next.Find(costs.DeliveriesKey())) == 0 {
		return nil // the feature is not used
	}
	r.o.BeginStage(workspace.StageCosts)
	if r.hashes == nil {
		var err error
		if r.hashes, err = inbox.LoadHashes(r.o.HashCache); err != nil {
			r.o.Debug(notHashed, err)
		}
	}
	stage := &costs.Stage{
		Txn: r.txn.SubTxn, Books: r.ws.Books, Prices: r.prices, Costs: r.ws.Settings.Costs,
		Currency: r.ws.Settings.Currency.Code, Buckets: r.ws.Settings.Lake.Buckets, Inbox: r.inbox,
		Workers: r.o.Workers,
		Hash: func(name string) (string, error) {
			hash, _, err := r.hashes.Hash(r.inbox, name)
			return hash, err
		},
		Now: r.o.Started, Until: r.o.InboxUntil, AsOf: r.o.AsOf, Closed: r.closed, Archived: r.archivedThrough(),
		MonthEnd: func(c period.Cycle) bool {
			ref, _ := r.txn.Base().Cycle(manifest.CycleOf(c))
			return ref.MonthEnd || c == r.job.cycle
		},
		Made: r.books, Rerate: place.NoCycle, Accept: r.o.AcceptRejects,
	}
	if re := r.job.rerate; re != nil {
		stage.Rerate = re.cycle
		if re.draft != nil {
			stage.Draft = &costs.Draft{Books: re.draft,
				Prices: tariff.Compile(re.draft, workspace.Rules(&r.ws.Settings))}
		}
	}
	result, err := stage.Run(ctx)
	var none *margins.MissingRatesError
	var noRate *settlement.MissingRateError
	switch {
	case errors.As(err, &none):
		return bookproblem.MissingRates(none.List...)
	case errors.As(err, &noRate):
		return bookproblem.MissingRates(noRate)
	case err != nil:
		return err
	}
	r.restated = result.Differences
	for _, p := range result.Places {
		r.events.touched[p] = true
	}
	r.report.Lines += result.Lines
	r.report.Notes = append(r.report.Notes, result.Notes...)
	r.report.Costs = r.report.Costs || result.Attention
	r.newFiles(r.inbox).Strange(result.Strange)
	if result.Accepted {
		r.o.AcceptRejects = ""
	}
	r.o.Debug(notHashed, r.hashes.Save())
	return nil
}

package run

import (
	"context"
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/costs"
	intake "github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// costs bills the vendors' cost files (§11). It runs after the events and adds to their places.
func (r *run) costs(ctx context.Context) error {
	if len(r.state.ws.Settings.Costs.Sources.All()) == 0 && len(r.state.next.Entries.Find(costs.DeliveriesKey())) == 0 {
		return nil // the feature is not used
	}
	r.state.o.BeginStage(workspace.StageCosts)
	if r.hashes == nil {
		var err error
		if r.hashes, err = inbox.LoadHashes(r.state.o.HashCache); err != nil {
			r.state.o.Debug(notHashed, err)
		}
	}
	stage := &costs.Stage{
		Txn: r.state.txn.SubTxn, Books: r.state.ws.Books, Prices: r.state.prices, Costs: r.state.ws.Settings.Costs,
		Currency: r.state.ws.Settings.Currency.Code, Buckets: r.state.ws.Settings.Lake.Buckets, Inbox: r.inbox,
		Workers: r.state.o.Workers,
		Hash: func(name string) (string, error) {
			hash, _, err := r.hashes.Hash(r.inbox, name)
			return hash, err
		},
		Now: r.state.o.Started, Until: r.state.o.InboxUntil, AsOf: r.state.o.AsOf, Closed: r.state.closed,
		Archived: r.state.archivedThrough(),
		MonthEnd: func(c period.Cycle) bool {
			ref, _ := r.state.txn.SubTxn.Base().Cycle(lake.CycleOf(c))
			return ref.MonthEnd || c == r.state.job.cycle
		},
		Inputs: r.state.books, Rerate: lake.NoCycle, Accept: r.state.o.AcceptRejects,
	}
	if re := r.state.job.rerate; re != nil {
		stage.Rerate = re.cycle
		if re.draft != nil {
			stage.Draft = &costs.Draft{Books: re.draft,
				Prices: tariff.Compile(re.draft, workspace.Rules(&r.state.ws.Settings))}
		}
	}
	result, err := stage.Run(ctx)
	var none *costs.MissingRatesError
	var noRate *settlement.MissingRateError
	switch {
	case errors.As(err, &none):
		return MissingRates(none.List...)
	case errors.As(err, &noRate):
		return MissingRates(noRate)
	case err != nil:
		return err
	}
	r.restated = result.Differences
	for _, p := range result.Places {
		r.events.touched[p] = true
	}
	r.state.report.Lines += result.Lines
	r.state.report.Notes = append(r.state.report.Notes, result.Notes...)
	r.state.report.Costs = r.state.report.Costs || result.Attention
	r.state.newFiles(r.inbox).Strange(result.Strange)
	r.state.newFiles(r.inbox).Left(intake.CostFolder, result.Left)
	if result.Accepted {
		r.state.o.AcceptRejects = ""
	}
	r.state.o.Debug(notHashed, r.hashes.Save())
	return nil
}

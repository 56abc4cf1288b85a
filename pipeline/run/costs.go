package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// costs bills the vendors' cost files (§11). It comes after the events, whose places it adds to.
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
			ref, _ := r.txn.Base().Cycle(c.String())
			return ref.MonthEnd || c == r.job.cycle
		},
		Made: r.books, Rerate: place.NoCycle, Accept: r.o.AcceptRejects,
	}
	if re := r.job.rerate; re != nil {
		stage.Rerate, stage.DryRun = re.cycle, re.DryRun
		if re.draft != nil {
			stage.Draft = &costs.Draft{Books: re.draft,
				Prices: rating.Compile(re.draft, workspace.Rules(&r.ws.Settings))}
		}
	}
	result, err := stage.Run(ctx)
	var none *costs.MissingRatesError
	var noRate *settlement.MissingRateError
	switch {
	case errors.As(err, &none):
		return missingRates(none.List...)
	case errors.As(err, &noRate):
		return missingRates(noRate)
	case err != nil:
		return err
	}
	if r.job.rerate != nil {
		r.job.rerate.add(result.Differences)
	}
	for _, p := range result.Places {
		r.events.touched[p] = true
	}
	r.report.Lines += result.Lines
	r.report.Notes = append(r.report.Notes, result.Notes...)
	r.report.Costs = result.Attention
	if result.Accepted {
		r.o.AcceptRejects = ""
	}
	r.o.Debug(notHashed, r.hashes.Save())
	return nil
}

// refuseUnallocated refuses to close a cycle with costs that nobody bears (§11.2). A dry run reports them.
func (r *run) refuseUnallocated() error {
	open, err := costs.Unallocated(r.txn.Open, r.next.Select(r.job.cycle.String(), func(k lake.FileKey) bool {
		return k.Table == tables.Margins().Name
	}))
	if err != nil || len(open) == 0 {
		return err
	}
	what := fmt.Sprintf("cycle %s has costs that nobody bears: %s", r.job.cycle, costs.Listed(open))
	if r.job.dryRun {
		r.note("%s", what)
		return nil
	}
	return &workspace.RefusedError{What: what,
		Hint: "add rules to books/allocation.yaml, or products and prices, until `tollbook query unallocated` is empty"}
}

// marginTotals are the control totals of a cycle's margins; their payments come to the lines of cost files, in each
// currency (§11.6).
func (t *controlTotals) marginTotals(cycle string, files []lake.FileEntry) ([]lake.Total, error) {
	margins, err := sumBuckets(files, tables.Margins().Name)
	if err != nil || margins.all.rows == 0 {
		return nil, err
	}
	const payment = "payment_amount"
	ofCosts := func(e lake.FileEntry) bool { return e.Day == lake.CostsDay || e.Day == lake.RestatedDay }
	list := margins.all.totals(cycle + "/margins.")
	byMoney := slices.DeleteFunc(slices.Clone(list), func(t lake.Total) bool { return strings.Count(t.Name, ".") == 1 })
	paid := slices.DeleteFunc(slices.Clone(margins.all.columns), func(column string) bool {
		return !strings.HasPrefix(column, payment+".")
	})
	if len(paid) == 0 {
		lines, err := sumBuckets(slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
			return !ofCosts(e)
		}), tables.Lines().Name)
		if err != nil {
			return nil, err
		}
		if m, l := margins.all.text(payment), lines.all.text(payment); m != l {
			return nil, &TotalsError{Name: payment + " of the cost files of cycle " + cycle, Left: l + " in lines",
				Right: m + " in margins"}
		}
		return append(withCurrencies(list, byMoney), byMoney...), nil
	}
	lines, err := t.moneyOfLines(slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table == tables.Sums().Name && !ofCosts(e)
	}))
	if err != nil {
		return nil, err
	}
	billed := lines[slices.Index(amountsOfSums[:], tables.DPayment)]
	for _, column := range paid {
		currency := strings.TrimPrefix(column, payment+".")
		if m, l := margins.all.text(column), billed.Of(currency).String(); m != l {
			return nil, &TotalsError{Name: payment + " of the cost files of cycle " + cycle + " in " + currency,
				Left: l + " in lines", Right: m + " in margins"}
		}
	}
	return append(withCurrencies(list, byMoney), byMoney...), nil
}

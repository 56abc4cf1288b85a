package run

import (
	"cmp"
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// pay pays the lines of open cycles, takes over which account events found too little on their balance, and makes the
// statements of every place whose lines are others now.
func (r *run) pay(ctx context.Context, f *fold.Folder) error {
	s := &r.ws.Settings
	cycles := slices.Concat(r.folded.Cycles, r.events.touchedCycles())
	if r.job.cycle != place.NoCycle {
		cycles = append(cycles, r.job.cycle)
	}
	if r.issued.Reclaims != nil {
		cycles = append(cycles, r.reclaimCycles()...)
	}
	payer := &pay.Payer{
		Txn: r.txn, Books: r.ws.Books, Buckets: s.Lake.Buckets, Tasks: r.engine(), Closed: r.closed,
		Cycles: cycles, Refold: r.payAgain(), Issued: *r.issued,
		Rules:   payment.Rules{Ledger: s.Payments == settings.Ledger, Digits: s.Currency.Digits},
		Refunds: workspace.RefundRules(s), Progress: r.o.Progress,
	}
	paid, err := payer.Run(ctx)
	if err != nil {
		return err
	}
	if err := r.events.refuse(paid.Refused); err != nil {
		return err
	}
	for _, p := range paid.Places {
		r.folded.Cycles = append(r.folded.Cycles, p.Cycle)
	}
	slices.Sort(r.folded.Cycles)
	r.folded.Cycles = slices.Compact(r.folded.Cycles)
	places := slices.Concat(r.folded.Places, paid.Places)
	slices.SortFunc(places, func(a, b place.Place) int {
		return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Bucket, b.Bucket))
	})
	return f.Statements(ctx, slices.Compact(places))
}

// payAgain is whether all lines of an open cycle are paid again: by other books, or because what coupons pay is
// recorded now and was not before, or the reverse.
func (r *run) payAgain() func(period.Cycle) bool {
	coupons := payment.NewCoupons(r.ws.Books, r.issued.Coupons...)
	had := len(r.next.Find(partner.Key(tables.Coupons()))) > 0
	other := had != r.issued.Records && (had || len(coupons.Customers()) > 0)
	notCommercial := coupons.NotCommercial()
	return func(c period.Cycle) bool {
		return other || r.refold(c) && (r.change.Payments() || notCommercial && r.change.Commercial())
	}
}

// reclaimCycles are the cycles in which coupons are taken back.
func (r *run) reclaimCycles() []period.Cycle {
	var out []period.Cycle
	for _, one := range r.issued.Reclaims {
		out = append(out, r.ws.Books.Zone.Cycle(one.Event.Instant))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

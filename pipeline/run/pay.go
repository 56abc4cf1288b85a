package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// payer pays the lines of open cycles, bucket by bucket.
func (r *run) payer() *pay.Payer {
	s := &r.state.ws.Settings
	cycles := r.events.touchedCycles()
	if r.state.job.cycle != lake.NoCycle {
		cycles = append(cycles, r.state.job.cycle)
	}
	if r.issued.Reclaims != nil {
		cycles = append(cycles, r.reclaimCycles()...)
	}
	return &pay.Payer{
		Base: r.state.txn.SubTxn.Base(), Books: r.state.ws.Books, Buckets: s.Lake.Buckets, Closed: r.state.closed,
		Cycles: cycles, Refold: r.payAgain(), Issued: *r.issued,
		Rules:   payment.Rules{Ledger: s.Payments == settings.Ledger, Digits: s.Currency.Digits},
		Refunds: workspace.RefundRules(s),
	}
}

// payAgain returns a function that reports whether all lines of an open cycle are paid again: because the books
// changed, or because recording of coupon payments begins or ends with this run.
func (r *run) payAgain() func(period.Cycle) bool {
	coupons := payment.NewCoupons(r.state.ws.Books, r.issued.Coupons...)
	had := len(r.state.next.Entries.Find(partner.Key(tables.Coupons()))) > 0
	other := had != r.issued.Records && (had || len(coupons.Customers()) > 0)
	notCommercial := coupons.NotCommercial()
	return func(c period.Cycle) bool {
		return other || r.state.refold(c) && (r.state.change.Payments() || notCommercial && r.state.change.Commercial())
	}
}

// reclaimCycles returns the cycles in which coupons are taken back.
func (r *run) reclaimCycles() []period.Cycle {
	var out []period.Cycle
	for _, one := range r.issued.Reclaims {
		out = append(out, r.state.ws.Books.Zone.Cycle(one.Event.Instant))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

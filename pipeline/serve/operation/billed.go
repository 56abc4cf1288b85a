package operation

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
)

// Books can be corrected after a close. The lines and partner statements of the closed cycle stay unchanged (§4.11,
// C77), so there they determine to whom a customer and a reseller belonged (C160).

// billedAs returns NotItsCustomer if the scope's customer has no line of the scope's partner in the requested month. A
// line of an open month can have the partner of another month: a charge of a cost file after the end of its billing
// period. An operation about everything of a customer uses only the books.
func (a *asked) billedAs(ctx context.Context, s *Scope) error {
	month, ok := a.month()
	if !ok || a.op.Subject == WholeCustomer {
		return NotItsCustomer()
	}
	cycle := lake.CycleOf(month)
	if ref, known := a.state.Snap.Cycle(cycle); !known || ref.Archived != nil {
		return NotItsCustomer()
	}
	shares, err := a.state.Store.Shares(ctx, cycle)
	if err == nil && !slices.ContainsFunc(shares, func(r query.PartnerShare) bool {
		return r.Partner == s.Partner && r.Customer == s.Customer
	}) {
		return NotItsCustomer()
	}
	return err
}

// ofReseller limits a distributor's scope to one reseller: to the times in which the reseller belonged to it by the
// books or, if the reseller's statement of the requested closed month names one seller, to all or nothing of that
// month.
func (a *asked) ofReseller(ctx context.Context, s *Scope, reseller string) error {
	b, distributor := a.state.Workspace.Books, s.Partner
	if b.Partner(reseller) < 0 {
		return notItsReseller()
	}
	s.Partner, s.During = reseller, resoldBy(b, distributor, reseller)
	month, ok := a.month()
	if ok {
		sellers, err := query.ClosedSellers(ctx, a.state.Snap, lake.CycleOf(month), reseller)
		if err != nil {
			return err
		}
		switch sellers[reseller] {
		case "":
		case distributor:
			s.During = nil
			return nil
		default:
			s.Nothing = true
		}
	}
	if s.During == nil {
		return notItsReseller()
	}
	return nil
}

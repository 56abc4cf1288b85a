package audit

import (
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ties compares tables of partners with each other and with what was counted (VERIFY-11, VERIFY-14). If a file could
// not be read, sums are meaningless.
func (v *verifier) ties(ctx context.Context) error {
	for _, one := range []struct {
		name  string
		check func(*Audit, context.Context) error
	}{{Partners, (*Audit).Performances}, {Taxes, (*Audit).Taxes}, {PartnerMoney, (*Audit).Money}} {
		if v.found[one.name] == nil || v.counts.broken > 0 {
			continue
		}
		err := one.check(&Audit{Snap: v.snap, Sales: v.sales, Differ: func(format string, args ...any) {
			v.differ(one.name, format, args...)
		}}, ctx)
		if moved := new(lake.MovedError); errors.As(err, &moved) || ctx.Err() != nil {
			return err
		}
		if err != nil {
			v.counts.broken++
			v.differ(Contents, "%s", lake.FaultOf(err))
		}
	}
	return nil
}

// recordsCoupons reports whether coupon_entries must have the coupon payments of a cycle: it has some, or the runs that
// paid its lines kept partners' money, because an event was accepted before.
func recordsCoupons(v *verifier, ref lake.CycleRef, files []lake.FileEntry) bool {
	if v.found[PartnerMoney] == nil {
		return false
	}
	after := v.since != "" && (ref.State != lake.CycleClosed || ref.Cycle.String() >= v.since)
	return after || slices.ContainsFunc(files, func(e lake.FileEntry) bool {
		return e.Table == tables.CouponEntries().Name
	})
}

// couponUses compares the coupon payments of a bucket's lines with coupon_entries, by customer.
func (b *bucket) couponUses() error {
	if !b.p.coupons || b.broken {
		return nil
	}
	uses, err := usesOfCoupons(b.v.snap, b.p.of(tables.CouponEntries().Name))
	if err != nil {
		return err
	}
	for customer, sum := range b.customers {
		if paid := sum.totals[coupon]; paid != uses[customer] {
			b.v.differ(PartnerMoney, "cycle %s, customer %s: coupons paid %s of the lines, coupon_entries have %s",
				b.p.cycle.Cycle, customer, paid, uses[customer])
		}
		delete(uses, customer)
	}
	for customer, sum := range uses {
		if sum != (money.AmountTotal{}) {
			b.v.differ(PartnerMoney, "cycle %s, customer %s: coupon_entries have %s, and there are no lines",
				b.p.cycle.Cycle, customer, sum)
		}
	}
	return nil
}

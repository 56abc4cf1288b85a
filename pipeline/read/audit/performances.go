package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// earned identifies an incentive.
type earned struct{ partner, programme, period string }

// incentive holds the amounts of an incentive.
type incentive struct {
	performance, amount money.Amount
	nothing             bool // it has no performance, transfer or amount
}

// incentives reads incentives.
func (a *Audit) incentives(ctx context.Context) (map[earned]incentive, error) {
	out := map[earned]incentive{}
	return out, each(ctx, a, tables.Incentives(), nil, func(row rows.Row[tables.Incentive]) error {
		var one incentive
		var err, amountErr error
		one.performance, err = row.Amount(tables.IncentivePerformanceAmount)
		one.amount, amountErr = row.Amount(tables.IncentiveIncentiveAmount)
		transferred, transferErr := row.Amount(tables.IncentiveTransferredAmount)
		carried, carriedErr := row.Amount(tables.IncentiveCarriedIn)
		one.nothing = one.performance.IsZero() && one.amount.IsZero() && transferred.IsZero() && carried.IsZero()
		out[earned{row.Word(tables.IncentivePartnerID), row.Word(tables.IncentiveProgrammeID),
			row.Word(tables.IncentivePeriod)}] = one
		return errors.Join(err, amountErr, transferErr, carriedErr)
	})
}

// Performances compares performances with the files of lines and with the incentives of months. A quarter is not
// compared: while it is open, the lines of its closed months are added up again with the current books, and the result
// is not stored.
func (a *Audit) Performances(ctx context.Context) error {
	earns, err := a.incentives(ctx)
	if err != nil {
		return err
	}
	added, stored, refs := sums[earned]{}, map[string]bool{}, map[string]lake.CycleRef{}
	for _, ref := range a.Snap.Manifest.Cycles {
		refs[ref.Cycle.String()] = ref
		files, err := a.Snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		if stored[ref.Cycle.String()], err = a.shares(ctx, ref, files, added); err != nil {
			return err
		}
	}
	for of, one := range earns {
		ref, here := refs[of.period]
		closed := ref.State == lake.CycleClosed
		if !here || closed && one.nothing || !closed && !stored[of.period] {
			continue
		}
		got, err := total(one.performance)
		if err != nil {
			return err
		}
		if want := added.of(of); got != want {
			a.Differ("incentive %s of partner %s, %s: performance_amount is %s, performances have %s", of.programme,
				of.partner, of.period, got, want)
		}
	}
	for of := range added {
		_, month := earns[of]
		quarter := of
		quarter.period = quarterOf(of.period)
		if _, known := earns[quarter]; !known && !month && refs[of.period].State != lake.CycleClosed {
			a.Differ("incentive %s of partner %s: performances of %s have %s, and there is no incentive", of.programme,
				of.partner, of.period, added.of(of))
		}
	}
	return nil
}

// shares adds up the performances of a cycle, and reports whether it has any file of them.
func (a *Audit) shares(ctx context.Context, ref lake.CycleRef, files []lake.FileEntry,
	added sums[earned]) (stored bool, err error) {
	type file struct {
		bucket    int
		day, hash string
	}
	lines := map[file]bool{}
	for _, e := range files {
		if e.Table == tables.Lines().Name {
			lines[file{e.Bucket, e.Day.String(), string(e.Hash)}] = true
		}
	}
	for _, e := range files {
		if e.Table != tables.Performances().Name {
			continue
		}
		stored = true
		err := eachOf(ctx, a, []lake.FileEntry{e}, tables.Performances(), nil,
			func(row rows.Row[tables.Performance]) error {
				programme := row.Word(tables.PerformanceProgrammeID)
				if programme == "" {
					return nil
				}
				day := row.Word(tables.PerformanceDay)
				of := earned{row.Word(tables.PerformancePartnerID), programme, ref.Cycle.String()}
				if ref.Archived == nil && !lines[file{e.Bucket, day, row.Word(tables.PerformanceLinesHash)}] {
					a.Differ("incentive %s of partner %s: performances of %s, day %s, bucket %d are those of a "+
						"file of lines that is not in the lake", of.programme, of.partner, of.period, day, e.Bucket)
				}
				return addColumns(added, of, row, tables.PerformanceOwnAmount)
			})
		if err != nil {
			return stored, err
		}
	}
	return stored, nil
}

// quarterOf returns the quarter of a month, such as 2026-Q3 of 2026-09.
func quarterOf(month string) string {
	year, number, _ := strings.Cut(month, "-")
	n, _ := strconv.Atoi(number) // the period of a month is a valid one
	return fmt.Sprintf("%s-Q%d", year, (n+2)/3)
}

package closed

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// archivedMove is the change by re-rating of what the records of an archived cycle drew in a quota period, without late
// records. The records are in the archive, and their draws are not read.
type archivedMove struct {
	QuotaPeriod
	posted period.Cycle // cycle in which the re-rate was posted
	by     money.SignedQuantity
}

// isArchived reports whether the records that the close of a cycle billed are no longer in the lake.
func isArchived(txn *lake.SubTxn, c period.Cycle) bool {
	ref, _ := txn.Base().Cycle(lake.CycleOf(c))
	return ref.Archived != nil
}

// archivedMoves returns the shifts of re-rates of archived cycles, by customer, minus the part of late records, which
// stay in the lake. others are all re-rated records of other cycles that can be read. A shift is the sum of the
// additional draws of its records (leave), without records that a late one replaced.
func archivedMoves(r *rerating, others map[int32][]*Record) (map[int32][]archivedMove, error) {
	out := make(map[int32][]archivedMove)
	for _, posted := range r.late.Opening.Cycles(r.late.LateIn) {
		list, err := r.late.Opening.Shifts(r.bucket, posted, state.Anyone)
		if err != nil {
			return nil, err
		}
		for i := range list {
			h, row := &list[i], list[i].Row()
			code := state.PackageOf(r.late.Books, h.Customer, &row)
			if code >= 0 && h.Origin != r.origin && r.apart[h.Customer] && isArchived(r.late.Txn, h.Origin) {
				f := QuotaPeriod{Package: code, Start: h.At}
				out[h.Customer] = append(out[h.Customer], archivedMove{f, posted, h.By})
			}
		}
	}
	for customer, list := range others {
		a := &customerReplay{re: r, customer: customer}
		for _, then := range list {
			if !isArchived(r.late.Txn, then.Origin) {
				continue
			}
			moves, err := a.postedMoves(then)
			if err != nil {
				return nil, err
			}
			out[customer] = append(out[customer], moves...)
		}
	}
	return out, nil
}

// postedMoves subtracts the additional draws of a late record of an archived cycle from the shifts that include it.
func (a *customerReplay) postedMoves(then *Record) (out []archivedMove, err error) {
	known := then.Draws
	for _, one := range a.re.reratedDraws {
		if _, has := one.draws[then.Key()]; !has {
			continue
		}
		now, _, err := a.drewBy(then, one.posted)
		if err != nil {
			return nil, err
		}
		by := a.re.replacedBy[then.Key()]
		if !a.unbilled(then.Key()) && (by == nil || by.Billed >= one.posted) {
			moved := make(map[QuotaPeriod]money.SignedQuantity)
			if err := a.add(moved, then.Start, known, false); err != nil {
				return nil, err
			}
			if err := a.add(moved, then.Start, now, true); err != nil {
				return nil, err
			}
			for f, by := range moved {
				out = append(out, archivedMove{f, one.posted, by})
			}
		}
		known = now
	}
	return out, nil
}

// addBatchMoves adds what the late records of archived cycles drew in the batch of a cycle, minus what they gave back.
// The replaced records are in the archive; the late lines have the draws of both. Later re-rates may have changed what
// the late records draw.
func (a *customerReplay) addBatchMoves(billed period.Cycle, to map[QuotaPeriod]money.SignedQuantity) error {
	for _, e := range a.re.late.Find(lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(billed),
		Day: lake.LateDay, Bucket: a.re.bucket}) {
		if err := a.addLateLines(e, to); err != nil {
			return err
		}
	}
	for key, one := range a.re.step.All {
		if by := a.re.replacedBy[key]; key.Customer != a.customer || one.Billed != billed ||
			!isArchived(a.re.late.Txn, key.Origin) || by != nil && by.Billed <= billed {
			continue
		}
		then := one.Record
		if err := then.ReadDraws(a.re.late.Books, one.DrewThen); err != nil {
			return err
		}
		if err := a.add(to, one.Start, one.Draws, false); err != nil {
			return err
		}
		if err := a.add(to, one.Start, then.Draws, true); err != nil {
			return err
		}
	}
	return nil
}

// addLateLines adds the draws of the late lines of a file that belong to archived cycles.
func (a *customerReplay) addLateLines(e lake.FileEntry, to map[QuotaPeriod]money.SignedQuantity) error {
	return rows.EachRowOf(a.re.late.Txn, e, tables.Lines(), tables.LineCustomerID,
		a.re.late.Books.Customers[a.customer].ID, func(cols *parquet.Columns[tables.Line], i int) error {
			origin, err := period.ParseCycle(cols.Word(tables.LineOriginCycle).At(i))
			if err != nil || !isArchived(a.re.late.Txn, origin) {
				return err
			}
			start := cols.Time(tables.LineUsageStart).At(i)
			return tables.EachPackageDraw(string(cols.Text(tables.LinePackageDraws).At(i)), money.ParseSignedQuantity,
				func(id string, q money.SignedQuantity) (err error) {
					code := a.re.late.Books.Packages.At(a.customer, id, start)
					if code < 0 {
						return nil
					}
					f := QuotaPeriod{Package: code,
						Start: a.re.late.Prices.QuotaPeriod(&a.re.late.Books.Packages[code], start).From}
					to[f], err = to[f].Add(q)
					return err
				})
		})
}

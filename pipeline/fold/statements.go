package fold

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/table"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// amountsOfSums are the amount columns of the sums table, in the order of customerTotal.amounts.
var amountsOfSums = [...]int{tables.DOfficial, tables.DDiscount, tables.DTruncated, tables.DPayment, tables.DCash, tables.DCredit,
	tables.DCoupon, tables.DStored, tables.DFlexi, tables.DDebt}

// statementColumns are the statement's columns of the same amounts.
var statementColumns = [...]int{tables.SOfficial, tables.SDiscount, tables.STruncated, tables.SPayment, tables.SCash, tables.SCredit,
	tables.SCoupon, tables.SStored, tables.SFlexi, tables.SDebt}

// paymentAt is the place of payment_amount in both.
const paymentAt = 3

type customerTotal struct {
	lines   int64
	amounts [len(amountsOfSums)]money.AmountTotal
}

// Statements makes the statements of places again from the sums of their days, once their lines are made and paid.
func (f *Folder) Statements(ctx context.Context, places []events.Place) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, f.Workers))
	for _, p := range places {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.statements(p.Bucket, p.Cycle)
		})
	}
	return group.Wait()
}

// statements writes what each customer of the bucket is asked to pay for the cycle.
func (f *Folder) statements(bucket int, cycle period.Cycle) error {
	totals, err := f.customerTotals(bucket, cycle)
	if err != nil {
		return err
	}
	cols := table.NewColumns(tables.Statements())
	cols.C[tables.SCycle].SetWord(cycle.String())
	var sums [len(statementColumns)]money.AmountTotal
	var due, rounding money.AmountTotal
	for _, id := range slices.Sorted(maps.Keys(totals)) {
		t := totals[id]
		d, r, err := f.due(t)
		if err != nil {
			return fmt.Errorf("statement of customer %s for %s: %w", id, cycle, err)
		}
		c := cols.C
		c[tables.SCustomerID].AddWord(id)
		c[tables.SLineCount].Ints = append(c[tables.SLineCount].Ints, t.lines)
		for i, col := range statementColumns {
			c[col].AddDec(t.amounts[i].Raw())
			if err := sums[i].AddTotal(t.amounts[i]); err != nil {
				return err
			}
		}
		c[tables.SRounding].AddDec(r.Raw())
		c[tables.SDue].AddDec(d.Raw())
		if err := due.Add(d); err != nil {
			return err
		}
		if err := rounding.Add(r); err != nil {
			return err
		}
		cols.N++
	}
	list := []lake.Sum{{Column: "due_amount", Value: due.String()}, {Column: "rounding_amount", Value: rounding.String()}}
	for i, col := range statementColumns {
		list = append(list, lake.Sum{Column: tables.Statements().Columns[col].Name, Value: sums[i].String()})
	}
	key := lake.FileKey{Table: "statements", Cycle: cycle.String(), Bucket: bucket}
	files, err := f.writeTable(key, tables.Statements(), cols, list)
	if err != nil {
		return err
	}
	return f.replace(key, files)
}

// due is the amount asked for and what rounding took: the cycle's total is cut once where lines are not (spec §4.2).
func (f *Folder) due(t *customerTotal) (due, rounding money.Amount, err error) {
	payment, err := t.amounts[paymentAt].Amount()
	if err != nil || f.Grain == rating.PerLine {
		return payment, money.Amount{}, err
	}
	due = payment.Cut(f.Digits, f.Mode)
	rounding, err = payment.Sub(due)
	return due, rounding, err
}

// customerTotals adds up the sums of a cycle's days: those of the live state are in its statements, from which the days that changed are
// taken away and to which the new ones come. So a night costs its customers and its days, not the month's. Where that is no less work, all
// days are added up.
func (f *Folder) customerTotals(bucket int, cycle period.Cycle) (map[string]*customerTotal, error) {
	live, err := f.Txn.Base().Find(lake.FileKey{Table: "statements", Cycle: cycle.String(), Bucket: bucket})
	if err != nil {
		return nil, err
	}
	gone, fresh, err := f.changedSums(bucket, cycle)
	if err != nil {
		return nil, err
	}
	if all := f.filesOf(cycle.String(), bucket, "sums"); len(live) == 0 || len(live)+len(gone)+len(fresh) >= len(all) {
		live, gone, fresh = nil, nil, all
	}
	a := adder{f: f, names: names{books: f.Books}, totals: make(map[string]*customerTotal, rowsOf(live)+rowsOf(fresh))}
	for _, e := range live {
		if err := a.add(e, tables.Statements(), false); err != nil {
			return nil, err
		}
	}
	for _, e := range gone {
		if err := a.add(e, tables.Sums(), true); err != nil {
			return nil, err
		}
	}
	for _, e := range fresh {
		if err := a.add(e, tables.Sums(), false); err != nil {
			return nil, err
		}
	}
	maps.DeleteFunc(a.totals, func(_ string, t *customerTotal) bool { return t.lines == 0 })
	return a.totals, nil
}

func rowsOf(files []lake.FileEntry) (rows int) {
	for i := range files {
		rows += int(files[i].Rows)
	}
	return rows
}

// changedSums are the files of sums that the live state's statements hold and the next state has no more, and those that are new in it.
func (f *Folder) changedSums(bucket int, cycle period.Cycle) (gone, fresh []lake.FileEntry, err error) {
	all := f.filesOf(cycle.String(), bucket, "sums")
	next := make(map[string]bool, len(all))
	for _, e := range all {
		next[e.Path] = true
	}
	live, err := f.Txn.Base().Files(cycle.String())
	if err != nil {
		return nil, nil, err
	}
	had := make(map[string]bool)
	for _, e := range live {
		if e.Table != "sums" || e.Bucket != bucket {
			continue
		}
		had[e.Path] = true
		if !next[e.Path] {
			gone = append(gone, e)
		}
	}
	for _, e := range all {
		if !had[e.Path] {
			fresh = append(fresh, e)
		}
	}
	return gone, fresh, nil
}

// adder adds up files of sums and statements.
type adder struct {
	f      *Folder
	names  names
	totals map[string]*customerTotal
	spare  []customerTotal // memory for new ones
}

// of is the total of a customer, 0 at first.
func (a *adder) of(customer string) *customerTotal {
	t := a.totals[customer]
	if t == nil {
		const many = 512
		if len(a.spare) == 0 {
			a.spare = make([]customerTotal, many)
		}
		t, a.spare = &a.spare[0], a.spare[1:]
		a.totals[customer] = t
	}
	return t
}

// add adds the rows of a file of sums or statements to customers' totals, or takes them away.
func (a *adder) add(e lake.FileEntry, def *tables.Table, away bool) error {
	customer, lines, amounts := tables.DCustomerID, tables.DLines, amountsOfSums
	if def.Name == "statements" {
		customer, lines, amounts = tables.SCustomerID, tables.SLineCount, statementColumns
	}
	in, err := a.names.openPages(a.f.Txn, e, def, append([]int{customer, lines}, amounts[:]...))
	if err != nil {
		return err
	}
	defer in.close()
	for {
		c, err := in.next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			t := a.of(c.C[customer].Word(i))
			n, add := c.C[lines].Ints[i], (*money.AmountTotal).AddTotal
			if away {
				n, add = -n, (*money.AmountTotal).SubTotal
			}
			t.lines += n
			for k, col := range amounts {
				d := c.C[col].Decs[i]
				part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
				if err != nil {
					return err
				}
				if err := add(&t.amounts[k], part); err != nil {
					return err
				}
			}
		}
	}
}

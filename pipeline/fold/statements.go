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

// statements writes what each customer of the bucket is asked to pay for the cycle, from the sums of its days.
func (f *Folder) statements(bucket int, cycle period.Cycle) error {
	totals := make(map[string]*customerTotal)
	for _, e := range f.filesOf(cycle.String(), bucket, "sums") {
		if err := f.addSums(e, totals); err != nil {
			return err
		}
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

func (f *Folder) addSums(e lake.FileEntry, totals map[string]*customerTotal) error {
	in, err := openTable(f.Txn, e, tables.Sums(), nil)
	if err != nil {
		return err
	}
	defer in.close()
	for {
		c, err := in.reader.Next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			id := c.C[tables.DCustomerID].Word(i)
			t := totals[id]
			if t == nil {
				t = &customerTotal{}
				totals[id] = t
			}
			t.lines += c.C[tables.DLines].Ints[i]
			for k, col := range amountsOfSums {
				d := c.C[col].Decs[i]
				part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
				if err != nil {
					return err
				}
				if err := t.amounts[k].AddTotal(part); err != nil {
					return err
				}
			}
		}
	}
}

package bss

import (
	"context"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/records"
	"github.com/tollbook/tollbook/pipeline/serve/bss/form"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// term is what a line of an order was bought for: so many hours, days, months or years, or once.
type term struct {
	order string
	kind  int // the vendor's number
	count operation.Decimal
}

// findTerms adds to a reader the terms of the lines of a page that orders made: they are in the orders as they were
// taken in, which are in the cycle and the bucket of their lines. What takes an order back has none, and neither has
// usage.
func (r *reader) findTerms(ctx context.Context, c *operation.Call, cycle string, p *records.Page) error {
	wanted := make(map[string]bool)
	for i := range p.Rows.N {
		if row := (rows.Row{Cols: p.Rows, I: i}); row.Word(tables.LDay) == lake.EventsDay {
			wanted[string(row.Text(tables.LID))] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	files, err := c.State.Snap.Files(cycle)
	if err != nil {
		return err
	}
	kinds, customer := form.TermKinds(), c.Scope.Customer
	r.terms = make(map[string]term)
	cols := []int{tables.OCustomerID, tables.OOrderID, tables.OOrderLine, tables.OPeriodType, tables.OPeriodNum}
	for _, e := range files {
		if e.Table != tables.Orders().Name || e.Bucket != form.BucketOf(c, customer) {
			continue
		}
		scan := rows.Scan{Table: tables.Orders(), Cols: cols}
		err := rows.Groups(ctx, c.State.Snap, e, scan, func(batch *parquet.Columns) error {
			for i := range batch.N {
				row := rows.Row{Cols: batch, I: i}
				order := string(row.Text(tables.OOrderID))
				id := order + "/" + strconv.FormatInt(row.Whole(tables.OOrderLine), 10)
				if kind := kinds[row.Word(tables.OPeriodType)]; kind != 0 && row.Word(tables.OCustomerID) == customer &&
					wanted[id] {
					r.terms[id] = term{order, kind,
						operation.Decimal(strconv.FormatInt(row.Whole(tables.OPeriodNum), 10))}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// term is what the line's order was for; none for another line, an adjustment with the id of an order's line included.
func (r *reader) term() (term, bool) {
	if r.terms == nil || r.word(tables.LDay) != lake.EventsDay {
		return term{}, false
	}
	t, ok := r.terms[r.text(tables.LID)]
	return t, ok && t.order == r.word(tables.LTradeID)
}

package bss

import (
	"context"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// term is the period of an order's line: a number of hours, days, months or years, or once.
type term struct {
	order string
	kind  int // the vendor's number
	count operation.Decimal
}

// findTerms adds to a reader the terms of the lines of a page that belong to orders. It reads them from the accepted
// orders, which are in the cycle and the bucket of their lines. Refunds and usage have no term.
func (r *reader) findTerms(ctx context.Context, c *operation.Call, cycle lake.Cycle, p *query.LinePage) error {
	wanted := make(map[string]bool)
	for i := range p.Rows.N {
		if row := (rows.Row[tables.Line]{Cols: p.Rows, I: i}); row.Word(tables.LineDay) == lake.EventsDay.String() {
			wanted[string(row.Text(tables.LineID))] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	files, err := c.State.Snap.Files(cycle)
	if err != nil {
		return err
	}
	kinds, customer := TermKinds(), c.Scope.Customer
	r.terms = make(map[string]term)
	cols := tables.Columns(tables.OrderCustomerID, tables.OrderOrderID, tables.OrderOrderLine, tables.OrderPeriodType,
		tables.OrderPeriodNum)
	for _, e := range files {
		if e.Table != tables.Orders().Name || e.Bucket != BucketOf(c, customer) {
			continue
		}
		scan := rows.Scan[tables.Order]{Table: tables.Orders(), Cols: cols}
		err := rows.Groups(ctx, c.State.Snap, e, scan, func(batch *parquet.Columns[tables.Order]) error {
			for i := range batch.N {
				row := rows.Row[tables.Order]{Cols: batch, I: i}
				order := string(row.Text(tables.OrderOrderID))
				id := order + "/" + strconv.FormatInt(row.Whole(tables.OrderOrderLine), 10)
				if kind := kinds[row.Word(tables.OrderPeriodType)]; kind != 0 &&
					row.Word(tables.OrderCustomerID) == customer &&
					wanted[id] {
					r.terms[id] = term{order, kind,
						operation.Decimal(strconv.FormatInt(row.Whole(tables.OrderPeriodNum), 10))}
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

// term returns the term of an order's line; none for other lines, also an adjustment with the id of an order line.
func (r *reader) term() (term, bool) {
	if r.terms == nil || r.word(tables.LineDay) != lake.EventsDay.String() {
		return term{}, false
	}
	t, ok := r.terms[r.text(tables.LineID)]
	return t, ok && t.order == r.word(tables.LineTradeID)
}

package document

import (
	"context"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// notCounted finds the cycle's deliveries of cost files that failed or are held, by source and name.
func (g *gaps) notCounted(ctx context.Context) error {
	for _, e := range g.src.Snap.Manifest.Loose {
		if e.Table != tables.CostDeliveries().Name {
			continue
		}
		scan := rows.Scan[tables.CostDelivery]{Table: tables.CostDeliveries(),
			Cols: tables.Columns(tables.CostDeliverySource, tables.CostDeliveryPeriod, tables.CostDeliveryDelivery,
				tables.CostDeliveryState, tables.CostDeliveryRows, tables.CostDeliveryRejected,
				tables.CostDeliveryFault)}
		err := rows.Groups(ctx, g.src.Snap, e, scan, func(c *parquet.Columns[tables.CostDelivery]) error {
			for i := range c.N {
				of, state := c.Word(tables.CostDeliveryPeriod).At(i), c.Word(tables.CostDeliveryState).At(i)
				if of != g.m.Cycle || state != "failed" && state != "held" {
					g.counted = g.counted || of == g.m.Cycle
					continue
				}
				name, rejected := c.Text(tables.CostDeliveryDelivery).At(i), c.Whole(tables.CostDeliveryRejected).At(i)
				g.m.Deliveries = append(g.m.Deliveries, OpenDelivery{
					Path:     c.Word(tables.CostDeliverySource).At(i) + "/" + of + "/" + string(name),
					State:    state,
					Rows:     c.Whole(tables.CostDeliveryRows).At(i) + rejected,
					Rejected: rejected,
					Fault:    string(c.Text(tables.CostDeliveryFault).At(i)),
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(g.m.Deliveries, func(a, b OpenDelivery) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

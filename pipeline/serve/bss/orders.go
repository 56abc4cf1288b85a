package bss

import (
	"context"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// OrderOfLine returns the order in the id of an order's line: order_id/line.
func OrderOfLine(id string) string { return id[:max(0, strings.LastIndexByte(id, '/'))] }

// OrderLines returns the orders of a customer's lines that take effect at an instant or later, by the lines' ids. It
// reads the orders, because ids of records and of month-end lines can look like those of order lines.
func OrderLines(ctx context.Context, c *operation.Call, customer string, from period.Instant) (map[string]string,
	error) {
	out := map[string]string{}
	scan := rows.Scan[tables.Order]{Table: tables.Orders(), Cols: tables.Columns(tables.OrderCustomerID,
		tables.OrderOrderID, tables.OrderOrderLine)}
	err := EachOfCustomerSince(ctx, c, customer, from, scan, func(r rows.Row[tables.Order]) error {
		if order := string(r.Text(tables.OrderOrderID)); r.Word(tables.OrderCustomerID) == customer {
			out[order+"/"+strconv.FormatInt(r.Whole(tables.OrderOrderLine), 10)] = order
		}
		return nil
	})
	return out, err
}

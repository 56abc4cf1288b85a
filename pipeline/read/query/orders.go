package query

import (
	"context"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// orderList asks for all orders and their status.
func orderList() *Question {
	def := &tables.Table{Name: "order_list", Columns: []tables.Column{
		wordColumn("customer_id", "who ordered"),
		wordColumn("order_line", "order_id/order_line"),
		wordColumn("order_type", "new, renew, auto_renew, change or unsubscribe"),
		wordColumn("sku", "the product, as given"),
		wordColumn("status", "pending_approval, unpaid, processing, completed or cancelled"),
		wordColumn("since", "when it entered the status; of a line that was paid its pay_time, or that of processing"),
		amountColumn("payment_amount", "what was billed; 0 if it was not paid"),
		amountColumn("open_amount", "what a pending or unpaid line would cost if it were paid at the last run; else 0"),
	}}
	count := tables.Column{Name: "line_count", Type: tables.Whole, Meaning: "number of order lines"}
	return &Question{
		Name: "orders", Answers: "which orders there are, in which status, and what the unpaid ones would cost",
		Span: OfNone,
		Reads: "It reads `orders`, their `lines`, and `order_status`. A closed month's orders have the amounts that " +
			"were billed.",
		Keys: def.Columns[:6], Sums: append(def.Columns[6:8:8], count),
		Lake: Shape{Table: def, Count: count.Name, Ask: listOrders},
	}
}

// orderRow is a paid order line.
type orderRow struct {
	order, kind, sku string
	paid             period.Instant
}

// listOrders lists the paid order lines, then the unpaid ones.
func listOrders(ctx context.Context, _ Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	lives, err := OrderLives(from.Snap, from.Books)
	if err != nil {
		return err
	}
	byID := make(map[string]*OrderLife, len(lives))
	for i := range lives {
		byID[orderKey(lives[i].Customer, lives[i].ID())] = &lives[i]
	}
	paid := make(map[string]orderRow)
	last := LastCycle(from.Snap)
	scan := rows.Scan[tables.Order]{Table: tables.Orders(), Cols: tables.Columns(tables.OrderCustomerID,
		tables.OrderOrderID, tables.OrderOrderLine,
		tables.OrderOrderType, tables.OrderSKU, tables.OrderPayTime)}
	err = eachUpTo(ctx, from.Snap, upTo{cycle: last}, scan, func(row rows.Row[tables.Order]) error {
		id := string(row.Text(tables.OrderOrderID))
		paid[orderKey(row.Word(tables.OrderCustomerID), id+"/"+strconv.FormatInt(row.Whole(tables.OrderOrderLine),
			10))] =
			orderRow{id, row.Word(tables.OrderOrderType), row.Word(tables.OrderSKU), row.Time(tables.OrderPayTime)}
		return nil
	})
	if err != nil {
		return err
	}
	lines := rows.Scan[tables.Line]{Table: tables.Lines(), Cols: tables.Columns(tables.LineCustomerID, tables.LineID,
		tables.LineTradeID,
		tables.LinePaymentAmount)}
	err = eachUpTo(ctx, from.Snap, upTo{last, lake.EventsDay}, lines, func(row rows.Row[tables.Line]) error {
		customer, id := row.Word(tables.LineCustomerID), string(row.Text(tables.LineID))
		o, is := paid[orderKey(customer, id)]
		if !is || row.Word(tables.LineTradeID) != o.order {
			return nil // a manual adjustment can have the id of an order line
		}
		status, since := accept.OrderCompleted, o.paid
		if l := byID[orderKey(customer, id)]; l != nil && l.Status == accept.OrderProcessing {
			status, since = l.Status, l.Since
		}
		a, err := row.Amount(tables.LinePaymentAmount)
		add(to, []string{customer, id, o.kind, o.sku, status, since.String()}, a, money.Amount{})
		return err
	})
	if err != nil {
		return err
	}
	return listUnpaid(lives, from, to)
}

// listUnpaid lists the unpaid order lines.
func listUnpaid(lives []OrderLife, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	t, err := asOf(from)
	if err != nil || len(lives) == 0 {
		return err
	}
	prices := tariff.Compile(from.Books, tariff.Rules{Digits: from.Books.OwnCurrency().Digits})
	for i := range lives {
		l := &lives[i]
		if l.Paid {
			continue
		}
		var open money.Amount
		if l.Open() {
			charge, _, err := l.Price(prices, t)
			if err != nil {
				return err
			}
			open = charge.Payment
		}
		kind, sku := "", ""
		if l.Order != nil {
			kind, sku = l.Order.Type.String(), l.Order.SKUText
		}
		add(to, []string{l.Customer, l.ID(), kind, sku, l.Status, l.Since.String()}, money.Amount{},
			open)
	}
	return nil
}

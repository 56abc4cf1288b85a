package question

import (
	"context"
	"fmt"
	"math/big"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// deferredRevenue is the question what of the payments of orders belongs to later months.
func deferredRevenue() *Question {
	def := &tables.Table{Name: "deferred_revenue", Columns: []tables.Column{
		wordColumn("month", "the later month that the amount belongs to"),
		wordColumn("customer_id", "who ordered"),
		wordColumn("partner_id", "partner of the order's line; empty without one"),
		wordColumn("service_type_code", "the product's service"),
		wordColumn("sku", "the product"),
		amountColumn("deferred_amount", "part of the orders' payment_amount for days of the month"),
	}}
	return &Question{
		Name: "deferred-revenue", Span: UpTo,
		Answers: "what of the payments of orders belongs to later months, by straight line per day",
		Reads: "It reads `orders` and their `lines`. A payment is spread evenly over the days of the contract zone from " +
			"effective_time to expire_time. The part up to the end of a month is rounded half away from zero to the " +
			"currency's digits; a month has the difference to the month before, so that all months add up to the " +
			"payment. Orders that were unsubscribed or have no expire_time, and recurring charges, have no row.",
		Keys: def.Columns[:5], Sums: def.Columns[5:], lake: shape{table: def, ask: listDeferred},
	}
}

// prepaid is an order whose term reaches beyond the cycle.
type prepaid struct {
	order      string     // its order_id
	first, end period.Day // end is the first day after the term
}

// deferral spreads orders as of the end of a cycle.
type deferral struct {
	snap   *lake.Snapshot
	zone   *period.Zone
	cycle  period.Cycle
	digits int
	orders map[string]prepaid // by customer and id of the line
	ended  map[string]bool    // orders that were unsubscribed
	to     *parquet.Columns
}

// listDeferred spreads the orders of the lake. Those of archived cycles stay in the lake.
func listDeferred(ctx context.Context, r Request, from *partners.Reader, to *parquet.Columns) error {
	name := r.Cycle
	if name == "" {
		name = lastCycle(from.Snap)
	}
	cycle, err := period.ParseCycle(name)
	if err != nil {
		return nil //nolint:nilerr // a lake without a cycle
	}
	d := &deferral{snap: from.Snap, zone: from.Books.Zone, cycle: cycle, digits: from.Books.Digits,
		orders: map[string]prepaid{}, ended: map[string]bool{}, to: to}
	err = d.each(ctx, tables.Orders(), []int{tables.OCustomerID, tables.OOrderID, tables.OOrderLine,
		tables.OOrderType, tables.OEffectiveTime, tables.OExpireTime, tables.OBaseOrderID, tables.OBaseOrderLine},
		d.takeOrder)
	if err != nil {
		return err
	}
	return d.each(ctx, tables.Lines(), []int{tables.LCustomerID, tables.LID, tables.LTradeID, tables.LPartnerID,
		tables.LServiceTypeCode, tables.LSKU, tables.LPaymentAmount}, d.takeLine)
}

// each visits the rows of a table up to the cycle; of lines those of orders and adjustments.
func (d *deferral) each(ctx context.Context, table *tables.Table, cols []int, take func(rows.Row) error) error {
	return eachUpTo(ctx, d.snap, d.cycle.String(), rows.Scan{Table: table, Cols: cols}, take)
}

// eachUpTo visits the rows of a table up to a cycle; of lines those of orders and adjustments.
func eachUpTo(ctx context.Context, snap *lake.Snapshot, cycle string, scan rows.Scan,
	take func(rows.Row) error) error {
	for _, ref := range snap.Manifest.Cycles {
		if ref.Cycle > cycle {
			continue
		}
		files, err := snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		for _, e := range files {
			if e.Table != scan.Table.Name || e.Table == tables.Lines().Name && e.Day != lake.EventsDay {
				continue
			}
			err := rows.Groups(ctx, snap, e, scan, func(c *parquet.Columns) error {
				for i := range c.N {
					if err := take(rows.Row{Cols: c, I: i}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// orderKey is a customer's line of an order; no customer's id has a 0 byte.
func orderKey(customer, id string) string { return customer + "\x00" + id }

// takeOrder notes an order whose term reaches beyond the cycle, or the order that an unsubscribe takes back. Renewals
// and changes name an order, too, which they do not take back.
func (d *deferral) takeOrder(row rows.Row) error {
	key := func(id, number int) string {
		return orderKey(row.Word(tables.OCustomerID),
			string(row.Text(id))+"/"+strconv.FormatInt(row.Whole(number), 10))
	}
	if row.Word(tables.OOrderType) == rating.Unsubscribe.String() {
		d.ended[key(tables.OBaseOrderID, tables.OBaseOrderLine)] = true
		return nil
	}
	start, end := row.Time(tables.OEffectiveTime), row.Time(tables.OExpireTime)
	if end == tables.Nothing || end <= start {
		return nil
	}
	p := prepaid{order: string(row.Text(tables.OOrderID)), first: d.zone.Day(start), end: d.zone.Day(end-1) + 1}
	if p.end > d.cycle.Last()+1 {
		d.orders[key(tables.OOrderID, tables.OOrderLine)] = p
	}
	return nil
}

// takeLine spreads the line of an order, which is an adjustment if the order came after the close of its cycle. Another
// adjustment may have the same id, but not the order as its trade.
func (d *deferral) takeLine(row rows.Row) error {
	key := orderKey(row.Word(tables.LCustomerID), string(row.Text(tables.LID)))
	p, found := d.orders[key]
	if !found || d.ended[key] || row.Word(tables.LTradeID) != p.order {
		return nil
	}
	paid, err := row.Amount(tables.LPaymentAmount)
	if err != nil {
		return err
	}
	last, err := p.earned(paid, d.cycle, d.digits)
	for c := d.cycle + 1; err == nil && c.First() < p.end; c++ {
		var now, part money.Amount
		if now, err = p.earned(paid, c, d.digits); err != nil {
			break
		}
		if part, err = now.Sub(last); err != nil {
			break
		}
		if last = now; !part.IsZero() {
			add(d.to, []string{c.String(), row.Word(tables.LCustomerID), row.Word(tables.LPartnerID),
				row.Word(tables.LServiceTypeCode), row.Word(tables.LSKU)}, part)
		}
	}
	if err != nil {
		return fmt.Errorf("spread order line %s of customer %s: %w", row.Text(tables.LID),
			row.Word(tables.LCustomerID), err)
	}
	return nil
}

// earned is the part of a payment for the days up to the end of a cycle, rounded half away from zero to the currency's
// digits; all of it when the term is over, without rounding.
func (p prepaid) earned(paid money.Amount, c period.Cycle, digits int) (money.Amount, error) {
	days := int64(min(p.end, c.Last()+1) - p.first)
	switch {
	case days <= 0:
		return money.Amount{}, nil
	case p.end <= c.Last()+1:
		return paid, nil
	}
	return money.RoundRat(new(big.Rat).Mul(paid.Rat(), big.NewRat(days, int64(p.end-p.first))), digits)
}

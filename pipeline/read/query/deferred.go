package query

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// deferredRevenue asks which parts of the payments of orders and of charges in advance belong to later months.
func deferredRevenue() *Question {
	def := &tables.Table{Name: "deferred_revenue", Columns: []tables.Column{
		wordColumn("month", "the later month that the amount belongs to"),
		wordColumn("customer_id", "who ordered, or is charged"),
		wordColumn("partner_id", "partner of the line; empty without one"),
		wordColumn("service_type_code", "the product's service"),
		wordColumn("sku", "the product"),
		amountColumn("deferred_amount", "part of the lines' payment_amount for days of the month"),
	}}
	return &Question{
		Name: "deferred-revenue", Span: UpTo,
		Answers: "what of the payments of orders and of recurring charges in advance belongs to later months, by " +
			"straight line per day",
		Reads: "It reads `orders`, their `lines`, and the `lines` of recurring charges in advance. A payment is " +
			"spread evenly over the days of the contract zone from that of effective_time to before that of " +
			"expire_time, at least one day, that of a charge from usage_start to usage_end. The part up to the end " +
			"of a month is rounded half away from zero to the currency's digits; a month has the difference to the " +
			"month before, so that all months add up to the payment. Orders that were unsubscribed or have no " +
			"expire_time, charges that were refunded up to the end of the cycle, and differences of re-rating " +
			"have no row.",
		Keys: def.Columns[:5], Sums: def.Columns[5:], Lake: Shape{Table: def, Ask: listDeferred},
	}
}

// prepaid is an order or a charge whose term extends beyond the cycle.
type prepaid struct {
	order      string     // its order_id; empty for a charge
	first, end period.Day // end is the first day after the term
}

// charge is the line of a recurring charge whose period extends beyond the cycle.
type charge struct {
	prepaid
	key   string   // customer and id of the line, shared with the line of its refund
	words []string // of its rows, after the month
	paid  money.Amount
}

// deferral spreads orders and charges as of the end of a cycle.
type deferral struct {
	snap   *lake.Snapshot
	zone   *period.Zone
	cycle  period.Cycle
	books  *books.Books
	orders map[string]prepaid // by customer and id of the line
	ended  map[string]bool    // orders that were unsubscribed

	charges  []charge
	refunded map[string]bool // charges that were refunded: they have ended
	to       *parquet.Columns[tables.Any]
}

// listDeferred spreads the orders and charges of the lake. Those of archived cycles remain in the lake.
func listDeferred(ctx context.Context, r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	cycle, ok := cmp.Or(r.Cycle, LastCycle(from.Snap)).Period()
	if !ok {
		return nil // a lake without a cycle
	}
	d := &deferral{snap: from.Snap, zone: from.Books.Zone, cycle: cycle, books: from.Books,
		orders: map[string]prepaid{}, ended: map[string]bool{}, refunded: map[string]bool{}, to: to}
	err := eachUntil(ctx, d, tables.Orders(), lake.Day{}, tables.Columns(tables.OrderCustomerID,
		tables.OrderOrderID,
		tables.OrderOrderLine,
		tables.OrderOrderType, tables.OrderEffectiveTime, tables.OrderExpireTime, tables.OrderBaseOrderID,
		tables.OrderBaseOrderLine),
		d.takeOrder)
	if err != nil {
		return err
	}
	cols := tables.Columns(tables.LineCustomerID, tables.LineID, tables.LineTradeID, tables.LinePartnerID,
		tables.LineServiceTypeCode,
		tables.LineSKU, tables.LinePaymentAmount)
	if err := eachUntil(ctx, d, tables.Lines(), lake.EventsDay, cols, d.takeLine); err != nil {
		return err
	}
	cols = append(cols, tables.LineKind.Of(), tables.LineUsageStart.Of(), tables.LineUsageEnd.Of())
	if err := eachUntil(ctx, d, tables.Lines(), lake.ChargesDay, cols, d.takeCharge); err != nil {
		return err
	}
	for i := range d.charges {
		c := &d.charges[i]
		if d.refunded[c.key] {
			continue
		}
		if err := d.spread(&c.prepaid, c.words, c.paid); err != nil {
			return fmt.Errorf("spread a charge of customer %s for %s: %w", c.words[0], c.words[3], err)
		}
	}
	return nil
}

// eachUntil visits the rows of a table up to the cycle, in files of a day.
func eachUntil[T any](ctx context.Context, d *deferral, table tables.Def[T], day lake.Day, cols tables.List[T],
	take func(rows.Row[T]) error) error {
	return eachUpTo(ctx, d.snap, upTo{lake.CycleOf(d.cycle), day}, rows.Scan[T]{Table: table, Cols: cols}, take)
}

// upTo selects files: those of a day in every cycle up to one. The day is zero for tables whose files have none.
type upTo struct {
	cycle lake.Cycle
	day   lake.Day
}

// eachUpTo visits the rows of files of a table.
func eachUpTo[T any](ctx context.Context, snap *lake.Snapshot, files upTo, scan rows.Scan[T],
	take func(rows.Row[T]) error) error {
	for _, ref := range snap.Manifest.Cycles {
		if ref.Cycle.Compare(files.cycle) > 0 {
			continue
		}
		list, err := snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.Table != scan.Table.Name || e.Day != files.day {
				continue
			}
			err := rows.Groups(ctx, snap, e, scan, func(c *parquet.Columns[T]) error {
				for i := range c.N {
					if err := take(rows.Row[T]{Cols: c, I: i}); err != nil {
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

// orderKey identifies a customer's line of an order. No customer id contains a 0 byte.
func orderKey(customer, id string) string { return customer + "\x00" + id }

// takeOrder notes an order whose term extends beyond the cycle, or the order that an unsubscribe refunds. Renewals and
// changes also name an order, but do not refund it.
func (d *deferral) takeOrder(row rows.Row[tables.Order]) error {
	key := func(id tables.TextColumn[tables.Order], number tables.WholeColumn[tables.Order]) string {
		return orderKey(row.Word(tables.OrderCustomerID),
			string(row.Text(id))+"/"+strconv.FormatInt(
				row.Whole(number), 10))
	}
	if row.Word(tables.OrderOrderType) == ordering.Unsubscribe.String() {
		d.ended[key(tables.OrderBaseOrderID, tables.OrderBaseOrderLine)] = true
		return nil
	}
	start, end := row.Time(tables.OrderEffectiveTime), row.MaybeTime(tables.OrderExpireTime)
	if end == tables.Nothing || end <= start {
		return nil
	}
	p := prepaid{order: string(row.Text(tables.OrderOrderID))}
	p.first, p.end = TermDays(d.zone, start, end)
	if p.end > d.cycle.Last()+1 {
		d.orders[key(tables.OrderOrderID, tables.OrderOrderLine)] = p
	}
	return nil
}

// takeLine spreads the line of an order, which is an adjustment if the order came after the close of its cycle. Another
// adjustment may have the same id, but not the order as its trade.
func (d *deferral) takeLine(row rows.Row[tables.Line]) error {
	key := orderKey(row.Word(tables.LineCustomerID), string(row.Text(tables.LineID)))
	p, found := d.orders[key]
	if !found || d.ended[key] || row.Word(tables.LineTradeID) != p.order {
		return nil
	}
	paid, err := row.Amount(tables.LinePaymentAmount)
	if err != nil {
		return err
	}
	if err := d.spread(&p, words(row), paid); err != nil {
		return fmt.Errorf("spread order line %s of customer %s: %w", row.Text(tables.LineID),
			row.Word(tables.LineCustomerID), err)
	}
	return nil
}

// words returns the words of a line's rows, after the month.
func words(row rows.Row[tables.Line]) []string {
	return []string{row.Word(tables.LineCustomerID), row.Word(tables.LinePartnerID),
		row.Word(tables.LineServiceTypeCode),
		row.Word(tables.LineSKU)}
}

// takeCharge notes a charge whose period extends beyond the cycle, or the refund that ends it. A charge in arrears ends
// in its own cycle.
func (d *deferral) takeCharge(row rows.Row[tables.Line]) error {
	key := orderKey(row.Word(tables.LineCustomerID), string(row.Text(tables.LineID)))
	if row.Word(tables.LineKind) == tables.RefundLine.String() {
		d.refunded[key] = true
		return nil
	}
	start, end := row.Time(tables.LineUsageStart), row.MaybeTime(tables.LineUsageEnd)
	var p prepaid
	p.first, p.end = TermDays(d.zone, start, end)
	if p.end <= d.cycle.Last()+1 {
		return nil
	}
	paid, err := row.Amount(tables.LinePaymentAmount)
	d.charges = append(d.charges, charge{p, key, words(row), paid})
	return err
}

// spread adds a row for each later month to which a part of a payment belongs.
func (d *deferral) spread(p *prepaid, words []string, paid money.Amount) error {
	digits := d.books.CustomerCurrencyOf(words[0]).Digits
	last, err := p.earned(paid, d.cycle, digits)
	if err != nil {
		return err
	}
	for c := d.cycle + 1; c.First() < p.end; c++ {
		now, err := p.earned(paid, c, digits)
		if err != nil {
			return err
		}
		part, err := now.Sub(last)
		if err != nil {
			return err
		}
		if last = now; !part.IsZero() {
			add(d.to, append([]string{c.String()}, words...), part)
		}
	}
	return nil
}

// earned returns the part of a payment for the days up to the end of a cycle.
func (p prepaid) earned(paid money.Amount, c period.Cycle, digits int) (money.Amount, error) {
	return Earned(paid, p.first, p.end, c, digits)
}

// TermDays returns the days over which a payment for [start, end) is spread, from first to before after: the local
// dates from start to before end, as §10 counts the days of a period, and at least one day. The day on which one term
// ends and the next begins belongs to the next.
func TermDays(zone *period.Zone, start, end period.Instant) (first, after period.Day) {
	first = zone.Day(start)
	return first, max(first+1, zone.Day(end))
}

// Earned returns the part of a payment for the days from first to before end that has been earned at the end of a
// cycle, rounded half away from zero to the currency's digits. After the term it is the whole payment, without
// rounding.
func Earned(paid money.Amount, first, end period.Day, c period.Cycle, digits int) (money.Amount, error) {
	days := int64(min(end, c.Last()+1) - first)
	switch {
	case days <= 0:
		return money.Amount{}, nil
	case end <= c.Last()+1:
		return paid, nil
	}
	return money.RoundRat(new(big.Rat).Mul(paid.Rat(), big.NewRat(days, int64(end-first))), digits)
}

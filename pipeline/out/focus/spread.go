package focus

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// terms reads the data for a customer's subscriptions: the lines of orders of this cycle and of earlier ones, and the
// orders, which say what an unsubscription refunds.
type terms struct {
	m             *maker
	lines, orders *ahead
}

// term is an amount that is spread over time, on one invoice.
type term struct {
	span   period.Span
	amount dec // as billed, in the currency of the invoice
	priced dec // in the currency of the prices
	row    Row
}

// openTerms opens the terms, before the first customer.
func (m *maker) openTerms(ctx context.Context) (*terms, error) {
	files, err := m.src.eventFiles(tables.Lines().Name, lake.EventsDay, m.request.Cycle)
	if err != nil {
		return nil, err
	}
	lines, err := rows.Sorted(ctx, m.src.Snap, files, tables.Lines().Any(), lineColumns().Any(), m.src.Limits)
	if err != nil {
		return nil, err
	}
	if files, err = m.src.eventFiles(tables.Orders().Name, lake.Day{}, m.request.Cycle); err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	orders, err := rows.Sorted(ctx, m.src.Snap, files, tables.Orders().Any(), nil, m.src.Limits)
	if err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	return &terms{m, &ahead{rows: lines, customer: tables.LineCustomerID.Any()},
		&ahead{rows: orders, customer: tables.OrderCustomerID.Any()}}, nil
}

func (t *terms) close() error { return errors.Join(t.lines.rows.Close(), t.orders.rows.Close()) }

// read reads a customer's terms that extend into the cycle, and which of its lines are spread.
func (t *terms) read(customer string) error {
	m := t.m
	clear(m.refunds)
	clear(m.spans)
	m.orders = m.orders[:0]
	ends := map[string]period.Span{}
	err := t.orders.each(customer, func(row rows.Row[tables.Any]) error {
		id := orderLine(row, tables.OrderOrderID.Of(), tables.OrderOrderLine.Of())
		ends[id] = period.Span{From: rows.As[tables.Order](row).Time(tables.OrderEffectiveTime),
			To: rows.As[tables.Order](row).MaybeTime(tables.OrderExpireTime)}
		if rows.As[tables.Order](row).Word(tables.OrderOrderType) == ordering.Unsubscribe.String() {
			m.refunds[id] = orderLine(row, tables.OrderBaseOrderID.Of(), tables.OrderBaseOrderLine.Of())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.lines.each(customer, func(row rows.Row[tables.Any]) error {
		l, err := m.read(rows.As[tables.Line](row))
		if err != nil || !l.order {
			return err
		}
		span := period.Span{From: l.start, To: l.end}
		if base, takesBack := m.refunds[l.id]; takesBack {
			of, known := ends[base]
			if !known {
				return nil
			}
			span = period.Span{From: max(l.start, of.From), To: of.To}
		}
		// No earlier data set has usage from before the cycle that bills it.
		billed, err := period.ParseCycle(l.cycle)
		if err != nil {
			return err
		}
		span.From = max(span.From, m.src.Books.Zone.Bounds(billed).From)
		if span.To == tables.Nothing || span.To <= span.From {
			return nil
		}
		m.spans[lineKey{l.cycle, l.id}] = span
		return m.note(l, span)
	})
}

// soldTerms adds the sellers of orders, of the cycle and earlier ones, whose terms extend into it: they have rows
// there.
func (s *Source) soldTerms(ctx context.Context, cycle lake.Cycle, issuers map[string]bool) error {
	c, is := cycle.Period()
	if !is || len(s.Books.Associations) == 0 {
		return nil // only the vendor
	}
	files, err := s.eventFiles(tables.Lines().Name, lake.EventsDay, cycle)
	if err != nil {
		return err
	}
	bounds := s.Books.Zone.Bounds(c)
	scan := rows.Scan[tables.Line]{Table: tables.Lines(), Cols: tables.Columns(tables.LinePartnerID,
		tables.LineAssociationType, tables.LineKind, tables.LineUsageStart, tables.LineUsageEnd, tables.LineOwnTime)}
	for _, e := range files {
		err := rows.Groups(ctx, s.Snap, e, scan, func(cols *parquet.Columns[tables.Line]) error {
			for i := range cols.N {
				row := rows.Row[tables.Line]{Cols: cols, I: i}
				from, to := row.Time(tables.LineUsageStart), row.MaybeTime(tables.LineUsageEnd)
				if row.Word(tables.LineAssociationType) != resale ||
					row.Word(tables.LineKind) != tables.OrderLine.String() ||
					to == tables.Nothing || to <= bounds.From || from >= bounds.To {
					continue
				}
				own := rows.OwnTime(row.Cols, row.I)
				for p := s.Books.Partner(row.Word(tables.LinePartnerID)); p >= 0; p = s.Book.Seller(p, own) {
					issuers[s.Books.Partners[p].ID] = true
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

// lineKey identifies a line of an order: late lines are billed in another cycle than their own.
type lineKey struct{ cycle, id string }

func orderLine(row rows.Row[tables.Any], id, number tables.ColumnOf[tables.Order]) string {
	return fmt.Sprintf("%s/%d", row.Text(tables.TextColumn[tables.Any](id)),
		row.Whole(tables.WholeColumn[tables.Any](number)))
}

// note stores the cost of a line's term in the cycle, for each invoice of the issuer that has the line.
func (m *maker) note(l *theLine, span period.Span) error {
	if span.To <= m.set.Bounds.From || span.From >= m.set.Bounds.To {
		return nil
	}
	for _, b := range m.invoices.of(l) {
		r := m.begin(b.account, l.custom)
		m.describe(l, r)
		if err := m.amounts(l, &b, r); err != nil {
			return fmt.Errorf("line %s of customer %s: %w", l.id, l.custom, err)
		}
		x, err := m.invoices.rate(l, &b)
		if err != nil {
			return err
		}
		t := term{span: span, priced: r.Billed}
		if err := r.convert(x); err != nil {
			return err
		}
		t.amount, t.row = r.Billed, *r
		zero := some(dec{})
		t.row.Category, t.row.Class, t.row.Frequency, t.row.What = usage, "", usageBased, termKind
		t.row.Description, t.row.Pricing = l.product.name+", share of its term", standard
		t.row.Billed, t.row.List, t.row.Contracted = dec{}, dec{}, dec{}
		t.row.Quantity, t.row.ListPrice, t.row.ContractedPrice = zero, some(l.price), some(l.price)
		t.row.Unit = m.names.unit(or(l.Word(tables.LineMeasure), "unit"))
		t.row.PriceID, t.row.PriceDetails = m.names.price(l)
		t.row.Consumed, t.row.ConsumedUnit = some(l.quantity), t.row.Unit
		if err := t.row.convert(x); err != nil {
			return err
		}
		m.orders = append(m.orders, t)
	}
	return nil
}

// spread composes a row for each term: the share of its amount in the cycle, by microseconds. Shares are differences of
// cumulated amounts at the cycle's bounds, so that the shares of all cycles add up to the amount.
func (m *maker) spread() error {
	for i := range m.orders {
		t := &m.orders[i]
		from, to := max(t.span.From, m.set.Bounds.From), min(t.span.To, m.set.Bounds.To)
		whole := int64(t.span.To - t.span.From)
		share := func(a dec) dec {
			return Part(a, int64(to-t.span.From), whole).Sub(Part(a, int64(from-t.span.From), whole))
		}
		t.row.Effective, t.row.Priced.Effective = share(t.amount), share(t.priced)
		t.row.Start, t.row.End = down(from), up(to)
		if err := m.emit(&t.row); err != nil {
			return err
		}
	}
	return nil
}

// refundKind is the kind of a line that refunds an order.
var refundKind = tables.RefundLine.String()

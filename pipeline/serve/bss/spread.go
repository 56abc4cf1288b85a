package bss

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costChargedByPeriod is the charging mode of lines that are paid for a period.
const costChargedByPeriod = 1

// prepaidTerm is the term of an order line.
type prepaidTerm struct {
	order      string
	kind       int        // the vendor's number of the kind of period
	first, end period.Day // end is the first day after the term
}

// paid is a line whose payment is spread.
type paid struct {
	entry  spreadEntry
	id     string
	term   prepaidTerm
	billed period.Cycle
	whole  payments
}

// findTerms reads the terms of the customer's orders up to the month, and the cycles in which orders were unsubscribed.
func (s *spreading) findTerms(ctx context.Context) error {
	s.terms, s.ended = map[string]prepaidTerm{}, map[string]period.Cycle{}
	kinds, zone, customer := TermKinds(), s.call.State.Workspace.Books.Zone, s.call.Scope.Customer
	cols := tables.Columns(tables.OrderCustomerID, tables.OrderOrderID, tables.OrderOrderLine, tables.OrderOrderType,
		tables.OrderPeriodType,
		tables.OrderPayTime, tables.OrderEffectiveTime, tables.OrderExpireTime, tables.OrderBaseOrderID,
		tables.OrderBaseOrderLine)
	id := func(row rows.Row[tables.Order], order, number tables.ColumnOf[tables.Order]) string {
		return string(row.Text(tables.TextColumn[tables.Order](order))) + "/" + strconv.FormatInt(
			row.Whole(tables.WholeColumn[tables.Order](number)), 10)
	}
	return EachOfCustomerSince(ctx, s.call, customer, period.Past, rows.Scan[tables.Order]{Table: tables.Orders(),
		Cols: cols},
		func(row rows.Row[tables.Order]) error {
			if row.Word(tables.OrderCustomerID) != customer {
				return nil
			}
			if row.Word(tables.OrderOrderType) == ordering.Unsubscribe.String() {
				s.ended[id(row, tables.OrderBaseOrderID.Of(),
					tables.OrderBaseOrderLine.Of())] = zone.Cycle(row.Time(tables.OrderPayTime))
				return nil
			}
			t := prepaidTerm{order: string(row.Text(tables.OrderOrderID)),
				kind: kinds[row.Word(tables.OrderPeriodType)]}
			start, end := row.Time(tables.OrderEffectiveTime), row.MaybeTime(tables.OrderExpireTime)
			if end != tables.Nothing && end > start {
				t.first, t.end = query.TermDays(zone, start, end)
			}
			s.terms[id(row, tables.OrderOrderID.Of(), tables.OrderOrderLine.Of())] = t
			return nil
		})
}

// paidAhead adds the lines of orders and recurring charges of the month and the cycles before it, which remain in the
// lake when a cycle is archived.
func (s *spreading) paidAhead(ctx context.Context) error {
	where := append(s.where[:len(s.where):len(s.where)], query.Condition{Column: tables.LineDay.Of(), Op: query.IsAnyOf,
		Values: spreadDays()})
	var list []paid
	refunded := map[string]period.Cycle{}
	for _, ref := range s.call.State.Snap.Manifest.Cycles {
		cycle := ref.Period()
		if cycle > s.month {
			continue
		}
		page, err := s.call.State.Store.Page(ctx, query.LineQuery{Cycle: ref.Cycle, Customer: s.call.Scope.Customer,
			Where: where, Limit: math.MaxInt32, Columns: spreadColumns(), Remaining: true})
		if err != nil {
			return err
		}
		for i := range page.Rows.N {
			row := rows.Row[tables.Line]{Cols: page.Rows, I: i}
			if row.Word(tables.LineKind) == tables.RefundLine.String() {
				refunded[string(row.Text(tables.LineID))] = cycle
			}
			p, err := s.paidOf(row, cycle)
			if err != nil {
				return err
			}
			list = append(list, p)
		}
	}
	for i := range list {
		if err := s.add(&list[i], refunded); err != nil {
			return fmt.Errorf("spread line %s of customer %s: %w", list[i].id, s.call.Scope.Customer, err)
		}
	}
	return nil
}

func spreadColumns() tables.List[tables.Line] {
	cols := tables.Columns(tables.LineID, tables.LineTradeID, tables.LineKind, tables.LineDay,
		tables.LineUsageStart,
		tables.LineUsageEnd, tables.LineServiceTypeCode, tables.LineResourceTypeCode,
		tables.LineRegionCode, tables.LineResourceID,
		tables.LineResourceName, tables.LineResourceTag, tables.LineChargingMode,
		tables.LineBillDetailType, tables.LineUsageType)
	for _, col := range paymentColumns() {
		cols = append(cols, col.Of())
	}
	return cols
}

// paidOf returns the line of a row. A refund, and an order without a period or an end, has no term.
func (s *spreading) paidOf(row rows.Row[tables.Line], cycle period.Cycle) (paid, error) {
	p := paid{id: string(row.Text(tables.LineID)), billed: cycle}
	for i, col := range paymentColumns() {
		var err error
		if p.whole[i], err = row.Amount(col); err != nil {
			return p, err
		}
	}
	trade := row.Word(tables.LineTradeID)
	zone := s.call.State.Workspace.Books.Zone
	switch t, ok := s.terms[p.id]; {
	case row.Word(tables.LineKind) == tables.RefundLine.String():
	case ok && t.order == trade:
		p.term = t
	case row.Word(tables.LineDay) == lake.ChargesDay.String():
		if start, end := row.Time(tables.LineUsageStart), row.MaybeTime(tables.LineUsageEnd); end > start {
			p.term.first, p.term.end = query.TermDays(zone, start, end)
		}
	}
	p.entry = spreadEntry{BillType: row.Small(tables.LineBillDetailType), RegionCode: row.Word(tables.LineRegionCode),
		ServiceTypeCode: row.Word(tables.LineServiceTypeCode), ResourceTypeCode: row.Word(tables.LineResourceTypeCode),
		ResourceID: string(row.Text(tables.LineResourceID)), ResourceName: string(row.Text(tables.LineResourceName)),
		ResourceTag: string(row.Text(tables.LineResourceTag)), ChargingMode: row.Small(tables.LineChargingMode),
		UsageType: row.Word(tables.LineUsageType), PeriodType: p.term.kind}
	if p.entry.ChargingMode == costChargedByPeriod && row.Word(tables.LineDay) == lake.EventsDay.String() {
		p.entry.OrderID = trade
	}
	return p, nil
}

// add adds a line's row unless no part of it belongs to the month. A line counts from its cycle on: the part for
// earlier days belongs to its cycle. The rest of a refunded one is in the month of the refund.
func (s *spreading) add(p *paid, refunded map[string]period.Cycle) error {
	end, ended := s.ended[p.id]
	if p.term.order == "" {
		end, ended = refunded[p.id]
	}
	reached := func(c period.Cycle) (payments, error) {
		switch {
		case c < p.billed:
			return payments{}, nil
		case p.term.end == 0 || ended && end <= c:
			return p.whole, nil
		}
		return p.earned(c, s.call.InCurrency().Digits)
	}
	before, err := reached(s.month - 1)
	if err != nil {
		return err
	}
	until, err := reached(s.month)
	if err != nil || before == until && p.billed != s.month {
		return err
	}
	if err := p.entry.fill(&p.whole, &before, &until); err != nil {
		return err
	}
	s.put(p.entry, p.billed)
	return nil
}

// earned returns the part of a payment for the days up to the end of a cycle. As in the query deferred-revenue, the sum
// is rounded; each part is rounded by itself, and the largest part gets the difference.
func (p *paid) earned(c period.Cycle, digits int) (out payments, err error) {
	whole, err := p.whole.total()
	if err != nil {
		return out, err
	}
	left, err := query.Earned(whole, p.term.first, p.term.end, c, digits)
	if err != nil {
		return out, err
	}
	largest := 0
	for i := range p.whole {
		if p.whole[i].Abs().Cmp(p.whole[largest].Abs()) > 0 {
			largest = i
		}
	}
	for i := range out {
		if i == largest {
			continue
		}
		if out[i], err = query.Earned(p.whole[i], p.term.first, p.term.end, c, digits); err != nil {
			return out, err
		}
		if left, err = left.Sub(out[i]); err != nil {
			return out, err
		}
	}
	out[largest] = left
	return out, nil
}

// put adds a row unless another bill_type was requested. Lines are not selected by it: a refund, which has another type
// than its charge, ends the charge's term.
func (s *spreading) put(e spreadEntry, billed period.Cycle) {
	if s.call.Given("bill_type") && strconv.Itoa(e.BillType) != s.call.Text("bill_type") {
		return
	}
	e.SharedMonth, e.BillCycle, e.CustomerID = s.month.String(), billed.String(), s.call.Scope.Customer
	e.ServiceTypeName, e.ResourceTypeName = s.names.Services[e.ServiceTypeCode], s.names.Resources[e.ResourceTypeCode]
	s.out = append(s.out, e)
}

// paidByUse adds the month's other lines, one row per resource.
func (s *spreading) paidByUse(ctx context.Context) error {
	name := lake.CycleOf(s.month)
	if _, ok := s.call.State.Snap.Cycle(name); !ok {
		return nil
	}
	where := append(s.where[:len(s.where):len(s.where)], query.Condition{Column: tables.LineDay.Of(),
		Op:     query.IsNot,
		Values: spreadDays()})
	sums, err := s.call.State.Store.Sums(ctx, query.SumQuery{Cycle: name, Where: where,
		Customers: []string{s.call.Scope.Customer}, By: tables.Columns(tables.LineServiceTypeCode,
			tables.LineResourceTypeCode,
			tables.LineRegionCode, tables.LineResourceID, tables.LineUsageType, tables.LineChargingMode,
			tables.LineBillDetailType)})
	if err != nil {
		return err
	}
	for i := range sums {
		by := sums[i].By
		e := spreadEntry{ServiceTypeCode: by[0], ResourceTypeCode: by[1], RegionCode: by[2], ResourceID: by[3],
			UsageType: by[4]}
		e.ChargingMode, _ = strconv.Atoi(by[5]) // a column of small numbers
		e.BillType, _ = strconv.Atoi(by[6])
		a := &sums[i].Amounts
		zero := operation.Decimal(money.Amount{}.String())
		text := func(place int) operation.Decimal { return operation.Decimal(a[place].String()) }
		e.Consume, e.Past, e.Current, e.Future = text(query.PaymentSum), zero, text(query.PaymentSum), zero
		e.Cash, e.Credit, e.Coupon = text(query.CashSum), text(query.CreditSum), text(query.CouponSum)
		e.FlexiCoupon, e.StoredValue = text(query.FlexiCouponSum), text(query.StoredValueSum)
		s.put(e, s.month)
	}
	return nil
}

package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lineFiles are the files of a bucket of a cycle whose rows have lines.
type lineFiles struct{ Orders, Adjustments, Reratings []lake.FileEntry }

// Events compares the lines of orders, adjustments and re-rating of a bucket in a cycle with their rows.
type Events struct {
	events  map[event]*expected
	differs map[difference]*posted
}

// event identifies the lines of an order or of an adjustment.
type event struct{ customer, id, trade string }

// expected counts the rows and lines of an event.
type expected struct {
	rows, lines int
	adjustment  bool
	amount      money.Amount // of an adjustment
	wrong       bool         // a line of the adjustment has another amount
}

// difference identifies the differences that re-rating posted for a place.
type difference struct{ customer, origin, sku, region, resource string }

// posted holds the number and sums of a place's rows and, negated, of its lines.
type posted struct {
	number, lines int
	used, free    money.QuantityTotal
	amounts       [len(rerated)]money.AmountTotal
}

// rerated are the amounts of a difference in rows and lines.
var rerated = [...]struct {
	row  tables.AmountColumn[tables.Rerating]
	line tables.AmountColumn[tables.Line]
}{
	{tables.ReratingOfficialAmount, tables.LineOfficialAmount},
	{tables.ReratingOfficialDiscountAmount, tables.LineOfficialDiscountAmount},
	{tables.ReratingTruncatedAmount, tables.LineTruncatedAmount},
	{tables.ReratingPaymentAmount, tables.LinePaymentAmount},
}

// readLines reads the rows of a cycle's orders, adjustments and differences. With an error it returns those that it has
// read.
func readLines(snap *lake.Snapshot, cycle lake.Cycle, files lineFiles) (*Events, error) {
	l := &Events{events: make(map[event]*expected), differs: make(map[difference]*posted)}
	orders := tables.Columns(tables.OrderCustomerID, tables.OrderOrderID, tables.OrderOrderLine)
	for _, e := range files.Orders {
		err := rows.EachUnsorted(snap, e, tables.Orders(), orders, func(row rows.Row[tables.Order]) error {
			id := string(row.Text(tables.OrderOrderID))
			l.at(event{row.Word(tables.OrderCustomerID), fmt.Sprintf("%s/%d", id, row.Whole(tables.OrderOrderLine)),
				id}).rows++
			return nil
		})
		if err != nil {
			return l, err
		}
	}
	adjustments := tables.Columns(tables.AdjustmentCustomerID, tables.AdjustmentAdjustmentID, tables.AdjustmentAmount)
	for _, e := range files.Adjustments {
		err := rows.EachUnsorted(snap, e, tables.Adjustments(), adjustments,
			func(row rows.Row[tables.Adjustment]) (err error) {
				one := l.at(event{row.Word(tables.AdjustmentCustomerID),
					string(row.Text(tables.AdjustmentAdjustmentID)), cycle.String()})
				one.rows, one.adjustment = one.rows+1, true
				one.amount, err = row.Amount(tables.AdjustmentAmount)
				return err
			})
		if err != nil {
			return l, err
		}
	}
	for _, e := range files.Reratings {
		if err := rows.EachUnsorted(snap, e, tables.Reratings(), nil, l.rerating); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (l *Events) at(of event) *expected {
	if l.events[of] == nil {
		l.events[of] = &expected{}
	}
	return l.events[of]
}

func (l *Events) differenceAt(of difference) *posted {
	if l.differs[of] == nil {
		l.differs[of] = &posted{}
	}
	return l.differs[of]
}

// ofCommitment reports whether the draws of a difference are those of a commitment: the word, its window, service and
// id in quotation marks, and "late" if it counts late lines. Its line is one of day commitments. Draws of packages end
// with a digit, and the id of a recurring charge with a date or time.
func ofCommitment(draws string) bool {
	draws, _ = strings.CutSuffix(draws, " late")
	return strings.HasPrefix(draws, "commitment ") && strings.HasSuffix(draws, `"`)
}

// rerating adds a difference that re-rating posted.
func (l *Events) rerating(row rows.Row[tables.Rerating]) error {
	if ofCommitment(string(row.Text(tables.ReratingPackageDraws))) {
		return nil
	}
	to := l.differenceAt(difference{row.Word(tables.ReratingCustomerID), row.Word(tables.ReratingOriginCycle),
		row.Word(tables.ReratingSKU), row.Word(tables.ReratingRegionCode),
		string(row.Text(tables.ReratingResourceID))})
	to.number++
	used, usedErr := row.Quantity(tables.ReratingUsageAmount)
	free, freeErr := row.Quantity(tables.ReratingFreeResourceUsage)
	if err := errors.Join(usedErr, freeErr, to.used.AddSigned(used), to.free.AddSigned(free)); err != nil {
		return err
	}
	for i, column := range rerated {
		a, err := row.Amount(column.row)
		if err := errors.Join(err, to.amounts[i].Add(a)); err != nil {
			return err
		}
	}
	return nil
}

// Line adds a line of the day events or rerate; it ignores others. It reads customer_id, id, trade_id, origin_cycle,
// sku, region_code, resource_id and the decimal columns.
func (l *Events) Line(day lake.Day, row rows.Row[tables.Line]) error {
	switch {
	case day == lake.EventsDay:
		one := l.at(event{row.Word(tables.LineCustomerID), string(row.Text(tables.LineID)),
			row.Word(tables.LineTradeID)})
		one.lines++
		payment, err := row.Amount(tables.LinePaymentAmount)
		official, officialErr := row.Amount(tables.LineOfficialAmount)
		one.wrong = one.wrong || one.adjustment && (payment != one.amount || official != one.amount)
		return errors.Join(err, officialErr)
	case day == lake.RerateDay:
		return l.differenceLine(row)
	}
	return nil
}

func (l *Events) differenceLine(row rows.Row[tables.Line]) error {
	to := l.differenceAt(difference{row.Word(tables.LineCustomerID), row.Word(tables.LineOriginCycle),
		row.Word(tables.LineSKU), row.Word(tables.LineRegionCode), string(row.Text(tables.LineResourceID))})
	to.lines++
	used, usedErr := row.Quantity(tables.LineUsageAmount)
	free, freeErr := row.Quantity(tables.LineFreeResourceUsage)
	if err := errors.Join(usedErr, freeErr, to.used.AddSigned(used.Neg()), to.free.AddSigned(free.Neg())); err != nil {
		return err
	}
	for i, column := range rerated {
		a, err := row.Amount(column.line)
		if err := errors.Join(err, to.amounts[i].Add(a.Neg())); err != nil {
			return err
		}
	}
	return nil
}

// Differences describes where rows and lines differ, by order, adjustment or place.
func (l *Events) Differences() (out []string) {
	for of, one := range l.events {
		who := fmt.Sprintf("customer %s, order line %s", of.customer, of.id)
		if one.adjustment || one.rows == 0 && !strings.HasPrefix(of.id, of.trade+"/") {
			who = fmt.Sprintf("customer %s, adjustment %s", of.customer, of.id)
		}
		switch {
		case one.rows != one.lines:
			out = append(out, fmt.Sprintf("%s: %d accepted, %d in lines", who, one.rows, one.lines))
		case one.wrong && one.rows == 1:
			out = append(out, fmt.Sprintf("%s: its amount is %s, its line differs", who, one.amount))
		}
	}
	for at, one := range l.differs {
		who := fmt.Sprintf("customer %s, re-rating of %s, sku %s, region %s, resource %s", at.customer, at.origin,
			at.sku, at.region, at.resource)
		if one.number != one.lines {
			out = append(out, fmt.Sprintf("%s: %d differences posted, %d in lines", who, one.number, one.lines))
			continue
		}
		same := one.used.IsZero() && one.free.IsZero()
		for _, rest := range one.amounts {
			same = same && rest.IsZero()
		}
		if !same {
			out = append(out, fmt.Sprintf("%s: the lines differ from what was posted, payment_amount by %s", who,
				one.amounts[len(rerated)-1]))
		}
	}
	slices.Sort(out)
	return out
}

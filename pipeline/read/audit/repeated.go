package audit

import (
	"bytes"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lastLines remembers the last line of a file, whose lines are in order, to find repetitions. The zero value has no
// line.
type lastLines struct {
	has                     bool
	customer, kind          string
	start                   period.Instant
	id                      []byte
	tier                    int
	resource                []byte // the rest is set only for files other than those of days
	sku, trade, origin      string
	price, quantity, amount parquet.Dec
}

// Repeats reports whether a line is a repetition of the line before it, and remembers the line. It reads the columns of
// rows.LineOrder, and sku.
func (l *lastLines) Repeats(day lake.Day, row rows.Row[tables.Line]) bool {
	kind := row.Word(tables.LineKind)
	if !unique(day, kind) {
		l.has = false
		return false
	}
	customer, start := row.Word(tables.LineCustomerID), row.Time(tables.LineUsageStart)
	id, tier := row.Text(tables.LineID), row.Small(tables.LineTier)
	same := l.has && l.start == start && l.tier == tier && bytes.Equal(l.id, id) && l.customer == customer &&
		l.kind == kind
	if _, ofDay := day.Calendar(); !ofDay {
		same = l.rest(row) && same
	}
	l.has, l.customer, l.kind, l.start, l.tier = true, customer, kind, start, tier
	l.id = append(l.id[:0], id...)
	return same
}

// unique reports whether lines of a kind in the files of a day are never lawfully equal.
func unique(day lake.Day, kind string) bool {
	switch day {
	case lake.RerateDay, lake.RestatedDay:
		return false
	case lake.ChargesDay:
		return kind != tables.RefundLine.String()
	case lake.CommitmentsDay:
		return kind != tables.AdjustmentLine.String()
	}
	return true
}

// rest compares the columns after kind by which lines are ordered, and sku, and remembers them.
func (l *lastLines) rest(row rows.Row[tables.Line]) bool {
	sku, trade, origin := row.Word(tables.LineSKU), row.Word(tables.LineTradeID), row.Word(tables.LineOriginCycle)
	price := row.Cols.Quantity(tables.LineUnitPrice).At(row.I)
	quantity := row.Cols.Quantity(tables.LineQuantity).At(row.I)
	amount, resource := row.Cols.Amount(tables.LinePaymentAmount).At(row.I), row.Text(tables.LineResourceID)
	same := l.sku == sku && l.trade == trade && l.origin == origin && l.price == price && l.quantity == quantity &&
		l.amount == amount && bytes.Equal(l.resource, resource)
	l.sku, l.trade, l.origin, l.price, l.quantity, l.amount = sku, trade, origin, price, quantity, amount
	l.resource = append(l.resource[:0], resource...)
	return same
}

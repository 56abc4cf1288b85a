package query

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// PaidLines adds up the payments of a customer's lines of a cycle, by issuer.
type PaidLines struct {
	issuers []*issuer
	sold    map[string]*issuer // lines, by id, to which a refund can refer: of orders and charges, and refunds
}

// refundable are the days of lines to which a refund can refer.
var refundable = []string{lake.EventsDay.String(), lake.ChargesDay.String()}

// issuer holds the payments of the lines that an issuer sold.
type issuer struct {
	id    string
	first period.Instant // of its lines

	coupon, stored, flexi, cash, adjusted money.AmountTotal

	owed   [2]used // by balance: credit, debt
	orders []orderCash
}

// used is the credit that lines used or the debt that they left, and the reductions by refunds.
type used struct{ up, down money.AmountTotal }

// add adds the amount of a line.
func (u *used) add(a money.Amount) error {
	if a.Sign() < 0 {
		return u.down.Add(a.Neg())
	}
	return u.up.Add(a)
}

// orderCash is the cash payment of a line that is or could be of an order.
type orderCash struct {
	line, order string
	cash        money.Amount
}

// PaidColumns returns the columns that Add reads.
func PaidColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineID, tables.LineTradeID, tables.LineDay, tables.LineKind, tables.LineUsageStart,
		tables.LineCouponAmount, tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount,
		tables.LineCashAmount, tables.LineCreditAmount, tables.LineDebtAmount)
}

// Add adds a line of a cycle that an issuer sold.
func (l *PaidLines) Add(id string, cycle period.Cycle, row rows.Row[tables.Line]) error {
	start := row.Time(tables.LineUsageStart)
	at := slices.IndexFunc(l.issuers, func(one *issuer) bool { return one.id == id })
	if at < 0 {
		at = len(l.issuers)
		l.issuers = append(l.issuers, &issuer{id: id, first: start})
	}
	to := l.issuers[at]
	to.first = min(to.first, start)
	cash, err := row.Amount(tables.LineCashAmount)
	if err != nil {
		return err
	}
	if row.Word(tables.LineDay) == lake.EventsDay.String() && !cash.IsZero() {
		trade := row.Word(tables.LineTradeID)
		if trade == cycle.String() && row.Word(tables.LineKind) == tables.AdjustmentLine.String() { // not of an order
			return to.adjusted.Add(cash)
		}
		to.orders = append(to.orders, orderCash{string(row.Text(tables.LineID)), trade, cash})
	}
	err = to.cash.Add(cash)
	for _, part := range [...]struct {
		col tables.AmountColumn[tables.Line]
		to  *money.AmountTotal
	}{{tables.LineCouponAmount, &to.coupon}, {tables.LineStoredValueCardAmount, &to.stored},
		{tables.LineFlexipurchaseCouponAmount, &to.flexi}} {
		a, wrong := row.Amount(part.col)
		err = errors.Join(err, wrong, part.to.Add(a))
	}
	for at, col := range [...]tables.AmountColumn[tables.Line]{tables.LineCreditAmount, tables.LineDebtAmount} {
		a, wrong := row.Amount(col)
		err = errors.Join(err, wrong, to.owed[at].add(a))
		if a.Sign() < 0 || a.Sign() > 0 && slices.Contains(refundable, row.Word(tables.LineDay)) {
			if l.sold == nil {
				l.sold = make(map[string]*issuer)
			}
			l.sold[string(row.Text(tables.LineID))] = to
		}
	}
	return err
}

// inOrder returns the issuers in the order in which they began to sell.
func (l *PaidLines) inOrder() []*issuer {
	return slices.SortedFunc(slices.Values(l.issuers), func(a, b *issuer) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.id, b.id))
	})
}

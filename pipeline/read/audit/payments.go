package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// kinds are the balances, with the columns of lines that hold what each of them paid. Those from fungible on are
// compared as one sum in refunds.
var kinds = [...]struct {
	column tables.AmountColumn[tables.Line]
	word   string
}{
	{tables.LineStoredValueCardAmount, "stored_value"}, {tables.LineFlexipurchaseCouponAmount, "flexi_coupon"},
	{tables.LineCashAmount, "cash"}, {tables.LineCreditAmount, "credit"}, {tables.LineDebtAmount, "debt"},
}

const fungible = 2

// Balances is the number of balances. Their order is stored value, flexi coupons, cash, credit, debt.
const Balances = len(kinds)

// Payments compares what balances paid of a bucket's lines of one cycle with the entries.
type Payments struct {
	orders    map[orderKey]order
	bases     map[orderKey]bool // whether a partner pays it: the bases of unsubscribes in earlier cycles
	customers map[string]*paid
	events    map[eventKey]*applied
	at        string // the customer of the last line
	last      *paid
}

type orderKey struct {
	id   string
	line int64
}

// order is what decides whether an order's line has entries.
type order struct {
	payTime   period.Instant
	byPartner bool
	base      orderKey // of an unsubscribe, which is paid as its base was; else zero
}

// paid holds the sums of a customer.
type paid struct {
	lines, entries moves
	unknown        bool // it is not known which of the lines have entries
}

// moves holds what balances paid and what they got back.
type moves struct{ drawn, returned [len(kinds)]money.AmountTotal }

// draw adds an amount that a balance paid.
func (m *moves) draw(kind int, a money.Amount) error { return m.drawn[kind].Add(a) }

// giveBack adds an amount that a balance got back.
func (m *moves) giveBack(kind int, a money.Amount) error { return m.returned[kind].Add(a) }

// fungibleReturned returns what cash, credit and debt got back.
func (m *moves) fungibleReturned() (sum money.AmountTotal, err error) {
	for _, one := range m.returned[fungible:] {
		if err := sum.AddTotal(one); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// entryFiles are the files of a bucket that Read reads.
type entryFiles struct {
	Entries []lake.FileEntry // account_entries of the cycle
	Events  []lake.FileEntry // account_events of the cycle
	Orders  []lake.FileEntry // orders of the cycle; their payers determine which lines have entries
	Earlier []lake.FileEntry // orders of earlier cycles
}

// readEntries reads the files of the cycle's entries and orders.
func readEntries(snap *lake.Snapshot, files entryFiles) (*Payments, error) {
	p := &Payments{orders: make(map[orderKey]order), bases: make(map[orderKey]bool), customers: make(map[string]*paid),
		events: make(map[eventKey]*applied)}
	for _, e := range files.Events {
		if err := rows.EachUnsorted(snap, e, tables.AccountEvents(), eventColumns(), p.event); err != nil {
			return nil, err
		}
	}
	for _, e := range files.Entries {
		if err := rows.EachUnsorted(snap, e, tables.AccountEntries(), nil, p.entry); err != nil {
			return nil, err
		}
	}
	for _, e := range files.Orders {
		if err := rows.EachUnsorted(snap, e, tables.Orders(), orderColumns(), p.order); err != nil {
			return nil, err
		}
	}
	missing := make(map[orderKey]bool)
	for _, o := range p.orders {
		if _, here := p.orders[o.base]; !here && o.base != (orderKey{}) {
			missing[o.base] = true
		}
	}
	for _, e := range slices.Backward(files.Earlier) { // a base is seldom old
		if len(missing) == 0 {
			break
		}
		err := rows.EachUnsorted(snap, e, tables.Orders(), orderColumns(), func(row rows.Row[tables.Order]) error {
			if key := keyOf(row); missing[key] {
				p.bases[key] = byPartner(row)
				delete(missing, key)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func keyOf(row rows.Row[tables.Order]) orderKey {
	return orderKey{string(row.Text(tables.OrderOrderID)), row.Whole(tables.OrderOrderLine)}
}

func byPartner(row rows.Row[tables.Order]) bool { return row.Word(tables.OrderPayer) != "customer" }

// orderColumns returns the columns of orders that are read.
func orderColumns() tables.List[tables.Order] {
	return tables.Columns(tables.OrderOrderID, tables.OrderOrderLine, tables.OrderOrderType, tables.OrderPayTime,
		tables.OrderPayer, tables.OrderBaseOrderID, tables.OrderBaseOrderLine)
}

// order adds an order of the cycle.
func (p *Payments) order(row rows.Row[tables.Order]) error {
	o := order{payTime: row.Time(tables.OrderPayTime), byPartner: byPartner(row)}
	if row.Word(tables.OrderOrderType) == "unsubscribe" {
		o.base = orderKey{string(row.Text(tables.OrderBaseOrderID)), row.Whole(tables.OrderBaseOrderLine)}
	}
	p.orders[keyOf(row)] = o
	return nil
}

func (p *Payments) of(customer string) *paid {
	if p.last == nil || p.at != customer {
		p.at, p.last = customer, p.customers[customer]
		if p.last == nil {
			p.last = &paid{}
			p.customers[customer] = p.last
		}
	}
	return p.last
}

// Line adds what paid a line. Beside the columns of the order of rows and the amounts, it reads day, trade_id and
// trade_time.
func (p *Payments) Line(row rows.Row[tables.Line]) error {
	if row.Word(tables.LineDay) == lake.EventsDay.String() {
		switch has, known := p.hasEntries(row); {
		case !known:
			p.of(row.Word(tables.LineCustomerID)).unknown = true
			return nil
		case !has:
			return nil
		}
	}
	lines := &p.of(row.Word(tables.LineCustomerID)).lines
	for i := range kinds {
		a, err := row.Amount(kinds[i].column)
		switch {
		case err != nil:
		case a.Sign() < 0:
			err = lines.giveBack(i, a.Neg())
		default:
			err = lines.draw(i, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hasEntries reports whether a line of an order or a manual adjustment has entries; known is false if it is a refund
// whose base is not in the lake, as in the archive of a later cycle.
func (p *Payments) hasEntries(row rows.Row[tables.Line]) (has, known bool) {
	trade := row.Word(tables.LineTradeID)
	text, isOrder := strings.CutPrefix(string(row.Text(tables.LineID)), trade+"/")
	number, err := strconv.ParseInt(text, 10, 64)
	o, known := p.orders[orderKey{trade, number}]
	if !isOrder || err != nil || !known || o.payTime != row.Time(tables.LineTradeTime) {
		return false, true // a manual adjustment
	}
	if o.base == (orderKey{}) {
		return !o.byPartner, true
	}
	if base, here := p.orders[o.base]; here {
		return !base.byPartner, true
	}
	partner, known := p.bases[o.base] // its cycle may be in another archive
	return !partner, known
}

// entry adds an entry of a line or of an account event.
func (p *Payments) entry(row rows.Row[tables.AccountEntry]) error {
	word := row.Word(tables.AccountEntryType)
	a, err := row.Amount(tables.AccountEntryAmount)
	if err != nil {
		return err
	}
	if word != "consume" && word != "refund" {
		return p.eventEntry(row, a)
	}
	for i := range kinds {
		if row.Word(tables.AccountEntryBalanceType) != kinds[i].word {
			continue
		}
		if kinds[i].word == "debt" {
			a = a.Neg() // an entry of debt is what the customer owes
		}
		sums := &p.of(row.Word(tables.AccountEntryCustomerID)).entries
		if word == "consume" {
			return sums.draw(i, a.Neg())
		}
		return sums.giveBack(i, a)
	}
	return nil
}

// Differences describes where lines and entries differ, by customer.
func (p *Payments) Differences() (out []string, err error) {
	for _, customer := range slices.Sorted(maps.Keys(p.customers)) {
		one := p.customers[customer]
		if one.unknown {
			continue
		}
		for i := range kinds {
			if a, b := one.lines.drawn[i], one.entries.drawn[i]; a != b {
				out = append(out, fmt.Sprintf("customer %s: %s paid %s of the lines, the entries draw %s", customer,
					kinds[i].word, a, b))
			}
		}
		for i := range fungible {
			if a, b := one.lines.returned[i], one.entries.returned[i]; a != b {
				out = append(out, fmt.Sprintf("customer %s: the lines give %s back to %s, the entries %s", customer, a,
					kinds[i].word, b))
			}
		}
		a, err := one.lines.fungibleReturned()
		b, otherErr := one.entries.fungibleReturned()
		if err := errors.Join(err, otherErr); err != nil {
			return nil, err
		}
		if a != b {
			out = append(out, fmt.Sprintf("customer %s: the lines give %s back to cash, credit and debt, the entries "+
				"%s", customer, a, b))
		}
	}
	return append(out, p.eventDifferences()...), nil
}

// Unentered describes what balances other than cash paid of a customer's lines in a cycle without a ledger, which has
// no entries. paid has an amount for each of the balances.
func Unentered(customer string, paid [Balances]money.AmountTotal) (out []string) {
	for i, sum := range paid {
		if kinds[i].word != "cash" && !sum.IsZero() {
			out = append(out, fmt.Sprintf("customer %s: %s paid %s of the lines, and the cycle has no entries",
				customer, kinds[i].word, sum))
		}
	}
	return out
}

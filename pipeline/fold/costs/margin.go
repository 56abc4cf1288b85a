package costs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// marginKey distinguishes rows of the table margins within a cycle and an origin cycle (§11.6).
type marginKey struct {
	source, customer, service, account, day, status, reason, currency string
	paid                                                              string // currency of the payments
}

func (k *marginKey) compare(o *marginKey) int {
	return cmp.Or(strings.Compare(k.source, o.source), strings.Compare(k.customer, o.customer),
		strings.Compare(k.service, o.service), strings.Compare(k.account, o.account), strings.Compare(k.day, o.day),
		strings.Compare(k.status, o.status), strings.Compare(k.reason, o.reason),
		strings.Compare(k.currency, o.currency), strings.Compare(k.paid, o.paid))
}

// isUnallocated reports whether the row holds up the close of its cycle.
func (k *marginKey) isUnallocated() bool { return slices.Contains(books.Unallocated(), k.reason) }

// margin is a row of the table margins.
type margin struct {
	values  [cost.CostColumns]money.Cost
	payment money.AmountTotal
}

func (m *margin) add(values *[cost.CostColumns]money.Cost) (err error) {
	for c := range m.values {
		if m.values[c], err = m.values[c].Add(values[c]); err != nil {
			return err
		}
	}
	return nil
}

// margins are the costs of a cycle's deliveries next to what customers pay for them.
type margins struct {
	books    *books.Books
	rates    *books.Books // of the workspace: they have the rates
	currency string       // the workspace's
	rows     map[marginKey]*margin
	billedIn period.Cycle           // the cycle of the table's rows
	sources  map[string]*conversion // of the deliveries that count
	words    *cost.Words            // of the rows that are counted
	known    map[rowKey]*margin     // rows by the numbers of their texts
	last     *margin                // of the last part of a row; nil = a group has it
}

// rowKey is a marginKey of a row without a customer, by the numbers of its texts.
type rowKey struct {
	service, account, status int32
	day                      period.Day
	reason                   string
}

func newMargins(b, rates *books.Books, billedIn period.Cycle) *margins {
	return &margins{books: b, rates: rates, currency: rates.Currency, billedIn: billedIn,
		rows:    make(map[marginKey]*margin),
		sources: make(map[string]*conversion), known: make(map[rowKey]*margin)}
}

func (m *margins) at(k marginKey) *margin {
	one := m.rows[k]
	if one == nil {
		one = &margin{}
		m.rows[k] = one
	}
	return one
}

// merge adds what a worker counted of a delivery, whose currency it need not have known.
func (m *margins) merge(o *margins, d *Delivery) error {
	for k, one := range o.rows {
		k.currency = d.Currency
		into := m.at(k)
		if err := into.payment.AddTotal(one.payment); err != nil {
			return err
		}
		if err := into.add(&one.values); err != nil {
			return err
		}
	}
	return nil
}

// row counts a part of a row of the delivery that is kept or unallocated.
func (m *margins) row(d *Delivery, row *cost.Row, reason string, v *cost.Values) error {
	k := rowKey{service: row.FieldCode(cost.Service, m.words), account: row.Code(row.AccountIndex(), m.words),
		status: row.FieldCode(cost.CommitmentStatus, m.words), day: row.Day(), reason: reason}
	one := m.known[k]
	if one == nil {
		one = m.at(marginKey{source: d.Source, service: row.Field(cost.Service), account: row.Account(),
			day: row.Day().String(), status: row.Field(cost.CommitmentStatus), reason: reason,
			paid: m.currency})
		m.known[k] = one
	}
	m.last = one
	return one.add((*[cost.CostColumns]money.Cost)(v[:cost.CostColumns]))
}

func (m *margins) keyOf(g *group) marginKey {
	return marginKey{source: g.delivery.Source, service: g.field(cost.Service), account: g.account(),
		day: cost.DayOf(g.start).String(), status: g.field(cost.CommitmentStatus), currency: g.delivery.Currency,
		paid: m.currency}
}

// unallocated counts a group that cannot be priced.
func (m *margins) unallocated(g *group, reason string) error {
	k := m.keyOf(g)
	k.reason = reason
	return m.at(k).add((*[cost.CostColumns]money.Cost)(g.values[:cost.CostColumns]))
}

// group counts a group and what its lines come to.
func (m *margins) group(g *group) error {
	k := m.keyOf(g)
	k.customer, k.paid = m.books.Customers[g.customer].ID, m.books.CustomerCurrency(g.customer).Code
	one := m.at(k)
	if err := one.payment.AddTotal(g.payment); err != nil {
		return err
	}
	return one.add((*[cost.CostColumns]money.Cost)(g.values[:cost.CostColumns]))
}

// line counts a line without an account.
func (m *margins) line(l *events.Line) error {
	k := marginKey{customer: m.books.Customers[l.Customer].ID, paid: m.books.CustomerCurrency(l.Customer).Code}
	return m.at(k).payment.Add(l.Payment)
}

// reconcile checks that the margins come to the accepted rows of each delivery, and their payments to the lines
// (FCOST-3).
func (r *rated) reconcile() error {
	sums := make(map[string]*margin)
	var paid money.PerCurrency
	for k, one := range r.margins.rows {
		if sums[k.source] == nil {
			sums[k.source] = &margin{}
		}
		if err := sums[k.source].add(&one.values); err != nil {
			return err
		}
		if err := paid.AddTotal(k.paid, one.payment); err != nil {
			return err
		}
	}
	for _, d := range r.counted {
		got := sums[d.Source]
		if got == nil {
			got = &margin{}
		}
		for c := range d.Values {
			if got.values[c] != d.Values[c] {
				return &DifferenceError{fmt.Sprintf("%s of delivery %s", cost.Column(c), d.Path()),
					d.Values[c].Trim() + " in accepted rows", got.values[c].Trim() + " in margins"}
			}
		}
	}
	for _, of := range append(paid.List(), r.billed.List()...) {
		if p, b := paid.Of(of.Currency), r.billed.Of(of.Currency); p.Cmp(b) != 0 {
			return &DifferenceError{
				fmt.Sprintf("payment_amount of the cost files of %s in %s", r.cycle, of.Currency),
				b.String() + " in lines",
				p.String() + " in margins",
			}
		}
	}
	return nil
}

// DifferenceError is a control total of cost files that does not hold: our own fault, exit code 3 (§6.6).
type DifferenceError struct{ Name, Left, Right string }

func (e *DifferenceError) Error() string {
	return fmt.Sprintf("control total %s differs: %s, but %s", e.Name, e.Left, e.Right)
}

// sortedKeys are the keys of margins in the order of the table.
func sortedKeys(all map[marginKey]*margin) []marginKey {
	keys := slices.Collect(maps.Keys(all))
	sortKeys(keys)
	return keys
}

func sortKeys(keys []marginKey) {
	slices.SortFunc(keys, func(a, b marginKey) int { return a.compare(&b) })
}

// store appends a row to a batch of the table margins.
func (m *margins) store(out *parquet.Columns[tables.Margin], cycle, origin period.Cycle, k *marginKey,
	one *margin) error {
	paid, err := one.payment.Amount()
	if err != nil {
		return err
	}
	rest, err := m.left(k, one, paid)
	if err != nil {
		return err
	}
	for i, word := range map[tables.WordColumn[tables.Margin]]string{tables.MarginCycle: cycle.String(),
		tables.MarginOriginCycle: origin.String(),
		tables.MarginSource:      k.source, tables.MarginCustomerID: k.customer, tables.MarginServiceName: k.service,
		tables.MarginAccount: k.account, tables.MarginDay: k.day, tables.MarginCommitmentStatus: k.status,
		tables.MarginReason:   k.reason,
		tables.MarginCurrency: k.currency, tables.MarginPaymentCurrency: k.paid} {
		out.Word(i).Add(word)
	}
	for i := range one.values {
		out.C[int(tables.MarginCostList)+i].AddDec(one.values[i].Raw())
	}
	out.Amount(tables.MarginPaymentAmount).Add(paid.Raw())
	out.Amount(tables.MarginMarginAmount).Add(rest.Raw())
	out.N++
	return nil
}

// left is what the payment of a row leaves of its effective cost. Lines without an account have no source and no cost.
func (m *margins) left(k *marginKey, one *margin, paid money.Amount) (money.Amount, error) {
	x, err := m.paidRate(k.paid)
	if err != nil {
		return money.Amount{}, err
	}
	fx := par()
	if of := m.sources[k.source]; of != nil {
		if fx, err = of.to(m.currency); err != nil {
			return money.Amount{}, err
		}
	}
	return left(paid, x, one.values[cost.Effective], fx)
}

// readMargin is a row of the table margins.
func readMargin(row rows.Row[tables.Margin]) (origin period.Cycle, k marginKey, one margin, err error) {
	if origin, err = period.ParseCycle(row.Word(tables.MarginOriginCycle)); err != nil {
		return origin, k, one, err
	}
	k = marginKey{source: row.Word(tables.MarginSource), customer: row.Word(tables.MarginCustomerID),
		service: row.Word(tables.MarginServiceName), account: row.Word(tables.MarginAccount),
		day:    row.Word(tables.MarginDay),
		status: row.Word(tables.MarginCommitmentStatus), reason: row.Word(tables.MarginReason),
		currency: row.Word(tables.MarginCurrency),
		paid:     row.Word(tables.MarginPaymentCurrency)}
	for c := range one.values {
		if one.values[c], err = row.Cost(tables.CostColumn[tables.Margin](int(tables.MarginCostList) + c)); err != nil {
			return origin, k, one, err
		}
	}
	paid, err := row.Amount(tables.MarginPaymentAmount)
	if err == nil {
		err = one.payment.Add(paid)
	}
	return origin, k, one, err
}

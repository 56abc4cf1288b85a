package costs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// MarginKey identifies a row of the table margins within a cycle and an origin cycle (§11.6).
type MarginKey struct {
	Source, Customer, Service, Account, Day, Status, Reason, Currency string
	Paid                                                              string // currency of the payments
}

// Compare orders keys as in the table margins.
func (k *MarginKey) Compare(o *MarginKey) int {
	return cmp.Or(strings.Compare(k.Source, o.Source), strings.Compare(k.Customer, o.Customer),
		strings.Compare(k.Service, o.Service), strings.Compare(k.Account, o.Account), strings.Compare(k.Day, o.Day),
		strings.Compare(k.Status, o.Status), strings.Compare(k.Reason, o.Reason),
		strings.Compare(k.Currency, o.Currency), strings.Compare(k.Paid, o.Paid))
}

// IsUnallocated reports whether the row prevents the close of its cycle.
func (k *MarginKey) IsUnallocated() bool { return slices.Contains(books.Unallocated(), k.Reason) }

// MarginRow is a row of the table margins.
type MarginRow struct {
	Values  [books.CostColumns]money.Cost
	Payment money.AmountTotal
}

// Add adds costs to the row.
func (m *MarginRow) Add(values *[books.CostColumns]money.Cost) (err error) {
	for c := range m.Values {
		if m.Values[c], err = m.Values[c].Add(values[c]); err != nil {
			return err
		}
	}
	return nil
}

// MarginTable holds the costs of a cycle's deliveries and what customers pay for them.
type MarginTable struct {
	books    *books.Books
	rates    *books.Books // of the workspace; they contain the rates
	Currency string       // the workspace's
	Rows     map[MarginKey]*MarginRow
	BilledIn period.Cycle           // the cycle of the table's rows
	Sources  map[string]*Conversion // of the deliveries that count
	known    map[rowKey]*MarginRow  // rows of Count
	Last     *MarginRow             // of the last part of a row; nil = a group has it
}

// rowKey is a Key of a row without a customer.
type rowKey struct {
	service, account, status string
	day                      period.Day
	reason                   string
}

// NewMargins returns an empty table of the cycle billedIn. Customers are those of b; rates are the books of the
// workspace, whose rates convert payments.
func NewMargins(b, rates *books.Books, billedIn period.Cycle) *MarginTable {
	return &MarginTable{books: b, rates: rates, Currency: rates.Currency, BilledIn: billedIn,
		Rows:    make(map[MarginKey]*MarginRow),
		Sources: make(map[string]*Conversion), known: make(map[rowKey]*MarginRow)}
}

// At returns the row of a key. It creates it if there is none.
func (m *MarginTable) At(k MarginKey) *MarginRow {
	one := m.Rows[k]
	if one == nil {
		one = &MarginRow{}
		m.Rows[k] = one
	}
	return one
}

// Merge adds what a worker counted of a delivery. currency is the delivery's, which the worker may not have known.
func (m *MarginTable) Merge(o *MarginTable, currency string) error {
	for k, one := range o.Rows {
		k.Currency = currency
		into := m.At(k)
		if err := into.Payment.AddTotal(one.Payment); err != nil {
			return err
		}
		if err := into.Add(&one.Values); err != nil {
			return err
		}
	}
	return nil
}

// Count counts a part of a row of a source's delivery that is kept or unallocated.
func (m *MarginTable) Count(source string, row *books.CostRow, reason string, v *books.CostValues) error {
	k := rowKey{service: row.Field(books.CostService), account: row.Account(),
		status: row.Field(books.CommitmentStatus),
		day:    row.Day(), reason: reason}
	one := m.known[k]
	if one == nil {
		k.service, k.account, k.status = strings.Clone(k.service), strings.Clone(k.account), strings.Clone(k.status)
		one = m.At(MarginKey{Source: source, Service: k.service, Account: k.account, Day: k.day.String(),
			Status: k.status,
			Reason: reason, Paid: m.Currency})
		m.known[k] = one
	}
	m.Last = one
	return one.Add((*[books.CostColumns]money.Cost)(v[:books.CostColumns]))
}

// CountLine counts a line without an account.
func (m *MarginTable) CountLine(l *rows.Line) error {
	k := MarginKey{Customer: m.books.Customers[l.Customer].ID, Paid: m.books.CustomerCurrency(l.Customer).Code}
	return m.At(k).Payment.Add(l.Payment)
}

// SortMarginKeys puts keys into the order of the table.
func SortMarginKeys(keys []MarginKey) {
	slices.SortFunc(keys, func(a, b MarginKey) int { return a.Compare(&b) })
}

// Store appends a row to a batch of the table margins. Errors: *settlement.MissingRateError.
func (m *MarginTable) Store(out *parquet.Columns[tables.Margin], cycle, origin period.Cycle, k *MarginKey,
	one *MarginRow) error {
	paid, err := one.Payment.Amount()
	if err != nil {
		return err
	}
	rest, err := m.left(k, one, paid)
	if err != nil {
		return err
	}
	out.Word(tables.MarginCycle).Add(cycle.String())
	out.Word(tables.MarginOriginCycle).Add(origin.String())
	out.Word(tables.MarginSource).Add(k.Source)
	out.Word(tables.MarginCustomerID).Add(k.Customer)
	out.Word(tables.MarginServiceName).Add(k.Service)
	out.Word(tables.MarginAccount).Add(k.Account)
	out.Word(tables.MarginDay).Add(k.Day)
	out.Word(tables.MarginCommitmentStatus).Add(k.Status)
	out.Word(tables.MarginReason).Add(k.Reason)
	out.Word(tables.MarginCurrency).Add(k.Currency)
	out.Word(tables.MarginPaymentCurrency).Add(k.Paid)
	for i := range one.Values {
		out.Cost(tables.MarginCosts()[i]).Add(one.Values[i].Raw())
	}
	out.Amount(tables.MarginPaymentAmount).Add(paid.Raw())
	out.Amount(tables.MarginMarginAmount).Add(rest.Raw())
	out.N++
	return nil
}

// left returns the payment of a row minus its effective cost. Lines without an account have no source and no cost.
func (m *MarginTable) left(k *MarginKey, one *MarginRow, paid money.Amount) (money.Amount, error) {
	x, err := m.PaidRate(k.Paid)
	if err != nil {
		return money.Amount{}, err
	}
	fx := par()
	if of := m.Sources[k.Source]; of != nil {
		if fx, err = of.To(m.Currency); err != nil {
			return money.Amount{}, err
		}
	}
	return left(paid, x, one.Values[books.EffectiveCost], fx)
}

// ReadMargin reads a row of the table margins.
func ReadMargin(row rows.Row[tables.Margin]) (origin period.Cycle, k MarginKey, one MarginRow, err error) {
	if origin, err = period.ParseCycle(row.Word(tables.MarginOriginCycle)); err != nil {
		return origin, k, one, err
	}
	k = MarginKey{Source: row.Word(tables.MarginSource), Customer: row.Word(tables.MarginCustomerID),
		Service: row.Word(tables.MarginServiceName), Account: row.Word(tables.MarginAccount),
		Day:    row.Word(tables.MarginDay),
		Status: row.Word(tables.MarginCommitmentStatus), Reason: row.Word(tables.MarginReason),
		Currency: row.Word(tables.MarginCurrency),
		Paid:     row.Word(tables.MarginPaymentCurrency)}
	for c := range one.Values {
		if one.Values[c], err = row.Cost(tables.MarginCosts()[c]); err != nil {
			return origin, k, one, err
		}
	}
	paid, err := row.Amount(tables.MarginPaymentAmount)
	if err == nil {
		err = one.Payment.Add(paid)
	}
	return origin, k, one, err
}

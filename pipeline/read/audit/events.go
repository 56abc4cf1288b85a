package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// eventKey identifies an account event of a customer, or the entries of it.
type eventKey struct{ customer, id, kind string }

func (k eventKey) compare(o eventKey) int {
	return slices.Compare([]string{k.customer, k.id, k.kind}, []string{o.customer, o.id, o.kind})
}

// applied is an account event that counts, and the sum of its entries. The sum of an event without a row is of entries
// alone.
type applied struct {
	counts  bool
	amount  money.Amount // by which it changes the balances; unused for a new limit
	entries int
	sum     money.AmountTotal // debt that is repaid adds to it
}

// adds reports whether the entries come to the amount of the event.
func (a *applied) adds() bool {
	sum, err := a.sum.Amount()
	return err == nil && sum == a.amount
}

// limitKind is the type of events that set a credit limit: their amount is no change.
const limitKind = "credit_limit"

// eventColumns returns the columns of account events that are read.
func eventColumns() tables.List[tables.AccountEvent] {
	return tables.Columns(tables.AccountEventCustomerID, tables.AccountEventEventID, tables.AccountEventType,
		tables.AccountEventAmount, tables.AccountEventRefused)
}

// event adds an account event of the cycle. One that was refused must not have entries.
func (p *Payments) event(row rows.Row[tables.AccountEvent]) error {
	if row.Small(tables.AccountEventRefused) != 0 {
		return nil
	}
	kind := row.Word(tables.AccountEventType)
	amount, err := row.Amount(tables.AccountEventAmount)
	if kind == "reclaim" || kind == "withdraw" {
		amount = amount.Neg()
	}
	one := p.appliedAt(eventKey{row.Word(tables.AccountEventCustomerID), string(row.Text(tables.AccountEventEventID)),
		kind})
	one.counts, one.amount = true, amount
	return err
}

func (p *Payments) appliedAt(key eventKey) *applied {
	if p.events[key] == nil {
		p.events[key] = &applied{}
	}
	return p.events[key]
}

// eventEntry adds an entry of an account event.
func (p *Payments) eventEntry(row rows.Row[tables.AccountEntry], a money.Amount) error {
	if row.Word(tables.AccountEntryBalanceType) == "debt" {
		a = a.Neg()
	}
	one := p.appliedAt(eventKey{row.Word(tables.AccountEntryCustomerID), string(row.Text(tables.AccountEntryID)),
		row.Word(tables.AccountEntryType)})
	one.entries++
	return one.sum.Add(a)
}

// eventDifferences describes the account events whose entries differ from them, by customer and id.
func (p *Payments) eventDifferences() (out []string) {
	for _, key := range slices.SortedFunc(maps.Keys(p.events), eventKey.compare) {
		one := p.events[key]
		who := fmt.Sprintf("customer %s, %s %s", key.customer, strings.ReplaceAll(key.kind, "_", " "), key.id)
		switch {
		case !one.counts:
			out = append(out, fmt.Sprintf("%s: %d entries, and no event that counts", who, one.entries))
		case one.entries == 0:
			out = append(out, fmt.Sprintf("%s: the event counts, and has no entry", who))
		case key.kind != limitKind && !one.adds():
			out = append(out, fmt.Sprintf("%s: the event changes balances by %s, its entries by %s", who, one.amount,
				one.sum))
		}
	}
	return out
}

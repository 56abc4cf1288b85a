package entries

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Allocations compares the entries of allocations and reclaims between partners (§9.1) with the amounts of the events:
// one account pays it and the other gets it. An account that has used credit can get less in its entries, because
// credit above the limit is not visible.
type Allocations struct {
	events map[allocation]money.Amount // of events that count, between partners
	sides  map[allocation]*sides
	credit map[string]bool // partners that have entries of credit
}

// allocation identifies what moved between two accounts: by a partner's event, or by one of a customer that can have
// the same id.
type allocation struct{ id, one, other string }

func allocationOf(id, one, other string) allocation {
	return allocation{id, min(one, other), max(one, other)}
}

// sides holds the sums of an allocation's entries in the two accounts.
type sides struct {
	paid, got money.AmountTotal
	by, to    string // whose entries they are; "" = there is none
}

// NewAllocations returns the comparison of no events and no entries.
func NewAllocations() *Allocations {
	return &Allocations{make(map[allocation]money.Amount), make(map[allocation]*sides), make(map[string]bool)}
}

// Event adds an event of a partner. It reads feed, event_id, partner_id, type, amount, other_id and reason.
func (a *Allocations) Event(row rows.Row[tables.PartnerEvent]) (err error) {
	word := row.Word(tables.PartnerEventType)
	if row.Word(tables.PartnerEventFeed) == "partner_accounts" && row.Word(tables.PartnerEventReason) == "" &&
		(word == "allocate" || word == "reclaim") {
		of := allocationOf(string(row.Text(tables.PartnerEventEventID)), row.Word(tables.PartnerEventPartnerID),
			row.Word(tables.PartnerEventOtherID))
		a.events[of], err = row.Amount(tables.PartnerEventAmount)
	}
	return err
}

// Entry adds an entry of a partner's account.
func (a *Allocations) Entry(row rows.Row[tables.PartnerAccount], amount money.Amount) error {
	partner := row.Word(tables.PartnerAccountPartnerID)
	if row.Word(tables.PartnerAccountBalanceType) == "credit" {
		a.credit[partner] = true
	}
	if word := row.Word(tables.PartnerAccountType); word != "allocate" && word != "reclaim" {
		return nil
	}
	of := allocationOf(string(row.Text(tables.PartnerAccountEntryID)), partner,
		row.Word(tables.PartnerAccountCounterpartyID))
	s := a.sides[of]
	if s == nil {
		s = &sides{}
		a.sides[of] = s
	}
	if amount.Sign() < 0 {
		s.by = partner
		return s.paid.Add(amount.Neg())
	}
	s.to = partner
	return s.got.Add(amount)
}

// Differences describes the allocations between partners whose entries differ from the events, by id.
func (a *Allocations) Differences() (out []string, err error) {
	compare := func(x, y allocation) int { return cmp.Or(strings.Compare(x.id, y.id), strings.Compare(x.one, y.one)) }
	for _, of := range slices.SortedFunc(maps.Keys(a.sides), compare) {
		moved, known := a.events[of]
		if !known { // the other account is a customer's
			continue
		}
		var amount money.AmountTotal
		if err := amount.Add(moved); err != nil {
			return nil, err
		}
		s := a.sides[of]
		to := s.to
		if to == "" {
			to = of.one
			if s.by == of.one {
				to = of.other
			}
		}
		if s.by == "" || s.paid.Cmp(amount) < 0 {
			out = append(out, fmt.Sprintf("allocation %s of %s to %s: the entries of the other account pay %s", of.id,
				amount, to, s.paid))
		}
		if d := s.got.Cmp(amount); d > 0 || d < 0 && !a.credit[to] {
			out = append(out, fmt.Sprintf("allocation %s of %s to %s: its entries get %s", of.id, amount, to, s.got))
		}
	}
	return out, nil
}

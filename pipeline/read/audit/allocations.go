package audit

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Allocations compares the entries of allocations and reclaims between partners (§9.1) with the events: the entries of
// one account pay the amount, and those of the other get it. An account that has used credit can get less in its
// entries, because credit above the limit is not visible.
type Allocations struct {
	events  map[allocation]moved
	entries map[allocation]map[string]*money.AmountTotal // sums by partner
	used    map[string]bool                              // partners that have used credit
}

// allocation identifies an allocation or reclaim by the two accounts, of which one is the smaller word, and the time of
// its effect. The other account can be a customer's.
type allocation struct {
	id, one, other string
	at             period.Instant
}

func allocationOf(id, one, other string, at period.Instant) allocation {
	return allocation{id, min(one, other), max(one, other), at}
}

// moved is what an event between partners moved.
type moved struct {
	from, to string
	amount   money.Amount
}

// NewAllocations returns the comparison of no events and no entries.
func NewAllocations() *Allocations {
	return &Allocations{make(map[allocation]moved), make(map[allocation]map[string]*money.AmountTotal),
		make(map[string]bool)}
}

// Event adds an event of a partner. It reads feed, event_id, partner_id, type, amount, other_id, instant and reason.
func (a *Allocations) Event(row rows.Row[tables.PartnerEvent]) (err error) {
	if row.Word(tables.PartnerEventFeed) != "partner_accounts" || row.Word(tables.PartnerEventReason) != "" {
		return nil
	}
	m := moved{from: row.Word(tables.PartnerEventPartnerID), to: row.Word(tables.PartnerEventOtherID)}
	switch row.Word(tables.PartnerEventType) {
	case "allocate":
	case "reclaim":
		m.from, m.to = m.to, m.from
	default:
		return nil
	}
	m.amount, err = row.Amount(tables.PartnerEventAmount)
	id := string(row.Text(tables.PartnerEventEventID))
	a.events[allocationOf(id, m.from, m.to, row.Time(tables.PartnerEventInstant))] = m
	return err
}

// Entry adds an entry of a partner's account.
func (a *Allocations) Entry(row rows.Row[tables.PartnerAccount], amount money.Amount) error {
	partner, word := row.Word(tables.PartnerAccountPartnerID), row.Word(tables.PartnerAccountType)
	if row.Word(tables.PartnerAccountBalanceType) == "credit" && word != "credit_limit" && amount.Sign() < 0 {
		a.used[partner] = true
	}
	if word != "allocate" && word != "reclaim" {
		return nil
	}
	of := allocationOf(string(row.Text(tables.PartnerAccountEntryID)), partner,
		row.Word(tables.PartnerAccountCounterpartyID), row.Time(tables.PartnerAccountTime))
	if a.entries[of] == nil {
		a.entries[of] = make(map[string]*money.AmountTotal)
	}
	if a.entries[of][partner] == nil {
		a.entries[of][partner] = &money.AmountTotal{}
	}
	return a.entries[of][partner].Add(amount)
}

// Differences describes the allocations between partners whose entries differ from the events, by id. Events without
// any entry are not compared: without a ledger there are none.
func (a *Allocations) Differences() (out []string, err error) {
	for of, m := range a.events {
		entries := a.entries[of]
		if entries == nil {
			continue
		}
		var amount, paid, got money.AmountTotal
		if err := amount.Add(m.amount); err != nil {
			return nil, err
		}
		if sum := entries[m.from]; sum != nil {
			if err := paid.SubTotal(*sum); err != nil {
				return nil, err
			}
		}
		if sum := entries[m.to]; sum != nil {
			got = *sum
		}
		if d := got.Cmp(amount); paid != amount || d > 0 || d < 0 && !a.used[m.to] {
			out = append(out, fmt.Sprintf("allocation %s of %s: %s paid %s, and %s got %s", of.id, amount, m.from, paid,
				m.to, got))
		}
	}
	slices.Sort(out)
	return out, nil
}

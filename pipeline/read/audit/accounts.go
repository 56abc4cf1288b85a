package audit

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// move identifies the events and entries of one type in a partner's account in a month of UTC.
type move struct{ partner, word, month string }

// tiesPosted holds the entries of partners' accounts.
type tiesPosted struct {
	by         map[string]sums[move]   // by balance
	used       map[string]bool         // partners that have used credit
	incentives map[string]money.Amount // by the id of the payment
}

// accounts compares entries of partners' accounts with the events. An account that has used credit can get and pay less
// in its entries: credit above the limit is not visible.
func (b *tiesBalance) accounts(ctx context.Context) error {
	p := &tiesPosted{map[string]sums[move]{"cash": {}, "rebate": {}, "credit": {}, "frozen": {}}, map[string]bool{},
		map[string]money.Amount{}}
	if err := each(ctx, b.Audit, tables.PartnerAccounts(), nil, p.add); err != nil {
		return err
	}
	all := keysOf(b.events.moves, p.by["cash"], p.by["rebate"], p.by["credit"], p.by["frozen"])
	for of := range all {
		if err := b.moved(p, of); err != nil {
			return err
		}
	}
	return b.paidIncentives(ctx, p)
}

// add adds an entry.
func (p *tiesPosted) add(row rows.Row[tables.PartnerAccount]) error {
	of := move{row.Word(tables.PartnerAccountPartnerID), row.Word(tables.PartnerAccountType),
		monthOf(row.Time(tables.PartnerAccountTime))}
	kind := row.Word(tables.PartnerAccountBalanceType)
	amount, err := row.Amount(tables.PartnerAccountAmount)
	if err != nil {
		return err
	}
	if kind == "credit" && of.word != "credit_limit" && amount.Sign() < 0 {
		p.used[of.partner] = true
	}
	if of.word == "incentive" {
		p.incentives[string(row.Text(tables.PartnerAccountEntryID))] = amount
	}
	if p.by[kind] == nil {
		return nil
	}
	return p.by[kind].add(of, amount)
}

// moved compares the events of one kind with their entries.
func (b *tiesBalance) moved(p *tiesPosted, of move) error {
	event := b.events.moves.of(of)
	cash, rebate, frozen := p.by["cash"].of(of), p.by["rebate"].of(of), p.by["frozen"].of(of)
	owned := cash // what the partner can spend
	if err := owned.AddTotal(p.by["credit"].of(of)); err != nil {
		return err
	}
	var less money.AmountTotal // the event as an amount that is taken
	if err := less.SubTotal(event); err != nil {
		return err
	}
	same := true
	switch of.word {
	case "recharge":
		same = owned == event || p.used[of.partner] && owned.Cmp(event) < 0
	case "statement_payment":
		same = owned == less || p.used[of.partner] && owned.Cmp(less) > 0
	case "convert_rebate":
		same = cash == event && rebate == less
	case "withdraw_request":
		source := cash
		if err := source.AddTotal(rebate); err != nil {
			return err
		}
		same = frozen == event && source == less
	}
	if !same {
		b.Differ("partner %s, %s, %s: the events have %s, the entries change cash by %s, rebate by %s, credit by %s "+
			"and frozen by %s", of.partner, of.month, of.word, event, cash, rebate, p.by["credit"].of(of), frozen)
	}
	return nil
}

// paidIncentives compares the entries of paid incentives with the incentives that their events name.
func (b *tiesBalance) paidIncentives(ctx context.Context, p *tiesPosted) error {
	earns, err := b.incentives(ctx)
	if err != nil {
		return err
	}
	err = each(ctx, b.Audit, tables.IncentiveEvents(), nil, func(row rows.Row[tables.IncentiveEvent]) error {
		id := string(row.Text(tables.IncentiveEventEventID))
		paid, entered := p.incentives[id]
		if row.Small(tables.IncentiveEventRefused) != 0 || !entered && !b.facts.paid[id] {
			return nil
		}
		delete(p.incentives, id)
		of := earned{row.Word(tables.IncentiveEventPartnerID), row.Word(tables.IncentiveEventProgrammeID),
			row.Word(tables.IncentiveEventPeriod)}
		if want := earns[of].amount; paid != want {
			b.Differ("incentive %s of partner %s, %s: entry %s pays %s, the incentive is %s", of.programme, of.partner,
				of.period, id, paid.Trim(), want.Trim())
		}
		return nil
	})
	for id, paid := range p.incentives {
		b.Differ("entry %s of a partner's account pays an incentive of %s, and no event that counts has this id", id,
			paid.Trim())
	}
	return err
}

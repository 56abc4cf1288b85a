package books

import (
	"strconv"

	"github.com/tollbook/tollbook/schemas/money"
)

// PercentageTerms is what a tier of a percentage price has beyond its rate, which is its UnitPrice, and its flat fee
// (§10.3). Only a version of one tier has any.
type PercentageTerms struct {
	FixedFee              money.Amount // per record
	MinFee, MaxFee        money.Amount // bounds of a record's fee
	HasMax                bool
	FreeEvents            int64          // records that cost nothing
	FreeAmount            money.Quantity // money that costs nothing
	HasEvents, HasAllowed bool           // whether FreeEvents and FreeAmount are given
}

// percentageColumns are the columns of prices.csv that only percentage prices have.
func percentageColumns() []Column {
	const only = "percentage only"
	return []Column{
		{Name: "rate", Type: "rate", Meaning: "percentage and pass_through only, and required there. percentage: the " +
			"share of the quantity, which is money, that is charged. pass_through: the mark-up on the cost, -1 " +
			"or more: 0.1 = 10 % above the cost"},
		{Name: "fixed_fee", Type: "amount", Meaning: only + ", one tier: charged for each record"},
		{Name: "min_fee", Type: "amount", Meaning: only + ", one tier: the least that a record is charged"},
		{Name: "max_fee", Type: "amount", Meaning: only + ", one tier: the most that a record is charged"},
		{Name: "free_events", Type: "whole number", Meaning: only +
			", one tier: how many of a cycle's records are free"},
		{Name: "free_amount", Type: "quantity", Meaning: only +
			", one tier: up to which sum a cycle's records are free"},
	}
}

// percentage reads what only percentage prices have.
func (r *row) percentage(p *priceRow) {
	terms := &p.tier.Percentage
	if p.model != Percentage {
		for _, name := range [...]string{"rate", "fixed_fee", "min_fee", "max_fee", "free_events", "free_amount"} {
			switch {
			case r.cell(name).text == "" || name == "rate" && p.model == PassThrough:
			case name == "rate":
				r.fail(name, "leave it empty", "only a percentage price and a pass_through price have one")
			default:
				r.fail(name, "leave it empty", "only a percentage price has one")
			}
		}
		return
	}
	if r.cell("unit_price").text != "" {
		r.fail("unit_price", "leave it empty", "a percentage price has a rate")
	}
	if r.cell("rate").text == "" {
		r.fail("rate", "", "a percentage price needs one")
	}
	p.tier.UnitPrice = r.price("rate")
	terms.FixedFee, terms.MinFee, terms.MaxFee = r.amount("fixed_fee"), r.amount("min_fee"), r.amount("max_fee")
	terms.HasMax = r.cell("max_fee").text != ""
	if terms.HasMax && terms.MaxFee.Cmp(terms.MinFee) < 0 {
		r.fail("max_fee", "", "below min_fee %q", r.cell("min_fee").text)
	}
	if text := r.cell("free_events").text; text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
			r.fail("free_events", "", "not a whole number from 0")
		}
		terms.FreeEvents, terms.HasEvents = n, true
	}
	terms.FreeAmount, terms.HasAllowed = r.quantity("free_amount"), r.cell("free_amount").text != ""
}

// percentage refuses what only a version of one tier may have.
func (p priceRows) percentage() {
	l, rows := p.l, p.rows
	if len(rows) < 2 || rows[0].row.model != Percentage {
		return
	}
	for _, e := range rows {
		if e.row.tier.Percentage != (PercentageTerms{}) {
			l.c.Add(Pos{File: dir + "/prices.csv", Line: int(e.at.line)},
				"leave these columns empty, or give the price one tier",
				"%s: fixed_fee, min_fee, max_fee, free_events and free_amount do not fit "+
					"a percentage price of %d tiers",
				e.row.describe(l), len(rows))
			return
		}
	}
}

package load

import (
	"strconv"

	"github.com/tollbook/tollbook/schemas/books"
)

// percentage reads what only percentage prices have.
func (r *row) percentage(p *priceRow) {
	terms := &p.tier.Percentage
	if p.model != books.Percentage {
		for _, name := range [...]string{"rate", "fixed_fee", "min_fee", "max_fee", "free_events", "free_amount"} {
			switch {
			case r.cell(name).text == "" || name == "rate" && p.model == books.PassThrough:
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
	if len(rows) < 2 || rows[0].row.model != books.Percentage {
		return
	}
	for _, e := range rows {
		if e.row.tier.Percentage != (books.PercentageTerms{}) {
			l.c.Add(books.Pos{File: dir + "/prices.csv", Line: int(e.at.line)},
				"leave these columns empty, or give the price one tier",
				"%s: fixed_fee, min_fee, max_fee, free_events and free_amount do not fit "+
					"a percentage price of %d tiers",
				e.row.describe(l), len(rows))
			return
		}
	}
}

package load

import (
	"strconv"

	"github.com/tollbook/tollbook/schemas/books"
)

// percentage reads the columns that only percentage prices have.
func (r *row) percentage(p *priceRow) {
	terms := &p.tier.Percentage
	if p.model != books.Percentage {
		for _, name := range [...]string{"rate", "fixed_fee", "min_fee", "max_fee", "free_events", "free_amount"} {
			switch {
			case r.rec.Cell(name).Text == "" || name == "rate" && p.model == books.PassThrough:
			case name == "rate":
				r.rec.Fail(name, "leave it empty", "only a percentage price and a pass_through price have one")
			default:
				r.rec.Fail(name, "leave it empty", "only a percentage price has one")
			}
		}
		return
	}
	if r.rec.Cell("unit_price").Text != "" {
		r.rec.Fail("unit_price", "leave it empty", "a percentage price has a rate")
	}
	if r.rec.Cell("rate").Text == "" {
		r.rec.Fail("rate", "", "a percentage price needs one")
	}
	p.tier.UnitPrice = r.rec.Price("rate")
	terms.FixedFee, terms.MinFee = r.rec.Amount("fixed_fee"), r.rec.Amount("min_fee")
	terms.MaxFee = r.rec.Amount("max_fee")
	terms.HasMax = r.rec.Cell("max_fee").Text != ""
	if text := r.rec.Cell("free_events").Text; text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
			r.rec.Fail("free_events", "", "not a whole number from 0")
		}
		terms.FreeEvents, terms.HasEvents = n, true
	}
	terms.FreeAmount, terms.HasAllowed = r.rec.Quantity("free_amount"), r.rec.Cell("free_amount").Text != ""
}

// percentage reports price versions of several tiers that use columns for a single tier.
func (p priceRows) percentage() {
	l, rows := p.l, p.rows
	if len(rows) < 2 || rows[0].Row.model != books.Percentage {
		return
	}
	for _, e := range rows {
		if e.Row.tier.Percentage != (books.PercentageTerms{}) {
			l.files.Problems.Add(books.Pos{File: Dir + "/prices.csv", Line: int(e.At.Line)},
				"leave these columns empty, or give the price one tier",
				"%s: fixed_fee, min_fee, max_fee, free_events and free_amount do not fit "+
					"a percentage price of %d tiers",
				e.Row.describe(l), len(rows))
			return
		}
	}
}

package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// recurring reads recurring.csv.
func (l *loader) recurring() {
	var rows []Entry[books.RecurringCharge]
	l.each("recurring.csv", func(r *row) {
		c := books.RecurringCharge{
			ID: r.rec.Key("charge_id"), Region: r.rec.Key("region_code"), Resource: r.rec.Key("resource_id"),
			Quantity: r.rec.Quantity("quantity"),
			Advance:  r.rec.Word("timing") == 1, FromStart: r.rec.Word("anchor") == 1,
			Proration: books.Proration(max(r.rec.Word("proration"), 0)),
		}
		var ok, known bool
		c.Customer, ok = r.needCustomer("customer_id")
		if c.SKU, known = r.needSKU("sku"); known && l.b.Products[c.SKU].Model != books.Recurring {
			r.rec.Fail("sku", "", "a %s product; a recurring charge needs a recurring one", l.b.Products[c.SKU].Model)
		}
		if i := r.rec.Word("period"); i >= 0 {
			c.Months = [...]int{1, 3, 12}[i]
		}
		c.Valid = r.rec.Valid()
		c.At = r.rec.Pos(r.rec.Mark("charge_id"))
		if ok && known && c.ID != "" && c.Months > 0 && c.Valid.From != period.Past {
			rows = append(rows, Entry[books.RecurringCharge]{Row: c, Span: c.Valid, At: r.rec.Mark("charge_id")})
		}
	})
	byID := func(a, b *books.RecurringCharge) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "recurring.csv", rows, byID, func(c *books.RecurringCharge) string {
		return "charge_id " +
			c.ID
	})
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].Row.ID == rows[i].Row.ID {
			n++
		}
		chargeRows{l, rows[i:n]}.agree()
		i = n
	}
	l.b.Recurring = whileCustomer(l, "recurring.csv", rows, func(c *books.RecurringCharge) (int32, *period.Span) {
		return c.Customer, &c.Valid
	})
	for i := range l.b.Recurring {
		c := &l.b.Recurring[i]
		if c.First = c.Valid.From; i > 0 && l.b.Recurring[i-1].ID == c.ID {
			c.First = l.b.Recurring[i-1].First
		}
	}
	slices.SortStableFunc(l.b.Recurring, func(a, b books.RecurringCharge) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID), cmp.Compare(a.Valid.From,
			b.Valid.From))
	})
}

// chargeRows are the rows of one charge.
type chargeRows struct {
	l    *loader
	rows []Entry[books.RecurringCharge]
}

// agree checks that the rows of one charge agree, and sets Anchor in each.
func (cs chargeRows) agree() {
	rows := cs.rows
	first := rows[0].Row
	for i := range rows {
		c := &rows[i].Row
		c.Anchor = first.Valid.From
		what := ""
		switch {
		case c.Customer != first.Customer:
			what = "customer_id"
		case c.Advance != first.Advance:
			what = "timing"
		case c.Months != first.Months:
			what = "period"
		case c.FromStart != first.FromStart:
			what = "anchor"
		}
		if what != "" {
			cs.l.files.Problems.Add(c.At, "end the charge and begin one with another charge_id",
				"charge_id %s: its rows do not agree in %s: also %s", c.ID, what, first.At)
		}
	}
}

package books

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Proration says how a part of a period is charged (§10.5).
type Proration uint8

// The prorations, in the order of prorationWords.
const (
	ByDays Proration = iota
	BySeconds
	NotProrated
)

var (
	timingWords    = []string{"arrears", "advance"}
	chargeWords    = []string{"month", "quarter", "year"}
	anchorWords    = []string{"calendar", "start"}
	prorationWords = []string{"days", "seconds", "none"}
)

// String is the proration's word in the book.
func (p Proration) String() string { return wordOf(prorationWords, int(p)) }

// RecurringCharge is one row of recurring.csv: a price that is owed for each period while the row is in force (§10.5).
type RecurringCharge struct {
	ID            string
	Customer, SKU int32
	Region        string // "*" = any: the line has no region
	Resource      string
	Quantity      money.Quantity
	Advance       bool // else in arrears
	Months        int  // of a period: 1, 3 or 12
	FromStart     bool // periods are counted from First; else calendar periods
	Proration     Proration
	Valid         period.Span
	First         period.Instant // valid_from of the charge's first row
	At            Pos
}

func recurringFormat() Format {
	return Format{File: "recurring.csv", Key: "charge_id",
		Meaning: "charges that recur, such as a monthly fee (§10.5)",
		Columns: []Column{
			id("charge_id", "the charge"),
			id("customer_id", "who pays it"),
			id("sku", "a recurring product"),
			scope("region_code", "region"),
			text("resource_id", "the resource that it is for"),
			number("quantity", "quantity", "1", "how many times the price is owed"),
			word("timing", timingWords, "arrears", "charged when a period ends, or when it begins"),
			word("period", chargeWords, "", "what unit_price is for"),
			word("anchor", anchorWords, "calendar",
				"calendar periods, or periods from the first valid_from of the charge"),
			word("proration", prorationWords, "days", "how a part of a period is charged"),
			validFrom(true), validTo(),
		}}
}

// recurring reads recurring.csv.
func (l *loader) recurring() {
	var rows []entry[RecurringCharge]
	l.each("recurring.csv", func(r *row) {
		c := RecurringCharge{
			ID: r.key("charge_id"), Region: r.key("region_code"), Resource: r.key("resource_id"),
			Quantity: r.quantity("quantity"),
			Advance:  r.word("timing") == 1, FromStart: r.word("anchor") == 1,
			Proration: Proration(max(r.word("proration"), 0)),
		}
		var ok, known bool
		c.Customer, ok = r.needCustomer("customer_id")
		if c.SKU, known = r.needSKU("sku"); known && l.b.Products[c.SKU].Model != Recurring {
			r.fail("sku", "", "a %s product; a recurring charge needs a recurring one", l.b.Products[c.SKU].Model)
		}
		if i := r.word("period"); i >= 0 {
			c.Months = [...]int{1, 3, 12}[i]
		}
		c.Valid = r.valid()
		c.At = r.pos(r.mark("charge_id"))
		if ok && known && c.ID != "" && c.Months > 0 && c.Valid.From != period.Past {
			rows = append(rows, entry[RecurringCharge]{row: c, span: c.Valid, at: r.mark("charge_id")})
		}
	})
	byID := func(a, b *RecurringCharge) int { return strings.Compare(a.ID, b.ID) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "recurring.csv", rows, byID, func(c *RecurringCharge) string { return "charge_id " + c.ID })
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].row.ID == rows[i].row.ID {
			n++
		}
		chargeRows{l, rows[i:n]}.agree()
		i = n
	}
	l.b.Recurring = rowsOf(rows)
	slices.SortStableFunc(l.b.Recurring, func(a, b RecurringCharge) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID), cmp.Compare(a.Valid.From,
			b.Valid.From))
	})
}

// chargeRows are the rows of one charge.
type chargeRows struct {
	l    *loader
	rows []entry[RecurringCharge]
}

// agree checks that the rows of one charge agree, and sets for each where the charge began.
func (cs chargeRows) agree() {
	rows := cs.rows
	first := rows[0].row
	for i := range rows {
		c := &rows[i].row
		c.First = first.Valid.From
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
			cs.l.c.Add(c.At, "end the charge and begin one with another charge_id",
				"charge_id %s: its rows do not agree in %s: also %s", c.ID, what, first.At)
		}
	}
}

// RecurringCharges are the rows of recurring.csv, sorted by Customer, ID, Valid.From.
type RecurringCharges []RecurringCharge

// Of lists the recurring charges of a customer, by charge and by the start of validity.
func (rs RecurringCharges) Of(customer int32) []RecurringCharge {
	return run(rs, func(c *RecurringCharge) int { return cmp.Compare(c.Customer, customer) })
}

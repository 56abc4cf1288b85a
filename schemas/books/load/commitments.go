package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// commitments reads commitments.csv.
func (l *loader) commitments() {
	var rows []entry[books.Commitment]
	l.each("commitments.csv", func(r *row) {
		c := books.Commitment{
			ID: r.key("commitment_id"), ByQuantity: r.word("basis") == 1,
			Window:  books.Window(max(r.word("window"), 0)),
			Overage: r.price("overage_factor"), TrueUp: r.flag("true_up"), Whole: r.word("prorate") == 1,
		}
		var ok bool
		c.Customer, ok = r.needCustomer("customer_id")
		c.Service, c.SKU = r.scope()
		kind := r.word("kind")
		c.Kind = books.CommitmentKind(max(kind, 0))
		r.commitmentValue(&c)
		for _, column := range [...]string{"overage_factor", "true_up"} {
			if kind >= 0 && c.Kind != books.Commit && r.cell(column).text != "" {
				r.fail(column, "leave it empty", "only a commit has one")
			}
		}
		c.Valid = r.valid()
		if c.Window == books.YearWindow && c.Valid.From == period.Past {
			r.fail("valid_from", "", "a window of a year is counted from it, and it is empty")
		}
		c.At = r.pos(r.mark("commitment_id"))
		if ok && c.ID != "" && kind >= 0 {
			rows = append(rows, entry[books.Commitment]{row: c, span: c.Valid, at: r.mark("commitment_id")})
		}
	})
	byID := func(a, b *books.Commitment) int { return strings.Compare(a.ID, b.ID) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "commitments.csv", rows, byID, func(c *books.Commitment) string {
		return "commitment_id " +
			c.ID
	})
	l.b.Commitments = rowsOf(rows)
	slices.SortStableFunc(l.b.Commitments, func(a, b books.Commitment) int {
		return cmp.Compare(a.Customer,
			b.Customer)
	})
}

// commitmentValue reads a commitment's value by its basis.
func (r *row) commitmentValue(c *books.Commitment) {
	if !c.ByQuantity {
		c.Amount = r.amount("value")
		return
	}
	c.Value = r.quantity("value")
	switch {
	case c.Kind != books.Commit:
		r.fail("basis", "", "a %s is an amount", c.Kind)
	case c.SKU < 0 || r.l.b.Products[c.SKU].Model != books.Flat:
		r.fail("basis", "name one flat sku", "a quantity is a commit on one flat product")
	}
}

package load

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// commitments reads commitments.csv.
func (l *loader) commitments() {
	var rows []Entry[books.Commitment]
	l.each("commitments.csv", func(r *row) {
		c := books.Commitment{
			ID: r.rec.Key("commitment_id"), ByQuantity: r.rec.Word("basis") == 1,
			Window:  books.Window(max(r.rec.Word("window"), 0)),
			Overage: r.rec.Price("overage_factor"), TrueUp: r.rec.Flag("true_up"), Whole: r.rec.Word("prorate") == 1,
		}
		var ok bool
		c.Customer, ok = r.needCustomer("customer_id")
		c.Service, c.SKU = r.scope()
		kind := r.rec.Word("kind")
		c.Kind = books.CommitmentKind(max(kind, 0))
		r.commitmentValue(&c)
		if kind >= 0 && c.Kind != books.Commit {
			if c.Overage.Rat().Cmp(big.NewRat(1, 1)) != 0 {
				r.rec.Fail("overage_factor", "leave it empty", "only a commit has one")
			}
			if !c.TrueUp {
				r.rec.Fail("true_up", "leave it empty", "only a commit has one")
			}
		}
		c.Valid = r.rec.Valid()
		if c.Window == books.YearWindow && c.Valid.From == period.Past {
			r.rec.Fail("valid_from", "", "a window of a year is counted from it, and it is empty")
		}
		c.Anchor = c.Valid.From
		c.At = r.rec.Pos(r.rec.Mark("commitment_id"))
		if ok && c.ID != "" && kind >= 0 {
			rows = append(rows, Entry[books.Commitment]{Row: c, Span: c.Valid, At: r.rec.Mark("commitment_id")})
		}
	})
	byID := func(a, b *books.Commitment) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "commitments.csv", rows, byID, func(c *books.Commitment) string {
		return "commitment_id " +
			c.ID
	})
	l.b.Commitments = whileCustomer(l, "commitments.csv", rows, func(c *books.Commitment) (int32, *period.Span) {
		return c.Customer, &c.Valid
	})
	slices.SortStableFunc(l.b.Commitments, func(a, b books.Commitment) int {
		return cmp.Compare(a.Customer,
			b.Customer)
	})
}

// commitmentValue reads a commitment's value, which is an amount or a quantity by its basis.
func (r *row) commitmentValue(c *books.Commitment) {
	if !c.ByQuantity {
		c.Amount = r.rec.Amount("value")
		return
	}
	c.Value = r.rec.Quantity("value")
	switch {
	case c.Kind != books.Commit:
		r.rec.Fail("basis", "", "a %s is an amount", c.Kind)
	case c.SKU < 0 || r.l.b.Products[c.SKU].Model != books.Flat:
		r.rec.Fail("basis", "name one flat sku", "a quantity is a commit on one flat product")
	}
}

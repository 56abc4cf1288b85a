package books

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// CommitmentKind is what a commitment promises (§10.4).
type CommitmentKind uint8

// The kinds of commitment, in the order of commitmentWords.
const (
	Minimum CommitmentKind = iota
	Maximum
	Commit
)

// Window is the time over which a commitment is counted.
type Window uint8

// The windows, in the order of windowWords.
const (
	CycleWindow Window = iota
	HourWindow
	DayWindow
	YearWindow
)

var (
	commitmentWords  = []string{"minimum", "maximum", "commit"}
	basisOfWords     = []string{"amount", "quantity"}
	windowWords      = []string{"cycle", "hour", "day", "year"}
	partProrateWords = []string{"days", "none"}
)

// String is the kind's word in the book.
func (k CommitmentKind) String() string { return wordOf(commitmentWords, int(k)) }

// String is the window's word in the book.
func (w Window) String() string { return wordOf(windowWords, int(w)) }

// Commitment is one row of commitments.csv (§10.4).
type Commitment struct {
	ID       string
	Customer int32
	Service  string // "*" = any
	SKU      int32  // -1 = any
	Kind     CommitmentKind
	Value    money.Quantity // an amount, or with ByQuantity a quantity of SKU
	Amount   money.Amount   // Value where it is an amount
	// ByQuantity: Value is priced at the unit price of SKU at the start of the window.
	ByQuantity bool
	Window     Window
	Overage    money.UnitPrice // overage_factor
	TrueUp     bool
	Whole      bool // prorate none
	Valid      period.Span
	At         Pos
}

func commitmentsFormat() Format {
	return Format{
		File:    "commitments.csv",
		Key:     "commitment_id",
		Meaning: "what a customer is charged at least, at most, or has committed to (§10.4)",
		Columns: []Column{
			id("commitment_id", "the commitment"),
			id("customer_id", "whose it is"),
			scope("service_type_code", "service"),
			scope("sku", "product"),
			word("kind", commitmentWords, "", "minimum, maximum, or a commit with a price for what is above it"),
			word("basis", basisOfWords, "amount", "what value is; a quantity only for a commit on one flat sku"),
			number("value", "amount or quantity", "", "by basis"),
			word("window", windowWords, "cycle", "the time that it is counted over"),
			number("overage_factor", "unit price", "1", "commit only: what is above value is charged times this"),
			word("true_up", yesNo, "YES", "commit only, NO: what is missing is not charged"),
			word("prorate", partProrateWords, "days", "how the value of a part of a window is found"),
			validFrom(false), validTo(),
		},
	}
}

// commitments reads commitments.csv.
func (l *loader) commitments() {
	var rows []entry[Commitment]
	l.each("commitments.csv", func(r *row) {
		c := Commitment{
			ID: r.key("commitment_id"), ByQuantity: r.word("basis") == 1, Window: Window(max(r.word("window"), 0)),
			Overage: r.price("overage_factor"), TrueUp: r.flag("true_up"), Whole: r.word("prorate") == 1,
		}
		var ok bool
		c.Customer, ok = r.needCustomer("customer_id")
		c.Service, c.SKU = r.scope()
		kind := r.word("kind")
		c.Kind = CommitmentKind(max(kind, 0))
		r.commitmentValue(&c)
		for _, column := range [...]string{"overage_factor", "true_up"} {
			if kind >= 0 && c.Kind != Commit && r.cell(column).text != "" {
				r.fail(column, "leave it empty", "only a commit has one")
			}
		}
		c.Valid = r.valid()
		if c.Window == YearWindow && c.Valid.From == period.Past {
			r.fail("valid_from", "", "a window of a year is counted from it, and it is empty")
		}
		c.At = r.pos(r.mark("commitment_id"))
		if ok && c.ID != "" && kind >= 0 {
			rows = append(rows, entry[Commitment]{row: c, span: c.Valid, at: r.mark("commitment_id")})
		}
	})
	byID := func(a, b *Commitment) int { return strings.Compare(a.ID, b.ID) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "commitments.csv", rows, byID, func(c *Commitment) string { return "commitment_id " + c.ID })
	l.b.Commitments = rowsOf(rows)
	slices.SortStableFunc(l.b.Commitments, func(a, b Commitment) int { return cmp.Compare(a.Customer, b.Customer) })
}

// commitmentValue reads a commitment's value by its basis.
func (r *row) commitmentValue(c *Commitment) {
	if !c.ByQuantity {
		c.Amount = r.amount("value")
		return
	}
	c.Value = r.quantity("value")
	switch {
	case c.Kind != Commit:
		r.fail("basis", "", "a %s is an amount", c.Kind)
	case c.SKU < 0 || r.l.b.Products[c.SKU].Model != Flat:
		r.fail("basis", "name one flat sku", "a quantity is a commit on one flat product")
	}
}

// Commitments are the rows of commitments.csv, sorted by Customer, ID, Valid.From.
type Commitments []Commitment

// Of lists the commitments of a customer, by id and by the start of validity.
func (cs Commitments) Of(customer int32) []Commitment {
	return run(cs, func(c *Commitment) int { return cmp.Compare(c.Customer, customer) })
}

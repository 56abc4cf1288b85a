package books

import (
	"cmp"

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
	Anchor     period.Instant // valid_from of the row, from which windows of a year are counted
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

// Commitments are the rows of commitments.csv, sorted by Customer, ID, Valid.From.
type Commitments []Commitment

// Of lists the commitments of a customer, by id and by the start of validity.
func (cs Commitments) Of(customer int32) []Commitment {
	return run(cs, func(c *Commitment) int { return cmp.Compare(c.Customer, customer) })
}

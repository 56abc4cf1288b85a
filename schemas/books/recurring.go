package books

import (
	"cmp"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Proration says how a partial period is charged (§10.5).
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
	Region        string // "*" = any; the line then has no region
	Resource      string
	Quantity      money.Quantity
	Advance       bool // otherwise in arrears
	Months        int  // length of a period: 1, 3 or 12
	FromStart     bool // periods are counted from Anchor; otherwise they are calendar periods
	Proration     Proration
	Valid         period.Span
	Anchor        period.Instant // valid_from of the charge's first row, from which periods are counted with FromStart
	First         period.Instant // the first instant at which the charge is in force
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
			code("resource_id", "the resource that it is for"),
			number("quantity", "quantity", "1", "how many times the price is owed"),
			word("timing", timingWords, "arrears", "charged when a period ends, or when it begins"),
			word("period", chargeWords, "", "what unit_price is for"),
			word("anchor", anchorWords, "calendar",
				"calendar periods, or periods from the first valid_from of the charge"),
			word("proration", prorationWords, "days", "how a part of a period is charged"),
			validFrom(true), validTo(),
		}}
}

// RecurringCharges are the rows of recurring.csv, sorted by Customer, ID, Valid.From.
type RecurringCharges []RecurringCharge

// Of lists the recurring charges of a customer, by charge and by the start of validity.
func (rs RecurringCharges) Of(customer int32) []RecurringCharge {
	return run(rs, func(c *RecurringCharge) int { return cmp.Compare(c.Customer, customer) })
}

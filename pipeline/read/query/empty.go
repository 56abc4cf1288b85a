package query

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
)

// empty describes why an answer can have no rows.
type empty struct {
	none string // completes the sentence "there is no"
	book string // the file that is required for rows; "" = a run makes the rows
	rows func(*books.Books) int
	read bool // the rows are those of the book: no run is necessary
	keep bool // the rows are partners' money, which not every workspace stores (§9)
	owed bool // the rows are what customers did not pay, which is known only if payments are recorded (§6.3)
}

// empties returns the reasons by question.
func empties() map[string]empty {
	partners := func(none string) empty {
		return empty{none: none, book: "partners.csv", rows: func(b *books.Books) int { return len(b.Partners) }}
	}
	taxes := empty{none: "tax", book: "taxes.csv", rows: func(b *books.Books) int { return len(b.Taxes) }}
	line := empty{none: "line"}
	costs := empty{none: "row of a cost file; costs.sources in tollbook.yaml names the sources"}
	debt := empty{none: "debt of a customer", owed: true}
	receivables := partners("amount that a partner owes for a closed cycle")
	receivables.keep = true
	return map[string]empty{
		"revenue": line, "revenue-by-kind": line, "discount-leakage": line, "payment-mix": line, "change": line,
		"top-customers":    {none: "statement of a customer"},
		"partner-margin":   partners("statement of a partner"),
		"late-adjustments": {none: "line for a cycle that was closed already"},
		"coupon-use":       {none: "line that a coupon paid"},
		"package-use": {none: "line that drew from a package", book: "packages.csv",
			rows: func(b *books.Books) int { return len(b.Packages) }},
		"debt": debt, "ageing": debt,
		"incentives-owed": {none: "incentive that is not paid", book: "incentives.yaml",
			rows: func(b *books.Books) int { return len(b.Programmes) }},
		"unbilled-rejects": {none: "open reject: every record was accepted"},
		"margin":           costs,
		"low-margin":       {none: "line of cost files that brings less than its minimum margin"},
		"unallocated":      {none: "cost without a bearer"},
		"cost-deliveries":  {none: "delivery of cost files; costs.sources in tollbook.yaml names the sources"},
		"tax":              taxes, "tax-by-country": taxes,
		DeadlinesQuestion: {none: "deadline in these days; --days N looks further ahead"},
		"receivables":     receivables,
		"coupons":         {none: "coupon in books/coupons.csv or issued by a partner", read: true},
		"coupon-quotas": {none: "quota", book: "coupon_quotas.csv", read: true,
			rows: func(b *books.Books) int { return len(b.Money.CouponQuotas) }},
		"discounts": {none: "discount", book: "discounts.csv", read: true,
			rows: func(b *books.Books) int { return len(b.Discounts) }},
		"performance-by-customer":        partners("performance"),
		"performance-by-service":         partners("performance"),
		"performance-by-account-manager": partners("performance"),
		"transfers":                      partners("transfer"),
		BudgetsQuestion: {none: "budget that is in force", book: "budgets.csv",
			rows: func(b *books.Books) int { return len(b.Budgets) }},
		"deferred-revenue": {none: "prepaid period that reaches beyond the cycle"},
		"orders":           {none: "order"},
	}
}

// MissingBook returns the book, such as budgets.csv, that a question requires and that has no rows; "" = none.
func MissingBook(q *Question, b *books.Books) string {
	if why := empties()[q.Name]; why.rows != nil && why.rows(b) == 0 {
		return why.book
	}
	return ""
}

// OfPartnersMoney reports whether the rows of a question are partners' money, which not every workspace stores (§9).
func OfPartnersMoney(q *Question) bool { return empties()[q.Name].keep }

// OfPayments reports whether the rows of a question depend on recorded payments: those of a ledger (§6.3).
func OfPayments(q *Question) bool { return empties()[q.Name].owed }

// WhyEmpty explains why an answer has no rows: a book is missing, the lake has no run, the workspace does not store the
// data, or there are none in the requested cycle and within the limits. The result is a sentence without its full stop.
func WhyEmpty(a *Answer, b *books.Books, cycle string, only OnlyFor) string {
	why := empties()[a.Question.Name]
	if book := MissingBook(a.Question, b); book != "" {
		return fmt.Sprintf("books/%s is missing or has no rows", book)
	}
	if a.AsOf == "" && !why.read {
		return "the lake is empty: `tollbook run nightly` takes the feeds in"
	}
	if a.NotKept {
		return "partners' money is not kept in this workspace: add books/parties.csv, then `tollbook run nightly`"
	}
	text := "there is no " + why.none
	switch {
	case cycle != "" && only.Any():
		return text + " (cycle " + cycle + ", " + only.String() + ")"
	case cycle != "":
		return text + " (cycle " + cycle + ")"
	case only.Any():
		return text + " (" + only.String() + ")"
	}
	return text
}

package books

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Markup is one row of markups.csv: the product that bills matching rows of cost files (§11.3).
type Markup struct {
	Customer  int32  // -1 = any
	Source    string // "*" = any
	Service   string // ServiceName; "*" = any
	SKU       int32
	MinMargin money.UnitPrice // minimum margin of a line, as a share of its effective cost
	HasMin    bool
	Valid     period.Span
}

func markupsFormat() Format {
	return Format{File: "markups.csv", Key: "customer_id, source, service_name",
		Meaning: "the products that customers' parts of cost files are billed by (§11.3)", Columns: []Column{
			scope("customer_id", "customer"),
			scope("source", "source of cost files"),
			{Name: "service_name", Type: "text", Default: "*", Meaning: "ServiceName; * = any"},
			id("sku", "the product"),
			{Name: "min_margin", Type: "unit price",
				Meaning: "lines below effective cost × (1 + min_margin) are reported; empty = none is"},
			validFrom(false), validTo(),
		}}
}

// CompareMarkupKey orders rows by their key: customer, service and source.
func CompareMarkupKey(a, b *Markup) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.Service, b.Service),
		strings.Compare(a.Source, b.Source))
}

// Markups are the rows of markups.csv, sorted by Customer, Service, Source, Valid.From.
type Markups []Markup

// At is the row of markups.csv for a customer's part of a row at an instant; nil = none. An exact customer comes before
// *, then an exact service, then an exact source.
func (ms Markups) At(customer int32, source, service string, t period.Instant) *Markup {
	for _, who := range [...]int32{customer, AnyCode} {
		for _, what := range [...]string{service, "*"} {
			for _, from := range [...]string{source, "*"} {
				key := Markup{Customer: who, Source: from, Service: what}
				rows := run(ms, func(m *Markup) int { return CompareMarkupKey(m, &key) })
				if m := inForce(rows, t, func(m *Markup) period.Span { return m.Valid }); m != nil {
					return m
				}
			}
		}
	}
	return nil
}

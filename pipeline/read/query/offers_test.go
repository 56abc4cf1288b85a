package query

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestDiscounts checks states at noon of 20 October: a discount that begins then is active, one that ends then has
// expired, and one that begins a microsecond later is pending. Invariant: ASK-1.
func TestDiscounts(t *testing.T) {
	t.Parallel()
	const noon = "2026-10-20T04:00:00Z"
	at, err := period.ParseInstant(noon)
	if err != nil {
		t.Fatal(err)
	}
	rate, err := money.ParseRate("0.85")
	if err != nil {
		t.Fatal(err)
	}
	amount, err := money.ParseAmount("12.50")
	if err != nil {
		t.Fatal(err)
	}
	b := &books.Books{Customers: []books.Customer{{ID: "acme"}}, Partners: []books.Partner{{ID: "north"}},
		Products: []books.Product{{SKU: "gb"}},
		Discounts: []books.Discount{
			{ID: "a", Kind: books.Commercial, Customer: 0, Partner: -1, Service: "*", SKU: -1, Rate: rate,
				Valid: period.Span{From: at, To: period.Forever}},
			{ID: "b", Kind: books.PartnerOffer, Customer: -1, Partner: 0, Service: "*", SKU: 0,
				Mode: books.ModeReduction, Amount: amount, Valid: period.Span{From: period.Past, To: at}},
			{ID: "c", Kind: books.OrderOffer, Customer: -1, Partner: -1, Service: "network", SKU: -1,
				Mode: books.ModeFixed, Amount: amount, Valid: period.Span{From: at + 1, To: at + 2}},
		}}
	q := discounts()
	rows := parquet.NewColumns(tables.Untyped(q.Lake.Table))
	from := &PartnerReader{Books: b, Snap: &lake.Snapshot{Manifest: lake.Manifest{AsOf: noon}}}
	if err := listDiscounts(Request{}, from, rows); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for i := range rows.N {
		var row []string
		for k := range rows.Def.Columns {
			row = append(row, rows.Col(tables.ColumnOf[tables.Any](k)).Word(i))
		}
		got = append(got, row)
	}
	want := [][]string{
		{"a", "commercial", "acme", "", "*", "*", "rate 0.85", noon, "", "active"},
		{"b", "partner", "*", "north", "*", "gb", "reduction 12.5", "", noon, "expired"},
		{"c", "order", "*", "", "network", "*", "fixed 12.5", "2026-10-20T04:00:00.000001Z",
			"2026-10-20T04:00:00.000002Z", "pending"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

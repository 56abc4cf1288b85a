package table

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write handles.go, testdata/columns.txt")

// rowTypes returns the types of rows with their tables. A table that adds columns follows the one that it extends.
func rowTypes() []struct {
	row    string
	tables []*Table
} {
	return []struct {
		row    string
		tables []*Table
	}{
		{"Record", []*Table{Usage().Table, Late().Table}}, {"Sample", []*Table{Bandwidth().Table, LateSamples().Table}},
		{"Position", []*Table{Positions().Table, LatePositions().Table}}, {"Line", []*Table{Lines().Table}},
		{"Sum", []*Table{Sums().Table}}, {"Identity", []*Table{Ident().Table}},
		{"Reject", []*Table{Rejects().Table, EndedRejects().Table}},
		{"Statement", []*Table{StatementsOf(true, false).Table}}, {"Total", []*Table{Totals().Table}},
		{"Order", []*Table{Orders().Table}}, {"OrderStep", []*Table{OrderStatus().Table}},
		{"Adjustment", []*Table{Adjustments().Table}}, {"Rerating", []*Table{Reratings().Table}},
		{"Redraw", []*Table{Redraws().Table}}, {"Shift", []*Table{Shifts().Table}},
		{"ClosedBook", []*Table{ClosedBooks().Table}},
		{"AccountEvent", []*Table{AccountEvents().Table}}, {"AccountEntry", []*Table{AccountEntries().Table}},
		{"Balance", []*Table{Balances().Table}}, {"Transfer", []*Table{Transfers().Table}},
		{"IncentiveEvent", []*Table{IncentiveEvents().Table}}, {"Incentive", []*Table{Incentives().Table}},
		{"Performance", []*Table{Performances().Table}},
		{"PartnerStatement", []*Table{PartnerStatementsOf(true).Table}},
		{"ExchangeRate", []*Table{ExchangeRates().Table}}, {"Tax", []*Table{Taxes().Table}},
		{"TaxSum", []*Table{TaxSums().Table}}, {"CostDelivery", []*Table{CostDeliveries().Table}},
		{"CostRate", []*Table{CostRates().Table}}, {"CostReject", []*Table{CostRejects().Table}},
		{"CostGroup", []*Table{CostGroups().Table}}, {"CostPosting", []*Table{CostPostings().Table}},
		{"Margin", []*Table{Margins().Table}}, {"PartnerEvent", []*Table{PartnerEvents().Table}},
		{"PartnerFact", []*Table{PartnerFacts().Table}}, {"PartnerAccount", []*Table{PartnerAccounts().Table}},
		{"Fund", []*Table{Funds().Table}}, {"Withdrawal", []*Table{Withdrawals().Table}},
		{"Receivable", []*Table{Receivables().Table}}, {"Invoice", []*Table{Invoices().Table}},
		{"InvoiceRecord", []*Table{InvoiceRecords().Table}}, {"Coupon", []*Table{Coupons().Table}},
		{"CouponEntry", []*Table{CouponEntries().Table}}, {"CouponRecord", []*Table{CouponRecords().Table}},
		{"IssuedCoupon", []*Table{IssuedCoupons().Table}}, {"Run", []*Table{Runs().Table}},
	}
}

// handle returns the name of a column's handle.
func handle(row, column string) string {
	name := row
	for word := range strings.SplitSeq(column, "_") {
		switch word {
		case "id", "sku":
			name += strings.ToUpper(word)
		case "ids":
			name += "IDs"
		default:
			name += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return name
}

// TestHandles compares handles.go with the definitions: the order, name and type of each column. With -update it writes
// the file.
func TestHandles(t *testing.T) {
	t.Parallel()
	types := []string{"Word", "Text", "Time", "MaybeTime", "Amount", "Quantity", "Whole", "Small", "Cost"}
	var b bytes.Buffer
	b.WriteString("// Code generated from the definitions by go test -run TestHandles -update; DO NOT EDIT.\n\n")
	b.WriteString("package table\n")
	for _, r := range rowTypes() {
		var names, quoted []string
		for _, def := range r.tables {
			names, quoted = append(names, def.Name), append(quoted, fmt.Sprintf("table == %q", def.Name))
		}
		list := strings.Join(names, " and of ")
		fmt.Fprintf(&b, "\n// %s is a row of %s.\ntype %s struct{}\n\nfunc (%s) of(table string) bool { return %s }\n",
			r.row,
			list, r.row, r.row, strings.Join(quoted, " || "))
		fmt.Fprintf(&b, "\n// Columns of %s.\nconst (\n", list)
		all := r.tables[len(r.tables)-1].Columns
		for i, c := range all {
			for _, shorter := range r.tables {
				if i < len(shorter.Columns) && shorter.Columns[i] != c {
					t.Errorf("column %d of %s is another one than that of %s", i, shorter.Name, list)
				}
			}
			fmt.Fprintf(&b, "%s %sColumn[%s] = %d\n", handle(r.row, c.Name), types[c.Type], r.row, i)
		}
		b.WriteString(")\n")
	}
	want, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("handles.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("handles.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("handles.go is not what the definitions give: go test ./schemas/table -run TestHandles -update")
	}
}

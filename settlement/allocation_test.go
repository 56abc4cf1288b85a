package settlement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// loaded returns books with the customers x, y and z, who left on 15 September.
func loaded(t *testing.T, rules string) *books.Books {
	t.Helper()
	s, err := settings.Parse("tollbook.yaml", []byte("zone: UTC\ncurrency: {code: USD, digits: 2}\n"+
		"rounding: {grain: line, mode: half_up}\n"))
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"products.csv":    "sku,service_type_code,measure,pricing_model\n",
		"prices.csv":      "sku,valid_from,tier,unit_price\n",
		"customers.csv":   "customer_id,valid_from,valid_to\nx,,\ny,,\nz,,2026-09-15\n",
		"allocation.yaml": rules,
	} {
		fsys["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	b, err := load.Books(fsys, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var header = books.NewCostHeader([]string{"SubAccountId", "ServiceName", "ChargeCategory", "Owner"})

// rowOf returns a cost row with a day in September, account, service, category, owner, effective cost and tags.
func rowOf(t *testing.T, text string) *books.CostRow {
	t.Helper()
	cells := strings.Split(text, "|")
	at, err := period.ParseInstant("2026-09-" + cells[0] + "T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	row := &books.CostRow{CostHeader: header, Cells: cells[1:5], Start: at, Tags: map[string]string{}}
	if row.Values[books.EffectiveCost], _, err = money.ParseCost(cells[5]); err != nil {
		t.Fatal(err)
	}
	row.Values[books.BilledCost] = row.Values[books.EffectiveCost].Neg()
	for _, tag := range cells[6:] {
		key, value, _ := strings.Cut(tag, "=")
		row.Tags[key] = value
	}
	return row
}

// allocate allocates rows and returns the parts of the last row as text. It checks that they add up to the row
// (ALLOC-1), and that each has either a customer or a reason (ALLOC-3).
func allocate(t *testing.T, rules string, rows ...string) string {
	t.Helper()
	b := loaded(t, rules)
	a := NewAllocator(b)
	for _, text := range rows {
		if err := a.Weigh(rowOf(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	row := rowOf(t, rows[len(rows)-1])
	parts, err := a.Parts(nil, row)
	if err != nil {
		t.Fatal(err)
	}
	var sum books.CostValues
	var out []string
	for i := range parts {
		if err := sum.Add(&parts[i].Values); err != nil {
			t.Fatal(err)
		}
		who := parts[i].Reason
		if parts[i].Customer >= 0 {
			if who != "" {
				t.Errorf("a part has the customer %d and the reason %s (ALLOC-3)", parts[i].Customer, who)
			}
			who = b.Customers[parts[i].Customer].ID
		}
		if who == "" {
			t.Errorf("part %d has no customer and no reason (ALLOC-3)", i)
		}
		out = append(out, fmt.Sprintf("%s %s", who, parts[i].Values[books.EffectiveCost].Trim()))
	}
	if sum != row.Values {
		t.Errorf("parts come to %v, the row is %v", sum, row.Values)
	}
	return strings.Join(out, ", ")
}

func TestRules(t *testing.T) {
	t.Parallel()
	const usage = "01|0012|EC2|Usage||10"
	for _, tc := range []struct{ rules, row, want string }{
		{"", usage, "no_rule 10"},
		{"- {customer: x}", usage, "x 10"},
		{"- {match: {SubAccountId: '12'}, customer: x}\n- {match: {SubAccountId: '0012'}, customer: y}", usage, "y 10"},
		{"- {match: {SubAccountId: '00*', ServiceName: [S3, EC2]}, customer: x}", usage, "x 10"},
		{"- {match: {SubAccountId: '00*', ServiceName: [S3, E]}, customer: x}", usage, "no_rule 10"},
		{"- {match: {Owner: '*'}, customer: x}\n- {match: {Owner: ''}, customer: y}", usage, "y 10"},
		{"- {match: {Missing: ''}, customer: x}", usage, "x 10"},
		{"- {match: {Missing: '*'}, customer: x}", usage, "no_rule 10"},
		{"- {match: {Tags.org: a}, customer: x}", usage + "|org=a", "x 10"},
		{"- {match: {Tags. org: a}, customer: x}", usage + "|org=a", "no_rule 10"},
		{"- {customer: tag:org}\n- {customer: y}", usage + "|org=x", "x 10"},
		{"- {customer: tag:org}\n- {customer: y}", usage + "|org=unknown", "y 10"},
		{"- {customer: column:Owner}\n- {customer: y}", usage, "y 10"},
		{"- {customer: column:Owner}", "01|a|EC2|Usage|x|10", "x 10"},
		{"- {keep: overhead}", usage, "overhead 10"},
		{"- {customer: x, valid_to: 2026-09-01}\n- {customer: y, valid_from: 2026-09-01}", usage, "y 10"},
		// z is in force up to the 14th
		{"- {customer: z}\n- {customer: y}", "14|a|EC2|Usage||10", "z 10"},
		{"- {customer: z}\n- {customer: y}", "15|a|EC2|Usage||10", "y 10"},
		{"- split: {z: '0.5', x: '0.5'}\n- {customer: y}", "15|a|EC2|Usage||10", "y 10"},
		{"- split: even [x, z]", "15|a|EC2|Usage||10", "x 10"},
		{"- split: even [z]\n- {customer: y}", "15|a|EC2|Usage||10", "y 10"},
		{"- split: even [z, x, y]", "01|a|EC2|Usage||100",
			"x 33.333333333333333334, y 33.333333333333333333, z 33.333333333333333333"},
		{"- split: {x: '0.25', y: '0.75'}", "01|a|EC2|Usage||-0.000000000000000002",
			"x -0.000000000000000001, y -0.000000000000000001"},
		// Taxes are kept, unless a rule matches ChargeCategory.
		{"- {customer: x}", "01|a|EC2|Tax||10", "tax 10"},
		{"- {customer: x}\n- {match: {ChargeCategory: Tax}, customer: y}", "01|a|EC2|Tax||10", "y 10"},
		{"- {customer: x}\n- {match: {ChargeCategory: Usage}, customer: y}", "01|a|EC2|Tax||10", "tax 10"},
	} {
		if got := allocate(t, tc.rules, tc.row); got != tc.want {
			t.Errorf("%s\nof %s: %s; want %s", tc.rules, tc.row, got, tc.want)
		}
	}
}

// TestByCost also allocates the rows in reverse, because their order must not matter (ALLOC-2).
func TestByCost(t *testing.T) {
	t.Parallel()
	const own = "- {customer: tag:org}\n"
	const x30, y60 = "01|a|EC2|Usage||30|org=x", "02|a|EC2|Usage||60|org=y"
	const support = "03|a|Support|Usage||100"
	for _, tc := range []struct {
		rules string
		rows  []string
		want  string
	}{
		{own + "- split: by_cost [x, y]", []string{x30, y60, support},
			"x 33.333333333333333333, y 66.666666666666666667"},
		{own + "- split: by_cost \"*\"", []string{x30, y60, support},
			"x 33.333333333333333333, y 66.666666666666666667"},
		{own + "- split: by_cost [x, y]", []string{support}, "x 50, y 50"}, // no customer has a cost: divided evenly
		{own + "- split: by_cost \"*\"\n- {keep: rest}", []string{support}, "rest 100"},
		{own + "- split: by_cost [x, y]", []string{x30, "02|a|EC2|Credit||-60|org=y", support}, "x 100"},
		{own + "- split: by_cost \"*\"", []string{x30, "02|a|EC2|Credit||-60|org=y", support}, "x 100"},
		// A result of another split does not count as a weight.
		{own + "- match: {ServiceName: S3}\n  split: even [y]\n- split: by_cost [x, y]",
			[]string{x30, "02|a|S3|Usage||1000", support}, "x 100"},
		// z has a cost but has left when the support is charged.
		{own + "- split: by_cost \"*\"", []string{x30, "02|a|EC2|Usage||60|org=z", "20|a|Support|Usage||100"}, "x 100"},
	} {
		if got := allocate(t, tc.rules, tc.rows...); got != tc.want {
			t.Errorf("%s\nof %v: %s; want %s", tc.rules, tc.rows, got, tc.want)
		}
		if reversed := slices.Clone(tc.rows); len(reversed) > 2 {
			slices.Reverse(reversed[:len(reversed)-1])
			if got := allocate(t, tc.rules, reversed...); got != tc.want {
				t.Errorf("%s\nof %v: %s; want %s", tc.rules, reversed, got, tc.want)
			}
		}
	}
}

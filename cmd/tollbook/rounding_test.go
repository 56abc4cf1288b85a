package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// roundedUsage is a month of three customers. roundedWorkspace rounds it once a month, half up. acme: 4 at 0.335, less
// 10 %, is 1.206, due 1.21; beta: 0.014, due 0.01; gamma: 2.00, due 2.00.
const roundedUsage = `record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
a1,acme,r1,gb,east,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,4
b1,beta,r2,mail,east,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,1
c1,gamma,r3,call,east,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,1
`

// workspaceOf writes the files of a workspace into a new folder.
func workspaceOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func roundedWorkspace(t *testing.T) string { return roundedWith(t, map[string]string{}) }

// roundedWith returns roundedWorkspace with additional files.
func roundedWith(t *testing.T, files map[string]string) string {
	t.Helper()
	maps.Copy(files, map[string]string{
		"tollbook.yaml": "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: cycle, mode: half_up}\n",
		"books/products.csv": "sku,service_type_code,measure,pricing_model\ngb,net,GB,flat\n" +
			"mail,api,mail,flat\ncall,api,call,flat\n",
		"books/prices.csv": "sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1,0.335\n" +
			"mail,*,2026-01-01,1,0.014\ncall,*,2026-01-01,1,2\n",
		"books/customers.csv": "customer_id\nacme\nbeta\ngamma\n",
		"books/discounts.csv": "discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value," +
			"valid_from\nten,commercial,acme,,*,*,rate,0.9,2026-01-01\n",
		"inbox/usage/september.csv": roundedUsage,
		"plan/acme-usage.csv":       roundedUsage,
	})
	dir := workspaceOf(t, files)
	succeeds(t, dir, "run", "monthly", "--cycle", "2026-09", "--as-of", "2026-10-05T04:00:00Z")
	return dir
}

// succeeds runs a command line in a workspace and returns what it prints.
func succeeds(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, out, told := runs(dir, args...)
	if code != cli.ExitDone {
		t.Fatalf("tollbook %s: exit %d, %s", strings.Join(args, " "), code, told)
	}
	return out
}

// runs runs a command line in a workspace.
func runs(dir string, args ...string) (code int, out, told string) {
	var stdout, stderr bytes.Buffer
	code = commands.Main(append([]string{"-w", dir}, args...), strings.NewReader(""), &stdout, &stderr,
		program.NoEnv, noon)
	return code, stdout.String(), stderr.String()
}

// step is one row of a bill's column as it is displayed.
type step struct{ name, amount string }

// addUp checks that all rows of a column except subtotals add up to the amount due.
func addUp(t *testing.T, where string, column []step) {
	t.Helper()
	sum, due := new(big.Rat), new(big.Rat)
	for _, s := range column {
		v, ok := new(big.Rat).SetString(s.amount)
		switch {
		case !ok:
			t.Fatalf("%s: %s is %q", where, s.name, s.amount)
		case s.name == "Due":
			due = v
		case s.name != "To pay, before rounding":
			sum.Add(sum, v)
		}
	}
	if sum.Cmp(due) != 0 {
		t.Errorf("%s: the column comes to %s, due is %s: %v", where, sum.FloatString(8), due.FloatString(8), column)
	}
}

// plainNumber converts a printed number to plain form: it replaces the minus sign and removes group separators.
func plainNumber(text string) string {
	return strings.NewReplacer("−", "-", ",", "", " ", "", " ", "").Replace(strings.TrimSpace(text))
}

// terminalColumn returns the bill's column: the last lines of a text that begin with the names of its rows.
func terminalColumn(text string) (column []step) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		name := strings.Join(fields[:len(fields)-1], " ")
		if slices.Contains([]string{"Official", "Discount", "To pay, before rounding", "Rounding", "Rounding up",
			"Rounding down", "Due"}, name) {
			column = append(column, step{name, plainNumber(fields[len(fields)-1])})
		}
	}
	return column
}

// htmlColumn returns the bill's column from the table of the section `summary`.
func htmlColumn(t *testing.T, text string) (column []step) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for section := range root.Descendants() {
		if !hasID(section, "summary") {
			continue
		}
		for row := range section.Descendants() {
			if row.Data != "tr" || row.Parent.Data == "thead" {
				continue
			}
			var cells []string
			for cell := range row.ChildNodes() {
				if cell.Type == html.ElementNode {
					cells = append(cells, textOf(cell))
				}
			}
			column = append(column, step{strings.TrimSpace(cells[0]), plainNumber(cells[1])})
		}
	}
	return column
}

func hasID(n *html.Node, id string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "id" && a.Val == id })
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// xlsxColumn returns the bill's column from the sheet Summary.
func xlsxColumn(t *testing.T, text string) (column []step) {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := f.GetRows("Summary", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		column = append(column, step{row[0], plainNumber(row[1])})
	}
	return column
}

// TestBillAddsUp checks that the column of a bill adds up to the amount due, that it is the same in every format, and
// that its label names the direction of the rounding (DOC-8).
func TestBillAddsUp(t *testing.T) {
	t.Parallel()
	dir := roundedWorkspace(t)
	for customer, want := range map[string][]step{
		"acme": {{"Official", "1.34"}, {"Discount", "-0.134"}, {"To pay, before rounding", "1.206"},
			{"Rounding up", "0.004"}, {"Due", "1.21"}},
		"beta": {{"Official", "0.014"}, {"Discount", "0.00"}, {"To pay, before rounding", "0.014"},
			{"Rounding down", "-0.004"}, {"Due", "0.01"}},
		"gamma": {{"Official", "2.00"}, {"Discount", "0.00"}, {"To pay, before rounding", "2.00"}, {"Due", "2.00"}},
	} {
		bill := []string{"bill", "--cycle", "2026-09", "--customer", customer}
		forms := map[string][]step{
			"terminal": terminalColumn(succeeds(t, dir, bill...)),
			"text":     terminalColumn(fileOf(t, dir, append(bill, "--format", "table")...)),
			"html":     htmlColumn(t, succeeds(t, dir, append(bill, "--format", "html")...)),
			"xlsx":     xlsxColumn(t, succeeds(t, dir, append(bill, "--format", "xlsx")...)),
			"quote": terminalColumn(succeeds(t, dir, "quote", "--customer", customer, "--usage",
				filepath.Join(dir, "plan", "acme-usage.csv"), "--as-of", "2026-10-05T04:00:00Z")),
		}
		for form, column := range forms {
			addUp(t, customer+", "+form, column)
			want := want
			if form == "html" { // the customer's: without amounts of 0 (DOC-13)
				want = slices.DeleteFunc(slices.Clone(want), func(s step) bool { return s.amount == "0.00" })
			}
			if !slices.EqualFunc(column, want, sameStep) {
				t.Errorf("%s, %s:\n got %v\nwant %v", customer, form, column, want)
			}
		}
	}
}

// sameStep compares amounts as numbers, because a spreadsheet shows no trailing zeros.
func sameStep(a, b step) bool {
	x, ok := new(big.Rat).SetString(a.amount)
	y, also := new(big.Rat).SetString(b.amount)
	return a.name == b.name && ok && also && x.Cmp(y) == 0
}

// fileOf runs a command with --out and returns the content of the file.
func fileOf(t *testing.T, dir string, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out")
	succeeds(t, dir, append(args, "--out", name)...)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTablesOfCustomersAddUp checks that in the tables of all customers on a terminal every row has due = payment +
// rounding.
func TestTablesOfCustomersAddUp(t *testing.T) {
	t.Parallel()
	dir := roundedWorkspace(t)
	for _, args := range [][]string{{"bill", "--cycle", "2026-09"}, {"query", "top-customers", "--cycle", "2026-09"}} {
		out := succeeds(t, dir, args...)
		for _, want := range []string{
			"  acme             1     1.34     0.134    1.206     0.004  1.21\n",
			"  beta             1     0.014    0.00     0.014    -0.004  0.01\n",
			"due = payment + rounding: above 0 the amount is rounded up, below 0 it is rounded down.\n",
		} {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%v: %q is not in\n%s", args, want, out)
			}
		}
	}
}

// TestTablesOfTaxedCustomers checks the description of due in tables of customers if tax is added to prices: acme pays
// 1.206, rounding 0.004 and 10 % tax, 0.12.
func TestTablesOfTaxedCustomers(t *testing.T) {
	t.Parallel()
	dir := roundedWith(t, map[string]string{"books/taxes.csv": "tax_id,rate\nvat,0.1\n"})
	for _, args := range [][]string{{"bill", "--cycle", "2026-09"}, {"query", "top-customers", "--cycle", "2026-09"}} {
		out := strings.Join(strings.Fields(succeeds(t, dir, args...)), " ")
		const about = "due = payment + rounding, plus tax if prices do not include it. Rounding: above 0"
		if !strings.Contains(out, "1.33") || !strings.Contains(out, about) {
			t.Errorf("%v: %s", args, out)
		}
	}
}

// TestRoundingOfTables checks that tables, exports and JSON, including the CSV of a bill, have rounding_amount =
// payment_amount - due_amount (§4.2).
func TestRoundingOfTables(t *testing.T) {
	t.Parallel()
	dir := roundedWorkspace(t)
	want := map[string][3]string{"acme": {"1.20600000", "-0.00400000", "1.21000000"},
		"beta": {"0.01400000", "0.00400000", "0.01000000"}, "gamma": {"2.00000000", "0.00000000", "2.00000000"}}
	check := func(form, customer string, payment, rounding, due any) {
		t.Helper()
		if w := want[customer]; payment != w[0] || rounding != w[1] || due != w[2] {
			t.Errorf("%s of %s: payment %v, rounding %v, due %v; want %v", form, customer, payment, rounding, due, w)
		}
	}
	for _, form := range [][]string{{"export", "--table", "statements"}, {"query", "top-customers", "--format",
		"csv"}} {
		rows := csvRows(t, succeeds(t, dir, append(form, "--cycle", "2026-09")...))
		if len(rows) != 3 {
			t.Errorf("%v: %d rows", form, len(rows))
		}
		for _, row := range rows {
			check(form[0], row["customer_id"], row["payment_amount"], row["rounding_amount"], row["due_amount"])
		}
	}
	for customer := range want {
		bill := []string{"bill", "--cycle", "2026-09", "--customer", customer}
		sums := map[string]string{}
		for _, row := range csvRows(t, succeeds(t, dir, append(bill, "--format", "csv")...)) {
			if row["part"] == "summary" {
				sums[row["name"]] = row["amount"]
			}
		}
		check("csv", customer, sums["payment_amount"], sums["rounding_amount"], sums["due_amount"])
		for _, form := range []string{"--format=json", "--json"} {
			var whole struct{ Amounts map[string]any }
			if err := json.Unmarshal([]byte(succeeds(t, dir, append(bill, form)...)), &whole); err != nil {
				t.Fatal(err)
			}
			o := whole.Amounts
			check(form, customer, o["payment_amount"], o["rounding_amount"], o["due_amount"])
		}
	}
	for line := range strings.Lines(succeeds(t, dir, "export", "--cycle", "2026-09", "--table", "statements",
		"--format", "ndjson")) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		check("ndjson", o["customer_id"].(string), o["payment_amount"], o["rounding_amount"], o["due_amount"])
	}
}

// csvRows reads CSV by the names of its columns.
func csvRows(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

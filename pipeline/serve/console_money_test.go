package serve_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/tools/txtar"

	"github.com/tollbook/tollbook/fixtures/reseller"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// money returns the workspace of testdata/money.txtar with September billed and closed.
func money(t *testing.T) string {
	t.Helper()
	return moneyOf(t, func(string) {})
}

// moneyOf is money with change applied to the files before the run.
func moneyOf(t *testing.T, change func(dir string)) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/money.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "w")
	lay := func(folder string) {
		for _, f := range archive.Files {
			name, in := strings.CutPrefix(f.Name, folder)
			if !in || folder == "" && strings.HasPrefix(name, "october/") {
				continue
			}
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := func(text string) workspace.Options {
		asOf, err := period.ParseInstant(text)
		if err != nil {
			t.Fatal(err)
		}
		return workspace.Options{AsOf: asOf}
	}
	lay("")
	change(dir)
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Close(t.Context(), w, period.CycleOf(2026, 9), false, at("2026-10-02T04:00:00Z")); err != nil {
		t.Fatal(err)
	}
	lay("october/")
	change(dir)
	if _, err := run.Nightly(t.Context(), w, at("2026-10-07T04:00:00Z")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestConsoleMoney opens the pages about partners' money as the vendor and as a partner, which sees only its own rows.
// Texts of feeds are escaped. Invariants: CONSOLE-1, PAGE-1.
func TestConsoleMoney(t *testing.T) {
	t.Parallel()
	dir := money(t)
	all, north := openConsole(t, dir, vendor, nil), openConsole(t, dir,
		keys.Caller{Role: keys.Partner, Partner: "north"}, nil)
	for _, c := range []struct{ page, table, north, south string }{
		{"chain?cycle=2026-09", "chain", "acme 100.00 north 20.00 80.00 vendor 0.00 80.00",
			"bolt 40.00 south 4.00 36.00 vendor 0.00 36.00"},
		{"funds", "funds", "north mdf 2026-Q3 <script>n</script> 0.00 500.00 requested 2026-10-31 00:00",
			"south mdf 2026-Q3 =SUM(1+1) 0.00 1,000.00 requested 2026-10-31 00:00"},
		{"coupons", "coupons",
			"<b>cn</b> quota north acme voucher 10.00 10.00 0.00 2026-09-01 09:00 2026-11-01 09:00 used",
			"@cs quota south bolt voucher 15.00 15.00 0.00 2026-09-01 09:00 2026-11-01 09:00 used"},
		{"receivables", "receivables", "2026-09 north 80.00 0.00 0.00 80.00 2026-11-04 −28 not_due",
			"2026-09 south 36.00 0.00 0.00 36.00 2026-11-04 −28 not_due"},
		{"withdrawals", "withdrawals",
			"<img src=x onerror=alert(1)> 1 north cash bank   70.00 requested 2026-09-10 09:00 ",
			"+south-w 1 south cash bank   80.00 requested 2026-09-10 09:00 "},
		{"withdrawals", "entries", "north 2026-09-10 09:00 wn1 withdraw_request  cash −70.00 230.00",
			"south 2026-09-10 09:00 ws1 withdraw_request  cash −80.00 320.00"},
		{"invoices", "invoices", "2026-09 vendor north 80.00 20.00 20.00 80.00 open",
			"2026-09 vendor south 36.00 30.00 0.00 6.00 partly"},
		{"invoices", "records", "2026-10-05 09:00 <i>in</i> N-1 issue vendor north 2026-09 20.00 <u>content</u>",
			"2026-10-05 09:00 is N-2 issue vendor south 2026-09 30.00 Hosting"},
		{"deadlines", "deadlines", "2026-11-04 receivable 2026-09 2026-09 north  80.00 not_due overdue",
			"2026-11-04 receivable 2026-09 2026-09 south  36.00 not_due overdue"},
	} {
		p, own := all.page(c.page), north.page(c.page)
		for who, one := range map[string]*view{"vendor": p, "north": own} {
			rows := rowTexts(one.sheet(c.table))
			if !slices.Contains(rows, c.north) || slices.Contains(rows, c.south) != (who == "vendor") {
				t.Errorf("%s as %s: %q", one.path, who, rows)
			}
			harmless(t, one)
			each(one.root, func(n *html.Node) {
				if href := attr(n, "href"); strings.Contains(href, "download=") && strings.Contains(href, ".csv") {
					noFormulas(t, map[string]*desk{"vendor": all, "north": north}[who].open(href))
				}
			}, "a")
		}
		for _, word := range []string{"south", "bolt", "@cs", "SUM(1+1)", "36.00"} {
			if strings.Contains(own.body, word) {
				t.Errorf("%s as north shows %s:\n%s", own.path, word, own.text("main"))
			}
		}
		if got := north.open(c.page + joined(c.page) + "partner_id=south").outcome(); got != "CBC.0404" {
			t.Errorf("%s of south as north: %s", c.page, got)
		}
	}
	if rows := rowTexts(north.page("coupons?coupon_id=%40cs").sheet("records")); len(rows) != 0 {
		t.Errorf("the records of south's coupon as north: %q", rows)
	}
	if rows := rowTexts(all.page("coupons?coupon_id=%40cs").sheet("records")); len(rows) != 2 {
		t.Errorf("the records of south's coupon: %q", rows)
	}
}

// joined returns the separator between an address and another parameter.
func joined(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}

// rowTexts returns the rows of a table as texts.
func rowTexts(s sheet) []string {
	var out []string
	for _, row := range s.rows {
		out = append(out, strings.Join(row, " "))
	}
	return out
}

// costsOf returns the sample with cost files and its month billed. change is applied to the files before the run.
func costsOf(t *testing.T, change func(dir string)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := reseller.Write(dir); err != nil {
		t.Fatal(err)
	}
	change(dir)
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	asOf, err := period.ParseInstant(reseller.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	cycle, err := period.ParseCycle(reseller.Cycle)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, cycle, workspace.Options{AsOf: asOf}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestConsoleMargins follows the costs of two clouds from the month to the calculation of a line. The amounts are those
// in fixtures/reseller/README.md.
func TestConsoleMargins(t *testing.T) {
	t.Parallel()
	dir := costsOf(t, func(string) {})
	d := openConsole(t, dir, vendor, nil)
	p := d.page("margins?cycle=" + reseller.Cycle)
	addsUp(t, p, &[]sheet{p.sheet("margins")}[0])
	paid := map[string]string{}
	var bad []string
	for _, row := range p.sheet("margins").rows {
		paid[row[1]+row[2]] = row[3]
		if strings.HasPrefix(row[2], "unallocated: ") {
			bad = append(bad, row[2]+" "+row[6])
		}
	}
	for customer, want := range map[string]string{"acme": "718.73", "bolt": "1,117.51", "core": "735.84"} {
		if !strings.HasPrefix(paid[customer], want[:len(want)-1]) {
			t.Errorf("%s pays %s, want about %s", customer, paid[customer], want)
		}
	}
	if want := []string{"unallocated: no_rule 96.76976456109938"}; !slices.Equal(bad, want) {
		t.Errorf("unallocated: %q, want %q", bad, want)
	}
	if rows := rowTexts(p.sheet("deliveries")); len(rows) != 2 || !strings.Contains(rows[0], "counted 100") {
		t.Errorf("deliveries %q", rows)
	}
	// customer -> service and account -> group -> line
	services := d.page("margins?cycle=" + reseller.Cycle + "&customer_id=acme")
	addsUp(t, services, &[]sheet{services.sheet("margins")}[0])
	groups := follow(t, d, services, "service_name=")
	addsUp(t, groups, &[]sheet{groups.sheet("margins")}[0])
	line := follow(t, d, groups, "/console/line?")
	if text := line.text("main"); !strings.Contains(text, "cost_effective") {
		t.Errorf("%s: %s", line.path, text)
	}
}

// follow opens the first link of a page whose address contains a text.
func follow(t *testing.T, d *desk, p *view, with string) *view {
	t.Helper()
	for _, href := range p.links() {
		if strings.Contains(href, with) && !strings.Contains(href, ".sort=") && !strings.Contains(href, "download=") {
			return d.page(href)
		}
	}
	t.Fatalf("%s has no link with %s: %q", p.path, with, p.links())
	return nil
}

// TestConsoleTaxes shows the tax that makes the amount due differ from the payment; a cycle without taxes has no such
// column. 24.00 and 10 % are 26.40. hub owes the vendor 8.34 + 2.40 = 10.74, on which the tax is 1.07; north owes hub
// 78.37 + 22.80 = 101.17, and 10.12.
func TestConsoleTaxes(t *testing.T) {
	t.Parallel()
	if heads := openConsole(t, currencies(t), vendor, nil).page("customers").sheet("customers").heads; slices.Contains(
		heads, "Tax") {
		t.Errorf("columns %q", heads)
	}
	dir := workspaceOf(t, "testdata/currencies.txtar", "")
	taxes := filepath.Join(dir, "books", "taxes.csv")
	if err := os.WriteFile(taxes, []byte("tax_id,rate\nvat,0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bill(t, dir, asOf)
	d := openConsole(t, dir, vendor, nil)
	s := d.page("customers").sheet("customers")
	at := slices.Index(s.heads, "Tax")
	if at < 0 || len(s.rows) != 1 || s.heads[at+1] != "Due" || s.rows[0][at] != "2.40" || s.rows[0][at+1] != "26.40" {
		t.Errorf("columns %q, rows %q", s.heads, s.rows)
	}
	if body := d.open("customers?download=customers.csv").body; !strings.Contains(body, "tax_amount,due_amount") {
		t.Error(body)
	}
	for partner, want := range map[string]string{"hub": "vendor vat  0.1 exclusive 10.74 1.07",
		"north": "hub vat  0.1 exclusive 101.17 10.12"} {
		for _, c := range []keys.Caller{vendor, {Role: keys.Partner, Partner: partner}} {
			p := openConsole(t, dir, c, nil).page("statement?partner_id=" + partner)
			if got := strings.Join(rowTexts(p.sheet("taxes")), "; "); got != want {
				t.Errorf("taxes of %s, seen by %s: %s", partner, c.Role, got)
			}
		}
	}
}

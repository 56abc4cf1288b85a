package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// currencies returns the workspace of testdata/currencies.txtar after its run.
func currencies(t *testing.T) string {
	t.Helper()
	dir := workspaceOf(t, "testdata/currencies.txtar", "")
	bill(t, dir, asOf)
	return dir
}

// workspaceOf returns a new folder with the files of an archive below the folders of tops; "" means all files.
func workspaceOf(t *testing.T, file, tops string) string {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "w")
	for _, f := range archive.Files {
		if top, _, _ := strings.Cut(f.Name, "/"); tops != "" && !slices.Contains(strings.Fields(tops), top) {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCurrencies requests amounts of customers and partners in several currencies. Each answer has one currency, or the
// currency of each row, and no amount adds up two currencies.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	dir := currencies(t)
	w := start(t, dir, nil)
	all, north := w.key(vendor, true).Secret, w.key(keys.Caller{Role: keys.Partner, Partner: "north"}, true).Secret
	bell := w.key(keys.Caller{Role: keys.Customer, Customer: "bell"}, true).Secret
	const monthly = "/v2/bills/partner-bills/subcustomer-bills/monthly-sum?cycle=2026-09&charge_mode=3"
	const detail = "/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-09&customer_id="
	const own = "/v2/bills/customer-bills/monthly-sum?bill_cycle=2026-09"
	for _, c := range []struct {
		key, path  string
		has, hasNo []string
	}{
		{north, monthly, []string{`"currency":"CNY"`, `"amount":24`, `"count":1`}, []string{"acme", "11.58", "35.58"}},
		{north, monthly + "&currency=USD", []string{`"currency":"USD"`, `"amount":11.58`, `"count":1`},
			[]string{"cho"}},
		{north, monthly + "&customer_id=acme", []string{`"currency":"USD"`, `"amount":11.58`}, []string{"cho"}},
		{north, monthly + "&currency=GBP", []string{"CBC.0100", "currency"}, []string{"acme", "cho"}},
		{north, detail + "acme", []string{`"currency":"USD"`, "11.58"}, []string{"CNY"}},
		{bell, own, []string{`"currency":"JPY"`, `"consume_amount":452`}, []string{"CNY"}},
		{all, "/v1/statements/2026-09", []string{`"totals":[`, `"owed_amount":"101.17`, `"cost_amount":"10.74`},
			[]string{`"total":{`, "111.91"}},
	} {
		body := strings.ReplaceAll(w.get(c.key, c.path).body, `": `, `":`)
		for _, text := range c.has {
			if !strings.Contains(body, text) {
				t.Errorf("%s has no %s:\n%s", c.path, text, body)
			}
		}
		for _, text := range c.hasNo {
			if strings.Contains(body, text) {
				t.Errorf("%s has %s:\n%s", c.path, text, body)
			}
		}
	}
}

// TestConsoleCurrencies opens pages for customers and partners with several currencies. Each page adds up amounts of
// one currency, links to the others, and shows both currencies of rows that have two. Invariant: PAGE-5.
func TestConsoleCurrencies(t *testing.T) {
	t.Parallel()
	dir := currencies(t)
	all := openConsole(t, dir, vendor, nil)
	for _, c := range []struct {
		page, table string
		rows        []string
	}{
		{"", "months", []string{"2026-09 provisional (open, with month-end lines) 24.00"}},
		{"?currency=USD", "months", []string{"2026-09 provisional (open, with month-end lines) 11.58"}},
		{"?currency=JPY", "months", []string{"2026-09 provisional (open, with month-end lines) 452"}},
		{"customers", "customers", []string{"cho cho north 1 24.00 24.00 24.00"}},
		{"customers?currency=USD", "customers", []string{"acme acme north 1 11.583 0.003 11.58 11.58"}},
		{"customers?currency=JPY", "customers", []string{"bell bell 1 451.5 −0.5 452 452"}},
		{"bill?customer_id=bell", "services", []string{"network network 1 451.5 −0.5 452"}},
		{"partners", "partners", []string{"north north reseller 2 24.00 CNY; 11.58 USD 101.17 101.17"}},
		{"partners?currency=EUR", "partners", []string{"hub hub distributor 0 0.00 0.00 10.74 12.75 2.01 −2.01"}},
		{"chain", "chain", []string{"acme USD 11.58 north CNY  78.37 hub EUR 1.56 8.34",
			"cho CNY 24.00 north CNY 1.20 22.80 hub EUR 0.45 2.40"}},
	} {
		p := all.page(c.page)
		rows := rowTexts(p.sheet(c.table))
		slices.Sort(rows)
		if !slices.Equal(rows, c.rows) {
			t.Errorf("%s: %q, want %q", c.page, rows, c.rows)
		}
		for _, sum := range []string{"35.58", "476", "463.58", "487.58", "111.91", "34.74"} {
			if strings.Contains(content(p.root), sum) {
				t.Errorf("%s adds currencies up to %s:\n%s", c.page, sum, p.text("main"))
			}
		}
	}
	for page, currency := range map[string]string{"customers": "CNY", "customers?currency=USD": "USD",
		"lines?customer_id=bell&cycle=2026-09": "JPY"} {
		foot := all.page(page).text("footer")
		if !strings.Contains(foot, "Amounts without a currency are in "+currency) {
			t.Errorf("%s: %s", page, foot)
		}
	}
	if links := all.page("customers").links(); !slices.ContainsFunc(links, func(l string) bool {
		return strings.Contains(l, "currency=USD")
	}) || slices.ContainsFunc(links, func(l string) bool { return strings.HasSuffix(l, "currency=CNY") }) {
		t.Errorf("links of customers: %q", links)
	}
}

// TestConsoleBandwidthCurrencies opens the list of links of customers with several currencies. Invariant: PAGE-5.
func TestConsoleBandwidthCurrencies(t *testing.T) {
	t.Parallel()
	dir := workspaceOf(t, "testdata/bandwidth_currencies.txtar", "")
	bill(t, dir, asOf)
	rows := strings.Join(rowTexts(openConsole(t, dir, vendor, nil).page("bandwidth?cycle=2026-09").sheet("objects")),
		"\n")
	for _, want := range []string{"EUR 100.00", "JPY 16,000"} {
		if !strings.Contains(rows+"\n", want+"\n") {
			t.Errorf("no %q in\n%s", want, rows)
		}
	}
}

// TestConsoleMenuOfPartner compares the navigation of the vendor and of a partner, who must name a customer to see its
// bandwidth.
func TestConsoleMenuOfPartner(t *testing.T) {
	t.Parallel()
	dir := workspaceOf(t, "testdata/currencies.txtar", "")
	bill(t, dir, asOf)
	for _, c := range []struct {
		keys.Caller
		shows bool
	}{{vendor, true}, {keys.Caller{Role: keys.Partner, Partner: "north"}, false}} {
		menu := openConsole(t, dir, c.Caller, nil).page("").text("nav")
		if strings.Contains(menu, "Bandwidth") != c.shows || !strings.Contains(menu, "Partners") {
			t.Errorf("navigation of %s: %s", c.Role, menu)
		}
	}
}

// TestConsoleCurrenciesOfPartnersMoney opens the pages about partners' money for the scenario that calculates it, and
// checks that each row has its currency. Invariant: PAGE-5.
func TestConsoleCurrenciesOfPartnersMoney(t *testing.T) {
	t.Parallel()
	dir := workspaceOf(t, "../../fixtures/scenarios/working_currency_partner_money.txtar", "tollbook.yaml books inbox")
	bill(t, dir, time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC))
	all := openConsole(t, dir, vendor, nil)
	for _, c := range []struct {
		page, table string
		rows        []string
	}{
		{"coupons", "coupons", []string{"book book  acme voucher EUR 3.00 3.00 0.00",
			"n1 quota pat bell voucher USD 5.50 5.50 0.00"}},
		{"withdrawals", "entries", []string{"recharge  cash JPY 1,001 1,001",
			"recharge  cash USD 1,000.00 1,000.00"}},
		{"deadlines", "deadlines", []string{"JPY 1,001", "USD 500.25"}},
	} {
		rows := strings.Join(rowTexts(all.page(c.page).sheet(c.table)), "\n")
		for _, want := range c.rows {
			if !strings.Contains(rows, want) {
				t.Errorf("%s: no %q in\n%s", c.page, want, rows)
			}
		}
	}
}

// TestConsoleCurrencyDownloads downloads tables with several currencies. A cell with amounts in several currencies is a
// text that has the currencies. What a party keeps is empty if it receives one currency and pays another.
func TestConsoleCurrencyDownloads(t *testing.T) {
	t.Parallel()
	all := openConsole(t, currencies(t), vendor, nil)
	for table, has := range map[string]string{"partners": "24.00000000 CNY; 11.58000000 USD",
		"chain": "acme,USD,11.58000000,north,CNY,,78.37"} {
		for _, format := range []string{"csv", "xlsx", "parquet"} {
			v := all.open(table + "?download=" + table + "." + format)
			if v.status != http.StatusOK {
				t.Errorf("%s as %s: status %d: %s", table, format, v.status, v.body)
			}
			if format == "csv" && !strings.Contains(v.body, has) {
				t.Errorf("%s has no %q:\n%s", table, has, v.body)
			}
		}
	}
}

package serve_test

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/fixtures/sample"
)

// payload turns a text into one that is HTML and a formula. Equal texts stay equal, so that books and feeds still refer
// to each other.
func payload(text string) string { return `=` + text + `<img src=x onerror="alert(1)">'&` }

// spoiled reports whether a column of books or feeds has texts that people choose. The values of a list are separated
// by semicolons.
func spoiled(column string) bool {
	return slices.Contains([]string{"ChargeDescription", "ResourceId", "ResourceName", "ServiceName", "SubAccountId",
		"SubAccountName", "account", "account_manager_id", "adjustment_id", "base_order_id", "bill_to",
		"buyer_id", "claim_id", "coupon_id", "coupon_ids", "customer_id", "discount_id", "event_id", "fund_id", "group",
		"invoice_id", "issuer_id", "manager_id", "name", "note", "order_id", "package_id", "parent_partner_id",
		"partner_id", "recipient_id", "record_id", "region_code", "remark", "replaces", "resource_id", "resource_name",
		"resource_type_code", "resource_type_name", "seller_id", "service_type_code", "service_type_name", "sku",
		"skus", "solution_id", "title", "usage_type", "withdrawal_id", "x_note"}, column)
}

// spoil replaces the texts of such columns in the CSV files of a workspace with payloads, and equal texts in its YAML
// books. It returns the columns.
func spoil(t *testing.T, dir string) (columns []string) {
	t.Helper()
	known := map[string]bool{}
	var books []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if strings.HasSuffix(name, ".yaml") && strings.Contains(name, "books") {
			books = append(books, name)
		}
		if strings.Contains(filepath.Base(name), ".csv") {
			columns = append(columns, spoilCSV(t, name, known)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range books {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		word := regexp.MustCompile(`"?[\w.\-]+"?`)
		var out strings.Builder
		for line := range strings.Lines(string(text)) {
			at := strings.Index(line, ": ") + 1
			if strings.Contains(line, "<img") {
				at = len(line)
			}
			out.WriteString(line[:at])
			out.WriteString(word.ReplaceAllStringFunc(line[at:], func(s string) string {
				bare := strings.Trim(s, `"`)
				if !known[bare] {
					return s
				}
				return `'` + strings.ReplaceAll(payload(bare), `'`, `''`) + `'`
			}))
		}
		if err := os.WriteFile(name, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// spoilCSV is spoil for one file, which may be compressed. It writes the file uncompressed.
func spoilCSV(t *testing.T, name string, known map[string]bool) (columns []string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(plain(t, name))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, row := range rows[1:] {
		for i, column := range rows[0] {
			if i >= len(row) || !spoiled(column) || slices.Contains([]string{"", "*", "vendor"}, row[i]) ||
				strings.Contains(row[i], "<img") {
				continue
			}
			columns = append(columns, filepath.Base(filepath.Dir(name))+"."+column)
			parts := strings.Split(row[i], ";")
			for k := range parts {
				known[parts[k]] = true
				parts[k] = payload(parts[k])
			}
			row[i] = strings.Join(parts, ";")
		}
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	to, _, _ := strings.Cut(filepath.Base(name), ".csv")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(name), to+".csv"), []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return columns
}

// plain returns the text of a file that may be compressed.
func plain(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = f
	switch filepath.Ext(name) {
	case ".gz":
		r, err = gzip.NewReader(f)
	case ".zst":
		r, err = zstd.NewReader(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestConsoleKeepsEveryText reads pages of several kinds of workspaces in which every text that people choose is HTML
// and a formula. It reads some pages per kind and set of parameters. Invariants: PAGE-1, CONSOLE-3.
func TestConsoleKeepsEveryText(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T, func(dir string)) string{
		"sample": func(t *testing.T, change func(string)) string {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "w")
			if err := sample.Write(dir); err != nil {
				t.Fatal(err)
			}
			change(dir)
			bill(t, dir, asOf)
			return dir
		},
		"money": moneyOf,
		"costs": costsOf,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var columns []string
			dir := make(t, func(dir string) { columns = append(columns, spoil(t, dir)...) })
			readAll(t, dir, columns)
		})
	}
}

// readAll opens pages of every kind in a workspace with payloads.
func readAll(t *testing.T, dir string, columns []string) {
	t.Helper()
	d := openConsole(t, dir, vendor, nil)
	most := 4 // maximum number of pages of one kind
	if testing.Short() {
		most = 1
	}
	kinds, visited, waiting := map[string]int{}, map[string]bool{}, []string{"/console/", "/console/?lang=zh"}
	payloads := 0
	for len(waiting) > 0 {
		address, _, _ := strings.Cut(waiting[0], "#")
		waiting = waiting[1:]
		kind := kindOf(t, address)
		if visited[address] || kinds[kind] >= most || testing.Short() && strings.Contains(address, ".sort=") {
			continue
		}
		visited[address] = true
		kinds[kind]++
		p := d.open(address)
		harmless(t, p)
		payloads += strings.Count(content(p.root), `<img src=x onerror="alert(1)">'&`)
		each(p.root, func(n *html.Node) {
			href := attr(n, "href")
			if strings.Contains(href, "download=") && strings.Contains(href, ".csv") && kinds[kind] == 1 {
				noFormulas(t, d.open(href))
			}
		}, "a")
		waiting = append(waiting, p.links()...)
	}
	t.Logf("%d columns, %d kinds of pages, %d pages, %d payloads", len(columns), len(kinds), len(visited), payloads)
	if len(columns) < 10 || len(kinds) < 20 || payloads < 500 {
		t.Errorf("%d columns, %d kinds of pages, %d payloads: the test proves little: %v", len(columns), len(kinds),
			payloads, columns)
	}
}

// kindOf returns an address without the values of its parameters.
func kindOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	return u.Path + "?" + strings.Join(names, "&")
}

package serve_test

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

const exports = "/v1/exports/consumption?cycle=2026-09"

// TestExports checks what each caller can download. Payments are powers of two, so that a sum identifies its lines.
func TestExports(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	tokens := map[string]string{}
	for _, c := range callers() {
		tokens[c.name] = w.key(c.key, true).Secret
	}
	for _, c := range []struct{ who, query, want string }{
		{"vendor", "", "255"},
		{"vendor", "&customer_id=cust-elm", "96"},
		{"vendor", "&partner_id=part-south", "12"},
		{"vendor", "&account_manager_id=m-2", "2"},
		{"north", "", "35"}, // without its resellers' lines
		{"north", "&customer_id=cust-elm", "32"},
		{"north", "&indirect_partner_id=part-south", "4"},
		{"north", "&with_resellers=true", "39"}, // also south's cedar, from while south bought from north
		{"north", "&with_resellers=true&customer_id=cust-aurora", "1"},
		{"north", "&with_resellers=true&indirect_partner_id=part-south", "CBC.0100"},
		{"north", "&with_resellers=true&format=focus", "CBC.0150"},
		{"vendor", "&with_resellers=true", "CBC.0100"}, // no partner is named
		{"vendor", "&partner_id=part-north", "35"},
		{"vendor", "&partner_id=part-north&with_resellers=true", "39"},
		{"north", "&account_manager_id=m-2", "2"},
		{"north", "&account_manager_id=m-2&customer_id=cust-aurora", "0"},
		{"north-m1", "&account_manager_id=m-1", "33"},
		{"north-m1", "", "CBC.0100"},
		{"south", "", "12"},
		{"east", "", "80"},
		{"east", "&indirect_partner_id=part-south", "8"},
		{"north", "&partner_id=part-east", "CBC.0151"},
		{"north", "&indirect_partner_id=part-east", "CBC.99000037"},
		{"aurora", "", "1"},
		{"aurora", "&customer_id=cust-elm", "CBC.0151"},
		{"fern", "", "128"},
		{"finance", "", "CBC.0151"},
		{"vendor", "&cycle=2026-10", "CBC.0100"}, // a duplicate parameter
		{"vendor", "&format=focus&split=true", "CBC.0100"},
		{"vendor", "&format=parquet&split=true", "CBC.0100"},
		{"vendor", "&format=pdf", "CBC.0100"},
		{"vendor", "&issuer_id=vendor", "CBC.0100"},
	} {
		got := w.get(tokens[c.who], exports+c.query)
		said := got.code
		if got.status == http.StatusOK {
			said = columnSum(t, got.body, "payment_amount")
		}
		if said != c.want {
			t.Errorf("%s%s: %s, want %s\n%.300s", c.who, c.query, said, c.want, got.body)
		}
	}
	for format, begins := range map[string]string{"csv": "cycle,", "csv&split=true": "\x1f\x8b", "ndjson": "{",
		"parquet": "PAR1", "arrow": "\xff\xff\xff\xff", "xlsx": "PK", "focus-parquet": "PAR1"} {
		if got := w.get(tokens["north"], exports+"&format="+format); got.status != http.StatusOK ||
			!strings.HasPrefix(got.body, begins) {
			t.Errorf("%s: %d %.40q", format, got.status, got.body)
		}
	}
}

// TestFocusExports checks that a partner gets what it invoices and what it is invoiced, and that a customer gets what
// it is invoiced.
func TestFocusExports(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	tokens := map[string]string{}
	for _, c := range callers() {
		tokens[c.name] = w.key(c.key, true).Secret
	}
	for _, c := range []struct{ who, query, want string }{
		{"aurora", "", "1"},
		{"aurora", "&issuer_id=part-north", "1"},
		{"aurora", "&issuer_id=part-east", "0"},
		{"fern", "", "128"},
		{"north", "&customer_id=cust-aurora", "1"},
		{"north", "&issuer_id=part-east", "0"},
		{"north", "&issuer_id=part-nobody", "CBC.0100"},
		{"north", "&issuer_id=vendor&customer_id=cust-aurora", "CBC.0150"},
		{"north", "&indirect_partner_id=part-south", "CBC.0150"},
		{"north", "&account_manager_id=m-1", "CBC.0150"},
	} {
		got := w.get(tokens[c.who], exports+"&format=focus"+c.query)
		said := got.code
		if got.status == http.StatusOK {
			said = columnSum(t, got.body, "BilledCost")
		}
		if said != c.want {
			t.Errorf("%s%s: %s, want %s\n%.600s", c.who, c.query, said, c.want, got.body)
		}
	}
}

// columnSum returns the sum of a column of a CSV, whose values are integers here.
func columnSum(t *testing.T, text, column string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v\n%.200s", err, text)
	}
	sum, at := 0.0, -1
	for i, name := range rows[0] {
		if name == column {
			at = i
		}
	}
	for _, row := range rows[1:] {
		f, err := strconv.ParseFloat(row[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += f
	}
	return strconv.FormatFloat(sum, 'f', -1, 64)
}

// TestResume interrupts a download and requests the rest: the same bytes, or the complete file if it has changed.
func TestResume(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	for _, format := range []string{"csv", "parquet", "focus"} {
		path := exports + "&format=" + format
		whole := w.get(token, path)
		tag := whole.header.Get("ETag")
		if whole.status != http.StatusOK || len(tag) != 34 || whole.header.Get("Accept-Ranges") != "bytes" {
			t.Fatalf("%d %v", whole.status, whole.header)
		}
		for _, c := range []struct {
			headers map[string]string
			status  int
			body    string
		}{
			{map[string]string{"Range": "bytes=100-", "If-Range": tag}, http.StatusPartialContent, whole.body[100:]},
			{map[string]string{"Range": "bytes=0-99"}, http.StatusPartialContent, whole.body[:100]},
			{map[string]string{"Range": "bytes=100-", "If-Range": `"other"`}, http.StatusOK, whole.body},
			{map[string]string{"If-None-Match": tag}, http.StatusNotModified, ""},
		} {
			r := w.request(http.MethodGet, path, "")
			r.Header.Set("X-Auth-Token", token)
			for name, value := range c.headers {
				r.Header.Set(name, value)
			}
			if got := w.do(r); got.status != c.status || got.body != c.body || got.header.Get("ETag") != tag {
				t.Errorf("%s %v: %d, %d bytes, %s", format, c.headers, got.status, len(got.body),
					got.header.Get("ETag"))
			}
		}
	}
}

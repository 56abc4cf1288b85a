package serve_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// archivedWorld returns a workspace with an archived September of 30.00 and, if given, an open October of 7.00.
func archivedWorld(t *testing.T, october string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	for name, text := range map[string]string{
		"tollbook.yaml": "zone: UTC\ncurrency: {code: EUR, digits: 2}\nrounding: {grain: line, mode: half_up}\n" +
			"usage: {max_age_months: 1}\nretention: {lines_months: 1}\n",
		"books/products.csv":  "sku,service_type_code,measure,pricing_model\ngb,net,GB,flat\n",
		"books/prices.csv":    "sku,valid_from,tier,unit_price\ngb,2026-01-01,1,1\n",
		"books/customers.csv": "customer_id\nann\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"a,ann,r,gb,east,2026-09-05T00:00:00Z,2026-09-05T00:00:00Z,30\n" + october,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := workspace.Options{AsOf: period.Instant(asOf.UnixMicro()), Env: func(string) string { return "" }}
	if _, err := run.Close(t.Context(), w, period.CycleOf(2026, 9), false, o); err != nil {
		t.Fatal(err)
	}
	o.AsOf = period.Instant(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMicro())
	r, err := admin.Prune(t.Context(), w, admin.PruneOptions{}, o)
	if err != nil || len(r.Cycles) != 1 {
		t.Fatalf("archived %+v: %v", r, err)
	}
	return dir
}

// TestArchivedCycles requests what covers all cycles while the oldest or all of them are archived. The API lists
// archived cycles with their totals, the overview has their sums for callers that see every customer, and there is no
// error.
func TestArchivedCycles(t *testing.T) {
	t.Parallel()
	ann := keys.Caller{Role: keys.Customer, Customer: "ann"}
	months := func(dir string, c keys.Caller) string {
		rows := rowTexts(openConsole(t, dir, c, nil).page("").sheet("months"))
		slices.Sort(rows)
		return strings.Join(rows, "; ")
	}
	some := archivedWorld(t, "b,ann,r,gb,east,2026-10-05T00:00:00Z,2026-10-05T00:00:00Z,7\n")
	if got := months(some, vendor); got != "2026-09 archived 30.00; 2026-10 provisional (open) 7.00" {
		t.Errorf("overview: %s", got)
	}
	if got := months(some, ann); got != "2026-10 provisional (open) 7.00" {
		t.Errorf("overview of a customer: %s", got)
	}
	for path, c := range map[string]keys.Caller{"customer?customer_id=ann": vendor, "search?q=a": vendor, "": ann} {
		if p := openConsole(t, some, c, nil).page(path); !strings.Contains(p.text("main"),
			"Cycles up to 2026-09 are archived: this page does not have their lines.") {
			t.Errorf("%s: %s", path, p.text("main"))
		}
	}
	all := archivedWorld(t, "")
	if got := months(all, vendor); got != "2026-09 archived 30.00" {
		t.Errorf("overview of archived cycles: %s", got)
	}
	if p := openConsole(t, all, ann, nil).page(""); !strings.Contains(p.text("main"), "All cycles are archived.") {
		t.Errorf("overview of a customer: %s", p.text("main"))
	}
	w := start(t, all, nil)
	body := strings.ReplaceAll(w.get(w.key(vendor, true).Secret, "/v1/cycles").body, " ", "")
	for _, text := range []string{`"cycle":"2026-09","state":"closed","month_end":true,"archived":"2026-11-20`,
		`"name":"lines.payment_amount","value":"30.00000000"`} {
		if !strings.Contains(body, text) {
			t.Errorf("/v1/cycles has no %s:\n%s", text, body)
		}
	}
}

package serve_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// skipped is a workspace with data of July and September, but not of August. In September 5 seats are removed for the
// last 10 of 30 days: -5 × 10/30 = -1.6666666667, at 10 = -16.67.
const skipped = `
-- tollbook.yaml --
zone: UTC
currency: {code: EUR, digits: 2}
rounding: {grain: line, mode: half_up}
-- books/products.csv --
sku,service_type_code,measure,pricing_model,meter,prorate
gb,store,GB,flat,customer,
seats,office,seat,graduated,customer,days
-- books/prices.csv --
sku,valid_from,tier,unit_price
gb,2026-01-01,1,1
seats,2026-01-01,1,10
-- books/customers.csv --
customer_id
acme
-- inbox/usage/a.csv --
record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
u1,acme,r,gb,eu,2026-07-10T00:00:00Z,2026-07-11T00:00:00Z,3
u2,acme,r,gb,eu,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,5
s1,acme,r,seats,eu,2026-09-21T00:00:00Z,2026-10-01T00:00:00Z,-5
`

// TestConsoleOfSkippedMonth opens the overview of a lake without data of the month before the newest. Both tables then
// compare with an empty month (C171). The usage records of a month-end line may have a negative sum.
func TestConsoleOfSkippedMonth(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	files, err := txtar.FS(txtar.Parse([]byte(skipped)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	at, err := period.ParseInstant("2026-10-01T04:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, period.CycleOf(2026, 9), workspace.Options{AsOf: at}); err != nil {
		t.Fatal(err)
	}
	d := openConsole(t, dir, vendor, nil)
	p := d.page("")
	if text := p.text("main"); !strings.Contains(text, "2026-09 compared with 2026-08") ||
		!strings.Contains(text, "There is no data of cycle 2026-08.") {
		t.Errorf("overview: %s", text)
	}
	// 5.00 - 16.67 = -11.67, of a customer without lines in August
	for name, want := range map[string]string{"changes": "0.00 −11.67 −11.67", "causes": "0.00 −11.67 −11.67"} {
		s := p.sheet(name)
		addsUp(t, p, &s)
		if got := strings.Join(s.total, " "); !strings.HasSuffix(got, want) {
			t.Errorf("%s: total %q, want %q", name, got, want)
		}
	}
	line := d.page("line?customer_id=acme&cycle=2026-09&id=2026-09%2Fseats%2Feu%2F").sheet("records")
	if got := strings.Join(line.total, " "); len(line.rows) != 1 || !strings.HasSuffix(got, "−5") {
		t.Errorf("usage records %q, total %q, want −5", line.rows, got)
	}
}

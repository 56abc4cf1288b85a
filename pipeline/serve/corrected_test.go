package serve_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestCorrectedBooks reads a closed month after associations and parents were corrected: its records belong to the
// partners of its statements. In an open month the books decide. Invariant: OP-3.
func TestCorrectedBooks(t *testing.T) {
	t.Parallel()
	dir := workspaceOf(t, "testdata/corrected.txtar", "")
	open := func() (*workspace.Workspace, workspace.Options) {
		w, err := workspace.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return w, workspace.Options{AsOf: period.Instant(asOf.UnixMicro()), Env: func(string) string { return "" }}
	}
	// c2 has more lines than an answer buffers: nothing is sent until the last row agrees with the statements.
	more := strings.Builder{}
	more.WriteString("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n")
	for i := range 2_000 {
		fmt.Fprintf(&more, "v%d,c2,r,gb,east,2026-09-06T00:00:00Z,2026-09-06T00:00:00Z,1\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "inbox", "usage", "more.csv"), []byte(more.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	w, o := open()
	if _, err := run.Close(t.Context(), w, period.CycleOf(2026, 9), false, o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"partners.csv", "associations.csv"} {
		if err := os.Rename(filepath.Join(dir, "after", "books", name), filepath.Join(dir, "books", name)); err != nil {
			t.Fatal(err)
		}
	}
	w, o = open()
	if _, err := run.Nightly(t.Context(), w, o); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, nil)
	tokens := map[string]string{}
	for _, id := range []string{"hub", "far", "rex", "lone"} {
		tokens[id] = s.key(keys.Caller{Role: keys.Partner, Partner: id}, true).Secret
	}
	const detail, monthly = "/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-09&customer_id=",
		"/v2/bills/partner-bills/subcustomer-bills/monthly-sum?charge_mode=3&cycle=2026-09"
	const export, ofRex = "/v1/exports/consumption?format=csv&cycle=2026-09", "&indirect_partner_id=rex"
	const focus = "/v1/exports/consumption?format=focus&cycle=2026-09"
	for _, c := range []struct{ partner, path, shows, hides string }{
		{"rex", detail + "c1", `"total_count":1`, "u2"},
		{"rex", monthly + "&customer_id=c1", "71", "c2"},
		{"rex", detail + "c2", "CBC.99000035", "u2"},
		{"rex", strings.ReplaceAll(detail, "09", "10") + "c2", "CBC.99000035", "u2"},
		{"rex", strings.ReplaceAll(detail, "09", "10") + "c1", `"total_count":0`, "u1"},
		{"lone", detail + "c1", `"total_count":0`, "u1"},
		{"hub", monthly + ofRex, "71", "c2"},
		{"hub", detail + "c1" + ofRex, `"total_count":1`, "u2"},
		{"hub", export + ofRex, "u1", "u2"},
		{"hub", export + "&with_resellers=true", "u1", "u2"},
		{"hub", strings.ReplaceAll(monthly, "09", "10") + ofRex, "CBC.99000037", "c1"},
		{"hub", monthly + "&indirect_partner_id=lone", "CBC.99000037", "c2"},
		{"far", monthly + ofRex, `"count":0`, "c1"},
		{"far", export + ofRex, "consume_time", "u1"},
		{"far", export + "&with_resellers=true", "u2", "u1"},
		{"far", monthly + "&indirect_partner_id=lone", "c2", "c1"},
		// By its statement hub invoiced rex; by the current books far does (FOCUS-7). rex still invoices c1.
		{"hub", focus, "CBC.0503", "u1"},
		{"far", focus + "&issuer_id=far", "CBC.0503", "u1"},
		{"rex", focus, "u1", "u2"},
	} {
		r := s.request(http.MethodGet, c.path, "")
		r.Header.Set("X-Auth-Token", tokens[c.partner])
		body := strings.ReplaceAll(s.do(r).body, `": `, `":`)
		if !strings.Contains(body, c.shows) || strings.Contains(body, c.hides) {
			t.Errorf("%s of %s: want %s and not %s:\n%s", c.path, c.partner, c.shows, c.hides, body)
		}
	}
}

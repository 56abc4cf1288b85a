package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// TestDamagedFile (SERVE-12) checks a Parquet file of the lake that is lost, emptied, truncated or changed while the
// server runs. Requests that need it get CBC.0999, never a partial or an older answer, and the log has the file and a
// remedy. All other requests are answered. Once the file is restored, all requests are.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	const (
		export  = "/v1/exports/consumption?cycle=2026-09"
		records = "/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-09&customer_id="
	)
	// The file of 20 September has two records, of cust-cedar and cust-elm. Explaining a line searches all files for
	// its id, and the statement of an open cycle adds up the lines of cust-elm.
	needed := []string{
		export, export + "&customer_id=cust-cedar", records + "cust-cedar", records + "cust-elm",
		"/v1/lines/rec-elm-2/explain", "/v1/lines/rec-fern/explain", "/v1/statements/2026-09/part-east",
	}
	others := []string{
		"/v1/cycles", "/readyz", "/healthz", export + "&customer_id=cust-dune", export + "&customer_id=cust-fern",
		records + "cust-dune", records + "cust-fern",
	}
	dir := billed(t)
	files, err := filepath.Glob(filepath.Join(dir, "lake/lines/cycle=2026-09/day=2026-09-20/*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files of the day: %v, %v", files, err)
	}
	name := files[0]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	undamaged := start(t, dir, nil)
	token := undamaged.key(keys.Caller{Role: keys.Vendor}, true).Secret
	want := map[string]string{}
	for _, path := range slices.Concat(needed, others) {
		got := undamaged.get(token, path)
		if got.status != http.StatusOK {
			t.Fatalf("%s before: %d %s", path, got.status, got.body)
		}
		want[path] = got.body
	}
	changed := slices.Clone(text)
	for i := range changed {
		changed[i] ^= 1
	}
	for what, damage := range map[string][]byte{"lost": nil, "empty": {}, "cut": text[:len(text)/2],
		"changed": changed} {
		if err := os.Remove(name); err != nil { // the next server has not read the file
			t.Fatal(err)
		}
		if damage != nil {
			write(t, name, damage)
		}
		w := start(t, dir, nil)
		for _, path := range needed {
			if got := w.get(token, path); got.status != http.StatusInternalServerError || got.code != "CBC.0999" {
				t.Errorf("%s, %s: %d %s, want 500 CBC.0999", what, path, got.status, got.body)
			}
		}
		for _, path := range others {
			if got := w.get(token, path); got.status != http.StatusOK || got.body != want[path] {
				t.Errorf("%s, %s: %d %s, want %s", what, path, got.status, got.body, want[path])
			}
		}
		base := filepath.Base(name)
		if log := w.log.String(); strings.Count(log, base) < len(needed) ||
			!strings.Contains(log, "put that file back from a backup") {
			t.Errorf("%s: the log does not name %s %d times with what to do:\n%s", what, base, len(needed), log)
		}
		write(t, name, text)
		for _, path := range slices.Concat(needed, others) {
			if got := w.get(token, path); got.status != http.StatusOK || got.body != want[path] {
				t.Errorf("%s, put back, %s: %d %s, want %s", what, path, got.status, got.body, want[path])
			}
		}
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

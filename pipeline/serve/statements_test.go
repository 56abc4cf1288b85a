package serve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// TestStatementsOfAnOpenCycle checks that the settlement of an open cycle is calculated once for all requests, until
// another night is committed.
func TestStatementsOfAnOpenCycle(t *testing.T) {
	t.Parallel()
	dir, scratch := billed(t), filepath.Join(t.TempDir(), "scratch")
	keeps := start(t, dir, func(_ *settings.API, c *serve.Config) { c.Scratch = scratch })
	anew := start(t, dir, func(_ *settings.API, c *serve.Config) { c.Scratch = "" })
	finance := keeps.key(keys.Caller{Role: keys.Finance}, true).Secret
	north := keeps.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret
	ask := func() string {
		t.Helper()
		all := ""
		for _, q := range []struct{ token, path string }{
			{finance, "/v1/statements/2026-09"}, {north, "/v1/statements/2026-09"},
			{finance, "/v1/statements/2026-09/part-south"},
			{finance, "/v1/statements/2026-09/part-east"}, {north, "/v1/statements/2026-09/part-north"},
			{finance, "/v1/statements/2026-09"},
		} {
			got, want := keeps.get(q.token, q.path), anew.get(q.token, q.path)
			if got.status != http.StatusOK || got.body != want.body {
				t.Errorf("%s: %d %s\nworked out anew: %d %s", q.path, got.status, got.body, want.status, want.body)
			}
			all += got.body
		}
		return all
	}
	kept := func(want int) {
		t.Helper()
		files, err := os.ReadDir(scratch)
		if err != nil || len(files) != want {
			t.Errorf("kept %d files, want %d (%v)", len(files), want, err)
		}
	}
	first := ask()
	kept(1)
	if again := ask(); again != first {
		t.Errorf("asked again: %s\nfirst: %s", again, first)
	}
	kept(1)

	const late = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"rec-more,cust-birch,res-birch,vm,east,2026-09-06T00:00:00+08:00,2026-09-06T01:00:00+08:00,5\n"
	if err := os.WriteFile(filepath.Join(dir, "inbox/usage/second.csv"), []byte(late), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Nightly(t.Context(), w,
		workspace.Options{AsOf: period.Instant(asOf.Add(24 * time.Hour).UnixMicro())}); err != nil {
		t.Fatal(err)
	}
	if second := ask(); second == first || strings.Contains(second, "error") {
		t.Errorf("after a night with another record: %s", second)
	}
	kept(2)
}

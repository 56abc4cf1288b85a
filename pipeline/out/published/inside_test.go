package published

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/targets"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestRowsGoWhileTheyAreRead reads an earlier state while a publish deletes rows that no view shows: what was read is
// discarded. Invariant: PUBLISHED-2.
func TestRowsGoWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "w")
	must(sample.WriteUsage(dir))
	dsn := strings.TrimSuffix(server.Start(t, server.Options{}).DSN(), "/default") + "/goes"
	file := filepath.Join(dir, "tollbook.yaml")
	text, err := os.ReadFile(file)
	must(err)
	must(os.WriteFile(file, []byte(strings.Replace(string(text), `clickhouse: {dsn: "", cluster: ""}`,
		"clickhouse: {dsn: '"+dsn+"'}", 1)), 0o600))
	w, err := workspace.Open(dir)
	must(err)
	asOf, err := period.ParseInstant(sample.AsOf)
	must(err)
	o := workspace.Options{AsOf: asOf, Env: func(string) string { return "" }}
	month, err := period.ParseCycle(sample.Cycle)
	must(err)
	state := func(run func() (*workspace.Report, error)) *lake.Snapshot {
		t.Helper()
		r, err := run()
		must(err)
		if r.Published == nil {
			t.Fatalf("not published: %+v", r.Owed)
		}
		l, err := w.Lake(o)
		must(err)
		snap, err := l.Head()
		must(err)
		return snap
	}
	earlier := state(func() (*workspace.Report, error) { return run.Monthly(t.Context(), w, month, o) })
	must(os.WriteFile(filepath.Join(dir, "inbox", "usage", "more.csv"),
		[]byte(`record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
more,delta,delta-depot,vm.c2,east-1,2026-09-10T00:00:00+08:00,2026-09-10T01:00:00+08:00,60
`), 0o600))
	state(func() (*workspace.Report, error) { return run.Nightly(t.Context(), w, o) })

	options, err := clickhouse.FromSettings(&w.Settings.ClickHouse, dir, o.Env)
	must(err)
	conn, err := clickhouse.Open(t.Context(), options)
	must(err)
	defer func() { must(conn.Close()) }()
	p := NewClickHouse(conn, options.Database).At(earlier, nil)
	var before, after uint64
	read := func(clean bool) error {
		return p.of(t.Context(), lakekey.Cycle(sample.Cycle), func(from string) error {
			must(conn.One(t.Context(), "count", "SELECT count() FROM "+from, nil, &before))
			if clean {
				w.Settings.ClickHouse.Keep = 0
				_, err := targets.ClickHouse(t.Context(), w, targets.Options{Cycle: place.NoCycle}, o)
				must(err)
			}
			return conn.One(t.Context(), "count", "SELECT count() FROM "+from, nil, &after)
		})
	}
	if err := read(false); err != nil || before != 18351 || after != before {
		t.Errorf("nothing is deleted: %d and %d rows, %v", before, after, err)
	}
	behind := new(BehindError)
	if err := read(true); !errors.As(err, &behind) || behind.Want != 1 || behind.State != 2 || before != 18351 ||
		after == before {
		t.Errorf("rows go: %d, then %d, %v", before, after, err)
	}
}

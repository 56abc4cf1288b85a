package published

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestRowsGoWhileTheyAreRead reads an earlier state while a publish deletes rows that no view shows. The rows that were
// read are discarded. Invariant: PUBLISHED-2.
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
	options, err := publish.ServerOptionsFrom(&w.Settings.ClickHouse, dir, o.Env)
	must(err)
	conn, err := publish.OpenServer(t.Context(), options)
	must(err)
	defer func() { must(conn.Close()) }()
	p := NewClickHouse(conn, options.Database).At(earlier, nil)
	q := query.LineQuery{Cycle: lakekey.Cycle(sample.Cycle), Customer: "delta", Limit: 1 << 16}
	first, err := p.Page(t.Context(), q)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "inbox", "usage", "more.csv"),
		[]byte(`record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
more,delta,delta-depot,vm.c2,east-1,2026-09-10T00:00:00+08:00,2026-09-10T01:00:00+08:00,60
`), 0o600))
	latest := state(func() (*workspace.Report, error) { return run.Nightly(t.Context(), w, o) })

	lakeAnswers(t, options, latest, &q)
	at := stateOf{earlier.Hash, sample.Cycle}
	if shown, ok := p.remembered(at); !ok || !shown.Newest {
		t.Errorf("remembered before the night: %+v %v", shown, ok)
	}
	if again, err := p.Page(t.Context(), q); err != nil || !slices.Equal(told(again), told(first)) {
		t.Errorf("the state before the night: %v", err)
	}
	if shown, ok := p.remembered(at); !ok || shown.Newest || len(p.whole) != 1 {
		t.Errorf("remembered after the night: %+v %v, counted %v", shown, ok, p.whole)
	}
	pagesAgree(t, p)
	var before, after uint64
	read := func(clean bool) error {
		return p.of(t.Context(), lakekey.Cycle(sample.Cycle), func(shown *Shown) error {
			from := shown.Rows(tables.Lines().Name)
			must(conn.One(t.Context(), "count", "SELECT count() FROM "+from, nil, &before))
			if clean {
				w.Settings.ClickHouse.Keep = 0
				_, err := run.PublishClickHouse(t.Context(), w, run.PublishOptions{Cycle: lake.NoCycle}, o)
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

// lakeAnswers checks that the lake returns the same page while the server refuses connections, and that the server is
// used again after that. Invariant: PUBLISHED-4.
func lakeAnswers(t *testing.T, options publish.ServerOptions, latest *lake.Snapshot, q *query.LineQuery) {
	t.Helper()
	proxy := server.NewProxy(t, options.Address)
	options.Address = proxy.Addr()
	conn, err := publish.OpenServer(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	files, err := query.NewLakeLines(query.LakeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close(); _ = conn.Close() })
	store := NewClickHouse(conn.Once(), options.Database)
	away := 0
	store.Away = func(error) { away++ }
	page := func(at int) (lines []string) {
		t.Helper()
		got, err := store.At(latest, files.At(latest)).Page(t.Context(), *q)
		if err != nil {
			t.Fatal(err)
		}
		if away != at {
			t.Errorf("the server was away %d times, want %d", away, at)
		}
		return told(got)
	}
	want := page(0)
	proxy.Refuse(true)
	proxy.Cut()
	if got := page(1); len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("the lake answers with %d lines, the server with %d, or other ones", len(got), len(want))
	}
	failed := new(publish.ServerError)
	if _, err := store.At(latest, nil).Page(t.Context(), *q); !errors.As(err, &failed) {
		t.Errorf("without a lake: %v", err)
	}
	proxy.Refuse(false)
	if got := page(1); !slices.Equal(got, want) {
		t.Error("the server answers otherwise than before")
	}
}

// pagesAgree checks that a page read by one statement equals the page read by three, that the pointer is queried as
// rarely as possible, and that the server reports that it would read too many rows. Invariant: PUBLISHED-3.
func pagesAgree(t *testing.T, p *State) {
	t.Helper()
	cycle := lakekey.Cycle(sample.Cycle)
	split := 0
	for _, q := range []query.LineQuery{{Limit: 7, Offset: 3}, {Limit: 1 << 16}, {Limit: 5, Offset: 1 << 20},
		{Limit: 50, Where: []query.Condition{{Column: tables.LineTier.Of(), Op: query.IsAnyOf, Values: []string{"2"}}}},
		{Limit: 50, Where: []query.Condition{{Column: tables.LineTier.Of(), Op: query.IsAnyOf, Values: []string{"x"}}}},
		{Limit: 9, Where: []query.Condition{{Column: tables.LineSKU.Of(), Op: query.IsNot, Values: []string{"no"}},
			{Column: tables.LinePaymentAmount.Of(), Op: query.Positive}}},
	} {
		q.Cycle, q.Customer = cycle, "aurora" // has traffic in several tiers
		one, three := new(query.LinePage), new(query.LinePage)
		one.Rows, three.Rows = parquet.NewColumns(tables.Lines()), parquet.NewColumns(tables.Lines())
		err := p.of(t.Context(), cycle, func(shown *Shown) error {
			from := shown.Rows(tables.Lines().Name)
			known, err := p.atOnce(t.Context(), shown, &q, one)
			if err == nil && shown.read != (known && shown.Newest && shown.whole) {
				t.Errorf("%+v: the statement read the pointer: %v", q, shown.read)
			}
			if err == nil && !known {
				err = p.count(t.Context(), from, &q, one)
			}
			return errors.Join(err, p.count(t.Context(), from, &q, three), p.rows(t.Context(), from, &q, three),
				p.split(t.Context(), from, &q, three))
		})
		if err != nil || one.Total != three.Total || !slices.Equal(one.Split, three.Split) ||
			!slices.Equal(told(one), told(three)) {
			t.Errorf("%+v: %v\ngot  %d %v %v\nwant %d %v %v", q, err, one.Total, one.Split, told(one), three.Total,
				three.Split, told(three))
		}
		for _, several := range one.Split {
			if several {
				split++
			}
		}
		if _, ok := p.remembered(stateOf{p.snap.Hash, cycle.String()}); !ok {
			t.Error("the move is not remembered")
		}
	}
	if split == 0 {
		t.Error("no record has several lines")
	}
	few := publish.WithSettings(t.Context(), "max_rows_to_read", "10")
	var n uint64
	err := p.of(t.Context(), cycle, func(shown *Shown) error {
		from := shown.Rows(tables.Lines().Name)
		return p.conn.One(few, "count", "SELECT count() FROM "+from+" AND customer_id = 'aurora'", nil, &n)
	})
	if !publish.TooManyRows(err) {
		t.Errorf("more than 10 rows: %d, %v", n, err)
	}
}

// told returns the rows of a page as texts.
func told(p *query.LinePage) []string {
	var list []string
	for i := range p.Rows.N {
		list = append(list, fmt.Sprint(string(p.Rows.Text(tables.LineID).At(i)),
			p.Rows.Time(tables.LineUsageStart).At(i), p.Rows.Amount(tables.LinePaymentAmount).At(i)))
	}
	return list
}

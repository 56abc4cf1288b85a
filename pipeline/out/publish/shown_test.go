package publish_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// head returns the lake's live state.
func (w *world) head() *lake.Snapshot {
	w.Helper()
	l, err := w.workspace().Lake(w.options())
	w.must(err)
	snap, err := l.Head()
	w.must(err)
	return snap
}

// more adds an hour to a machine of delta on 10 September and runs a night, which replaces the files of that day in
// delta's bucket.
func (w *world) more() {
	w.Helper()
	w.must(os.WriteFile(filepath.Join(w.dir, "inbox", "usage", "more.csv"),
		[]byte(`record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity
more,delta,delta-depot,vm.c2,east-1,2026-09-10T00:00:00+08:00,2026-09-10T01:00:00+08:00,60
`), 0o644))
	r, err := run.Nightly(w.Context(), w.workspace(), w.options())
	w.must(err)
	if r.Owed != nil {
		w.Fatalf("not published: %+v", r.Owed)
	}
}

func (w *world) connect() *publish.Conn {
	w.Helper()
	o, err := publish.ServerOptionsFrom(&w.workspace().Settings.ClickHouse, w.dir, func(string) string { return "" })
	w.must(err)
	conn, err := publish.OpenServer(w.Context(), o)
	w.must(err)
	w.Cleanup(func() { w.must(conn.Close()) })
	return conn
}

// copied returns a store that reads from the server, as in a program that has just started.
func (w *world) copied(snap *lake.Snapshot, other query.Store) query.Store {
	w.Helper()
	return published.NewClickHouse(w.connect(), "copy").At(snap, other)
}

// files returns a store that reads from the lake and has no open files.
func (w *world) files(snap *lake.Snapshot) query.Store {
	w.Helper()
	l, err := query.NewLakeLines(query.LakeOptions{})
	w.must(err)
	w.Cleanup(l.Close)
	return l.At(snap)
}

// told returns what a store knows about delta: the number of lines, their ids and costs, and the customers that
// consumed, with their partners.
func told(ctx context.Context, s query.Store) (string, error) {
	page, err := s.Page(ctx, query.LineQuery{Cycle: lakekey.Cycle("2026-09"), Customer: "delta", Limit: 1 << 20})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintln(&b, page.Total, page.Rows.N)
	for i := range page.Rows.N {
		fmt.Fprintf(&b, "%s %v %v\n", page.Rows.Text(tables.LineID).At(i),
			page.Rows.Amount(tables.LinePaymentAmount).At(i),
			page.Split[i])
	}
	sums, err := s.Sums(ctx, query.SumQuery{Cycle: lakekey.Cycle("2026-09"), Customers: []string{"delta"},
		By: tables.Columns(tables.LineSKU)})
	if err != nil {
		return "", err
	}
	shares, err := s.Shares(ctx, lakekey.Cycle("2026-09"))
	fmt.Fprint(&b, sums, shares)
	return b.String(), err
}

func isBehind(err error) bool {
	behind := new(published.BehindError)
	return errors.As(err, &behind)
}

// TestEarlierState checks that a state can be read from the server after the next state was published and the lake's
// files of the earlier one were deleted, on one server and on two shards. It cannot be read if one of its rows, or the
// record of one of its loads, was deleted.
func TestEarlierState(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	for _, shards := range []int{1, 2} {
		t.Run(fmt.Sprint(shards), func(t *testing.T) {
			t.Parallel()
			servers, cluster := []*server.Server{nil}, ""
			if shards > 1 {
				servers, cluster = server.StartCluster(t, shards, server.Options{}), ", cluster: "+server.ClusterName
			} else {
				servers[0] = server.Start(t, server.Options{})
			}
			w := at(t, servers[0], copyOf(servers[0].DSN()), cluster)
			w.publishedMonth()
			earlier := w.head()
			want, err := told(t.Context(), w.files(earlier))
			w.must(err)
			w.more()
			moved := new(lake.MovedError)
			if _, err := told(t.Context(), w.files(earlier)); !errors.As(err, &moved) {
				t.Fatalf("the lake still answers of the state before: %v", err)
			}
			if got, err := told(t.Context(), w.copied(earlier, nil)); err != nil || got != want {
				t.Errorf("the state before: %v\ngot  %s\nwant %s", err, got, want)
			}
			live, err := told(t.Context(), w.files(w.head()))
			w.must(err)
			if got, err := told(t.Context(), w.copied(w.head(), nil)); err != nil || got != live || got == want {
				t.Errorf("the live state: %v\ngot  %s\nwant %s", err, got, live)
			}
			w.rowsGo(earlier, shards)
		})
	}
}

// rowsGo deletes a row of a load that only the previous state has, then the record of that load.
func (w *world) rowsGo(earlier *lake.Snapshot, shards int) {
	w.Helper()
	const live = "(SELECT arrayJoin((SELECT argMax(loads, number) FROM copy_internal.published)))"
	if shards == 1 {
		w.ask(
			"DELETE FROM copy_internal.lines_data WHERE id = (SELECT min(id) FROM copy_internal.lines_rows WHERE " +
				"load NOT IN " + live + ") AND load NOT IN " + live,
		)
		if _, err := told(w.Context(), w.copied(earlier, nil)); !isBehind(err) {
			w.Errorf("a row was deleted: %v", err)
		}
	}
	w.ask("DELETE FROM copy_internal.loads WHERE table_name = 'lines' AND load NOT IN " + live)
	if _, err := told(w.Context(), w.copied(earlier, nil)); !isBehind(err) {
		w.Errorf("a load is noted no more: %v", err)
	}
}

// TestEarlierStateGoes checks that the previous pointer is deleted after keep, and its rows after it. As soon as a row
// may be missing, a reader gets the error for a deleted state.
func TestEarlierStateGoes(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	earlier := w.head()
	w.more()
	conn := w.connect()
	shown, ok, err := published.Find(t.Context(), conn, "copy", earlier, "2026-09")
	if err != nil || !ok || shown.Newest {
		t.Fatalf("%+v %v %v", shown, ok, err)
	}
	state := func(step string, there bool, rows string) {
		t.Helper()
		w.shows(rowsOfLinesSQL, rows)
		if got, _, err := shown.There(t.Context(), conn); err != nil || got != there {
			t.Errorf("%s: there %v, %v", step, got, err)
		}
		if _, err := told(t.Context(), w.copied(earlier, nil)); there && err != nil || !there && !isBehind(err) {
			t.Errorf("%s: %v", step, err)
		}
	}
	both := w.ask(rowsOfLinesSQL)
	if both == "18352" {
		t.Fatal("no row is of the state before alone")
	}
	state("published", true, both)
	w.settings(copyOf(w.server.DSN()), ", keep: 0s")
	w.stopAt(publish.StepBeforeClean)
	state("before cleaning", true, both)
	w.stopAt(publish.StepForgotten)
	state("the pointer is gone, the rows are not", false, both)
	w.publish()
	state("cleaned", false, "18352")
	moved := new(lake.MovedError)
	if _, err := told(t.Context(), w.copied(earlier, w.files(earlier))); !errors.As(err, &moved) {
		t.Errorf("from neither: %v", err)
	}
	w.shows("SELECT count() FROM copy_internal.published", "1")
	w.shows(
		"SELECT count() FROM copy_internal.loads WHERE load NOT IN (SELECT arrayJoin(loads) FROM "+
			"copy_internal.published)",
		"0",
	)
	now := w.head()
	if _, ok, err := published.Find(t.Context(), conn, "copy", now, "2026-10"); err != nil || ok {
		t.Errorf("a cycle that there is nothing of: %v %v", ok, err)
	}
	if _, ok, err := published.Find(t.Context(), conn, "elsewhere", now, "2026-09"); err != nil || ok {
		t.Errorf("no such database: %v %v", ok, err)
	}
}

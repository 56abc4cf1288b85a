package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
)

// TestSample checks that a run publishes, that a second publish inserts nothing, and that queries return the sample's
// sums. Invariant: CH-3.
func TestSample(t *testing.T) {
	t.Parallel()
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	r := w.month()
	if r.Owed != nil || r.Published == nil || !r.Published.Changed {
		t.Fatalf("published %+v, owed %+v", r.Published, r.Owed)
	}
	w.shows(linesSQL, sampleLines)
	w.shows(statementsSQL, sampleDue)
	w.shows("SELECT count() FROM copy.rejects", "20")
	w.shows("SELECT count(), sum(performance_amount) > 0 FROM copy.partner_statements", "19\t1")
	w.shows("SELECT number, command FROM copy.runs", "1\trun monthly --cycle 2026-09")
	w.shows("SELECT value FROM copy.totals WHERE cycle = '2026-09' AND name = 'lines.payment_amount'", "8645.36843481")
	w.shows("SELECT manifest, toString(as_of) FROM copy.live", "1\t2026-10-05 04:00:00.000000")
	again := w.publish()
	if again.Changed || inserted(again) != 0 || again.Counted != 0 {
		t.Errorf("again: %+v", again)
	}
	w.shows(rowsOfLinesSQL, "18351")
}

// copyOf returns a dsn with the database copy.
func copyOf(dsn string) string {
	base, query, _ := strings.Cut(dsn, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	dsn = scheme + "://" + host + "/copy"
	if query != "" {
		dsn += "?" + query
	}
	return dsn
}

func inserted(r *publish.Report) (rows int64) {
	for _, t := range r.Tables {
		rows += t.Inserted
	}
	return rows
}

// TestChangedCycle checks that after a late record the new rows are inserted and the rows that they replace are no
// longer shown.
func TestChangedCycle(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	// An adjustment of 100 adds a line.
	w.must(os.MkdirAll(filepath.Join(w.dir, "inbox", "adjustments"), 0o755))
	w.must(os.WriteFile(filepath.Join(w.dir, "inbox", "adjustments", "more.csv"),
		[]byte("adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\nadj-more,"+
			w.ask("SELECT customer_id FROM copy.lines ORDER BY customer_id LIMIT 1")+","+
			w.ask("SELECT sku FROM copy.lines ORDER BY customer_id, sku LIMIT 1")+",2026-09-20T00:00:00Z,100,9,more\n"),
		0o644))
	r, err := run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	if r.Published == nil || !r.Published.Changed || r.Published.Was != 1 || r.Published.Manifest != 2 {
		t.Fatalf("published %+v, owed %+v", r.Published, r.Owed)
	}
	w.shows(linesSQL, "18352\t9012.10475295\t266.73631814\t8745.36843481")
	w.shows(statementsSQL, "12\t8745.36843481\t8745.37\t-0.00156519")
	w.shows("SELECT count() FROM copy.runs", "2")
}

// TestCleaning checks that rows that no view shows remain for `keep`, and that a later publish deletes them.
func TestCleaning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), ", keep: 0s")
	w.unpublishedMonth()
	w.stopAt(publish.StepInserted)
	w.publish()
	w.publish()
	w.shows(linesSQL, sampleLines)
	w.shows(rowsOfLinesSQL, "18351")
	w.shows("SELECT count() FROM copy_internal.loads WHERE path = ''", "0")
	w.shows("SELECT count() FROM copy_internal.published", "1")
}

// TestStopped interrupts a publish at each of its stop points. The views show nothing before the pointer has moved and
// the complete month from then on. The next publish completes the work.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	for i, point := range publish.StopPoints() {
		if testing.Short() && i%3 != 1 {
			continue // all cases run in the full form
		}
		if point == publish.StepBetweenPointers {
			continue // needs a cluster
		}
		t.Run(point, func(t *testing.T) {
			database := strings.ReplaceAll(point, "-", "_")
			w := at(t, s, strings.Replace(copyOf(s.DSN()), "/copy", "/"+database, 1), "")
			w.unpublishedMonth()
			w.stopAt(point)
			on := func(sql string) string { return strings.ReplaceAll(sql, "copy.", database+".") }
			moved := point == publish.StepMoved || point == publish.StepBeforeClean || point == publish.StepForgotten ||
				point == publish.StepCleaned
			if point != publish.StepConnected {
				want := "0\t0\t0\t0"
				if moved {
					want = sampleLines
				}
				w.shows(on(linesSQL), want)
			}
			r := w.publish()
			if r.Changed == moved {
				t.Errorf("the next publish: %+v", r)
			}
			if point == publish.StepLoaded && inserted(r) != 0 {
				t.Errorf("what was noted as whole was inserted again: %+v", r)
			}
			w.shows(on(linesSQL), sampleLines)
			w.shows(on(statementsSQL), sampleDue)
		})
	}
}

// TestRepaired checks that the next publish detects rows that were deleted or duplicated by hand, and inserts them
// again.
func TestRepaired(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	for _, by := range []string{
		"DELETE FROM copy_internal.lines_data WHERE customer_id = (SELECT min(customer_id) FROM " +
			"copy_internal.lines_data)",
		"INSERT INTO copy_internal.lines_data SELECT * FROM copy_internal.lines_data LIMIT 3",
		"ALTER TABLE copy_internal.lines_data UPDATE payment_amount = payment_amount + 1 WHERE day = '2026-09-03' " +
			"SETTINGS mutations_sync = 2",
		"TRUNCATE TABLE copy_internal.statements_data",
		"DROP TABLE copy_internal.lines_data SYNC",
		"DROP VIEW copy.lines",
	} {
		w.ask(by)
		r := w.publish()
		if strings.Contains(by, "VIEW") != (len(r.Repaired) == 0) {
			t.Errorf("%s: mended %q", by, r.Repaired)
		}
		w.shows(linesSQL, sampleLines)
		w.shows(statementsSQL, sampleDue)
	}
}

// TestAltered checks that a publish reports a column that is missing or has another type, with the DDL that restores
// it, and changes nothing.
func TestAltered(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.ask("ALTER TABLE copy_internal.lines_data DROP COLUMN cash_amount")
	w.ask("ALTER TABLE copy_internal.statements_data MODIFY COLUMN due_amount Decimal(38, 2)")
	_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
	var altered *publish.AlteredError
	if !errors.As(err, &altered) {
		t.Fatalf("got %v", err)
	}
	want := "lines_data has no column cash_amount; column due_amount of statements_data is Decimal(38, 2), not " +
		"Decimal(38, 8)"
	if got := strings.Join(altered.List, "; "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, fix := range altered.Fix {
		w.ask(fix)
	}
	if r := w.publish(); len(r.Repaired) == 0 {
		t.Errorf("what the column held is lost, and nothing was mended: %+v", r)
	}
	w.shows(statementsSQL, sampleDue)
}

// TestOwed checks that a run succeeds while a server is down and records that its publish is pending, and that the next
// run publishes, without new files in the inbox.
func TestOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.must(w.server.Kill())
	r := w.month()
	if r.Owed == nil || !r.NeedsAttention() || !r.Changed || r.Published != nil {
		t.Fatalf("published %+v, owed %+v", r.Published, r.Owed)
	}
	w.must(w.server.Restart())
	again := w.month()
	if again.Owed != nil || again.Changed || again.Published == nil || !again.Published.Changed {
		t.Fatalf("published %+v, owed %+v", again.Published, again.Owed)
	}
	w.shows(linesSQL, sampleLines)
}

// TestDryRun checks that a dry run writes nothing, on an empty server and later.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.unpublishedMonth()
	r, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle, DryRun: true})
	w.must(err)
	if len(r.DDL) != 2 || r.Changed || len(r.Tables) != 7 {
		t.Errorf("%+v", r)
	}
	w.shows("SELECT count() FROM system.databases WHERE name IN ('copy', 'copy_internal')", "0")
	w.publish()
	r, err = w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle, DryRun: true})
	w.must(err)
	if len(r.DDL) != 0 || r.Changed {
		t.Errorf("%+v", r)
	}
	for _, table := range r.Tables {
		if table.New != 0 {
			t.Errorf("%+v", table)
		}
	}
}

// TestOtherLake checks that another workspace cannot publish over the copy of this one, unless a flag allows it.
func TestOtherLake(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	other := at(t, w.server, copyOf(w.server.DSN()), "")
	other.asOf = "2026-10-06T04:00:00Z"
	r := other.month()
	if r.Owed == nil ||
		!strings.Contains(r.Owed.Why, "contains the copy of another lake (manifest 1, as of 2026-10-05T04:00:00Z)") ||
		!strings.Contains(r.Owed.Hint, "--take-over") {
		t.Fatalf("%+v", r.Owed)
	}
	w.shows("SELECT toString(as_of) FROM copy.live", "2026-10-05 04:00:00.000000")
	_, err := other.tryPublish(run.PublishOptions{Cycle: lake.NoCycle, TakeOver: true})
	w.must(err)
	w.shows("SELECT toString(as_of) FROM copy.live", "2026-10-06 04:00:00.000000")
	w.shows(linesSQL, sampleLines)
}

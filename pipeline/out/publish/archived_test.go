package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestArchived checks that the server still shows exactly what the lake keeps of an archived cycle: statements, partner
// statements, accounts and rejects. The lines of the cycle are removed and stay removed after a night and another
// publish. A state from before the archiving has them until keep has passed.
func TestArchived(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	name := filepath.Join(w.dir, "tollbook.yaml")
	text, err := os.ReadFile(name)
	w.must(err)
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "usage:") && !strings.HasPrefix(line, "retention:") {
			kept = append(kept, line)
		}
	}
	w.must(os.WriteFile(name, []byte(strings.Join(kept, "")+"usage: {max_age_months: 1}\n"+
		"retention: {lines_months: 1}\n"), 0o644))
	closing := func(asOf, month string) {
		t.Helper()
		w.asOf = asOf
		r, err := run.Close(t.Context(), w.workspace(), cycle(t, month), false, w.options())
		w.must(err)
		if r.Owed != nil {
			t.Fatalf("not published: %+v", r.Owed)
		}
	}
	closing(sample.AsOf, sample.Cycle)
	w.october()
	closing("2026-11-05T04:00:00Z", "2026-10")
	stays := func() string {
		t.Helper()
		return w.ask("SELECT cycle, count(), sum(payment_amount), sum(due_amount), sum(debt_amount) FROM "+
			"copy.statements GROUP BY cycle ORDER BY cycle") + "\n" +
			w.ask("SELECT cycle, count(), sum(payment_amount), sum(performance_amount), sum(owed_amount), "+
				"sum(margin_amount) FROM copy.partner_statements GROUP BY cycle ORDER BY cycle") + "\n" +
			w.ask("SELECT cycle, count(), sum(amount) FROM copy.accounts GROUP BY cycle ORDER BY cycle") + "\n" +
			w.ask("SELECT count() FROM copy.rejects") + "\n" +
			w.ask("SELECT count(), sum(incentive_amount) FROM copy.incentives")
	}
	lines := "SELECT cycle, count() FROM copy.lines WHERE day != 'events' GROUP BY cycle ORDER BY cycle"
	before, october, earlier := stays(), strings.Split(w.ask(lines), "\n"), w.head()
	if len(october) != 2 || !strings.HasPrefix(before, "2026-09\t12\t8645.36843481\t8645.37\t") {
		t.Fatalf("%s\n%v", before, october)
	}
	r, err := admin.Prune(t.Context(), w.workspace(), admin.PruneOptions{}, w.options())
	w.must(err)
	if len(r.Cycles) != 1 || r.Published == nil || !r.Published.Changed || len(r.Published.Repaired) > 0 {
		t.Fatalf("archived %+v, waits %+v, published %+v, owed %+v", r.Cycles, r.Waits, r.Published, r.Owed)
	}
	check := func(when string) {
		t.Helper()
		if got := stays(); got != before {
			t.Errorf("%s\ngot  %s\nwant %s", when, got, before)
		}
		if got := w.ask(lines); got != october[1] {
			t.Errorf("%s: lines %s, want %s", when, got, october[1])
		}
	}
	check("after the prune")
	archived := new(rows.ArchivedError)
	for what, s := range map[string]query.Store{"lake": w.files(w.head()), "server": w.copied(w.head(), nil)} {
		if _, err := told(t.Context(), s); !errors.As(err, &archived) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := told(t.Context(), w.copied(earlier, nil)); err != nil || !strings.Contains(got, "delta") {
		t.Errorf("a state from before: %v %s", err, got)
	}
	refused := new(workspace.RefusedError)
	if _, err := w.tryPublish(run.PublishOptions{Cycle: cycle(t, "2026-09")}); !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "archived") {
		t.Errorf("published alone: %v", err)
	}
	w.asOf = "2026-11-06T04:00:00Z"
	night, err := run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	if night.Owed != nil {
		t.Errorf("owed %+v", night.Owed)
	}
	check("after a night")
	w.ask("DELETE FROM copy_internal.statements_data WHERE cycle = '2026-09'")
	if r := w.publish(); len(r.Repaired) == 0 {
		t.Errorf("%+v", r)
	}
	check("after rows of the archived cycle were deleted by hand and published again")

	// a publisher of October that began before the prune hides the publish after it, and is killed
	w.ask("INSERT INTO copy_internal.published SELECT * REPLACE ((SELECT max(number) + 1 FROM " +
		"copy_internal.published) AS number) FROM copy_internal.published WHERE has(cycles, '2026-09') " +
		"ORDER BY number DESC LIMIT 1")
	if got := w.ask(lines); got == october[1] {
		t.Fatalf("lines %s", got)
	}
	if _, err := w.tryPublish(run.PublishOptions{Cycle: cycle(t, "2026-10")}); err != nil {
		t.Fatal(err)
	}
	check("after a publish of October")
}

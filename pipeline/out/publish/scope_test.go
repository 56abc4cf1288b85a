package publish_test

import (
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/targets"
)

// TestMeddledOutOfScope checks that a publish of one cycle does not record rows of another one as correct, which it
// does not count, and that it does not drop a cycle whose loads are not recorded any more. Invariant: PUB-7.
func TestMeddledOutOfScope(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.october()
	w.asOf = "2026-10-15T04:00:00Z"
	night, err := run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	if night.Owed != nil {
		t.Fatalf("%+v", night.Owed)
	}
	sums := "SELECT cycle, count(), sum(due_amount) FROM copy.statements GROUP BY cycle ORDER BY cycle"
	want := w.ask(sums)
	if !strings.HasPrefix(want, "2026-09\t12\t8645.37\n2026-10\t1\t") {
		t.Fatal(want)
	}
	october := targets.Options{Cycle: cycle(t, "2026-10")}

	w.ask("ALTER TABLE copy_internal.statements_data UPDATE due_amount = due_amount + 100 WHERE cycle = '2026-09' " +
		"SETTINGS mutations_sync = 1")
	_, err = w.tryPublish(october)
	w.must(err)
	if r := w.publish(); len(r.Repaired) == 0 {
		t.Errorf("%+v", r)
	}
	w.shows(sums, want)

	w.ask("DELETE FROM copy_internal.loads WHERE cycle = '2026-09'")
	if _, err := w.tryPublish(october); err == nil || !strings.Contains(err.Error(), "without --cycle") {
		t.Errorf("%v", err)
	}
	w.shows(sums, want)
	w.publish()
	w.shows(sums, want)
}

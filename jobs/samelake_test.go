package jobs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/schemas/period"
)

// rebuilt runs a night, deletes the lake, and rebuilds it in a run whose entry stays as it is right after the commit,
// as if the run had been killed then. It returns the entry's file.
func rebuilt(t *testing.T, r *Runner, asOf period.Instant) (file string) {
	t.Helper()
	if _, err := r.Run(t.Context(), Task{Kind: Nightly, AsOf: asOf - period.Instant(period.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(r.Dir, "lake")); err != nil {
		t.Fatal(err)
	}
	var entry []byte
	r.Clock = func() time.Time { return noon().Add(time.Minute) }
	r.Options.StopAt = func(point string) (err error) {
		if point != "after-HEAD" {
			return nil
		}
		files, err := filepath.Glob(filepath.Join(ledger.Dir(r.Dir), "*0100.000Z-nightly.json"))
		if err != nil || len(files) != 1 {
			t.Errorf("entries of the rebuild: %v, %v", files, err)
			return err
		}
		if _, err := r.lake(true); err != nil {
			t.Errorf("while the run is active: %v", err)
		}
		file = files[0]
		entry, err = os.ReadFile(file)
		return err
	}
	if _, err := r.Run(t.Context(), Task{Kind: Nightly, AsOf: asOf}); err != nil {
		t.Fatal(err)
	}
	r.Options.StopAt = nil
	if err := os.WriteFile(file, entry, 0o666); err != nil {
		t.Fatal(err)
	}
	if list := entries(t, r); list[1].Outcome != ledger.Killed || list[1].Lake != "" {
		t.Fatalf("the rebuild that was killed: %+v", list[1])
	}
	return file
}

// TestRebuildIsKilled tests JOBS-6: if a lake is rebuilt by a run that is killed after its first commit, the lake is
// accepted as this workspace's. A lake that another workspace began at that time is refused.
func TestRebuildIsKilled(t *testing.T) {
	t.Parallel()
	asOf := period.Instant(noon().UnixMicro())
	r := runner(t)
	rebuilt(t, r, asOf)
	res, err := r.Run(t.Context(), Task{Kind: Nightly, AsOf: asOf})
	if err != nil || res.Entry.Outcome != ledger.NothingNew || res.Entry.Lake == "" {
		t.Errorf("the same command again: %v, %+v", err, res.Entry)
	}

	other := new(OtherLakeError)
	for name, change := range map[string]func(string) string{
		"a run with another as-of": func(text string) string {
			return strings.Replace(text, `"as_of": "2026-10-05T04:00:00Z"`, `"as_of": "2026-10-05T04:00:01Z"`, 1)
		},
		"a run that found a lake": func(text string) string {
			return strings.Replace(text, `"new_lake": true`, `"new_lake": false`, 1)
		},
		"a run that was refused": func(text string) string {
			return strings.Replace(text, `"outcome": "running"`, `"outcome": "refused"`, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runner(t)
			file := rebuilt(t, r, asOf)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(change(string(text))), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := r.lake(true); !errors.As(err, &other) {
				t.Errorf("read the lake: %v", err)
			}
		})
	}
}

// TestRebuildIsNotNoted tests JOBS-6: a run that starts a new lake changes nothing if the ledger, which has an earlier
// lake, cannot record the new one.
func TestRebuildIsNotNoted(t *testing.T) {
	t.Parallel()
	r := runner(t)
	refused := new(NewLakeError)
	check := func() error { return r.sameLake(new(Result), nil, syscall.ENOSPC) }
	if err := check(); err != nil {
		t.Errorf("without a ledger: %v", err)
	}
	if _, err := r.Run(t.Context(), Task{Kind: Nightly}); err != nil {
		t.Fatal(err)
	}
	if err := check(); err != nil {
		t.Errorf("the lake is there: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(r.Dir, "lake")); err != nil {
		t.Fatal(err)
	}
	if err := check(); !errors.As(err, &refused) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the lake was deleted: %v", err)
	}
}

package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var night = time.Date(2026, 10, 3, 1, 30, 0, 0, time.UTC)

func start(t *testing.T, dir, kind string) (*Open, *Entry) {
	t.Helper()
	e := &Entry{Kind: kind, Command: "run " + kind, Why: "by hand", AsOf: "2026-10-03T01:30:00Z", Started: night,
		Outcome: Running, Host: "n1", PID: 7}
	o, err := Begin(dir, e)
	if err != nil {
		t.Fatal(err)
	}
	return o, e
}

func read(t *testing.T, dir string) (entries []Entry, damaged []error) {
	t.Helper()
	entries, damaged, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries, damaged
}

func brief(entries []Entry) (list []string) {
	for i := range entries {
		list = append(list, entries[i].ID+" "+string(entries[i].Outcome))
	}
	return list
}

// TestBeginAndEnd tests LEDGER-1, LEDGER-3.
func TestBeginAndEnd(t *testing.T) {
	t.Parallel()
	dir := Dir(t.TempDir())
	first, e1 := start(t, dir, "nightly")
	second, e2 := start(t, dir, "close") // at the same instant
	entries, _ := read(t, dir)
	if diff := cmp.Diff([]string{"20261003T013000.000Z-nightly running", "20261003T013000.001Z-close running"},
		brief(entries)); diff != "" {
		t.Error(diff)
	}
	e2.Outcome, e2.Error = Failed, "disk full"
	if err := second.End(e2); err != nil {
		t.Fatal(err)
	}
	if err := first.lock.Close(); err != nil { // as the system does when a process ends
		t.Fatal(err)
	}
	entries, damaged := read(t, dir)
	if diff := cmp.Diff([]string{"20261003T013000.000Z-nightly killed", "20261003T013000.001Z-close failed"},
		brief(entries)); diff != "" || damaged != nil {
		t.Error(diff, damaged)
	}
	e1.Outcome = Killed
	if diff := cmp.Diff([]Entry{*e1, *e2}, entries); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedHidesNoOther(t *testing.T) {
	t.Parallel()
	dir := Dir(t.TempDir())
	for _, kind := range []string{"ingest", "nightly"} {
		o, e := start(t, dir, kind)
		e.Outcome = Done
		if err := o.End(e); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"20261003T013000.000Z-ingest.json": `{"format":1,"id":"20261003`, // truncated
		"20261004T013000.000Z-close.json":  `{"format":1,"id":"20261003T013000.001Z-nightly"}`,
		"20261005T013000.000Z-close.json":  `{"format":2,"id":"20261005T013000.000Z-close"}`,
		"20261006T013000.000Z-close.json":  ``,
		".tmp-1":                           `half`,
		"notes.txt":                        `of the operator`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// Opening a pipe without a writer would block.
	if err := syscall.Mkfifo(filepath.Join(dir, "20261007T013000.000Z-close.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	entries, damaged := read(t, dir)
	if diff := cmp.Diff([]string{"20261003T013000.001Z-nightly done"}, brief(entries)); diff != "" {
		t.Error(diff)
	}
	var named []string
	for _, err := range damaged {
		name, _, _ := strings.Cut(err.Error(), ": ")
		named = append(named, name)
	}
	want := []string{"runs/20261003T013000.000Z-ingest.json", "runs/20261004T013000.000Z-close.json",
		"runs/20261005T013000.000Z-close.json", "runs/20261006T013000.000Z-close.json",
		"runs/20261007T013000.000Z-close.json"}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Error(diff)
	}
}

// TestTheNewestAreKept tests LEDGER-6.
func TestTheNewestAreKept(t *testing.T) {
	t.Parallel()
	dir := Dir(t.TempDir())
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range Keep + 2 {
		id := fmt.Sprintf("20250101T%02d%02d00.000Z-nightly", i/60, i%60)
		if err := os.WriteFile(filepath.Join(dir, id+".json"), fmt.Appendf(nil, `{"format":1,"id":%q}`, id),
			0o666); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(dir, ".tmp-old")
	if err := os.WriteFile(old, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, night, night.AddDate(-10, 0, 0)); err != nil {
		t.Fatal(err)
	}
	o, e := start(t, dir, "nightly")
	if err := o.End(e); err != nil {
		t.Fatal(err)
	}
	entries, damaged := read(t, dir)
	if len(entries) != 1000 || damaged != nil || entries[0].ID != "20250101T000300.000Z-nightly" ||
		entries[999].ID != e.ID {
		t.Errorf("%d entries, from %s to %s, %v", len(entries), entries[0].ID, entries[len(entries)-1].ID, damaged)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("what a killed run left half written is still there")
	}
}

func TestNoFolder(t *testing.T) {
	t.Parallel()
	if entries, damaged := read(t, filepath.Join(t.TempDir(), "nowhere")); entries != nil || damaged != nil {
		t.Error(entries, damaged)
	}
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "runs")
	if err := os.WriteFile(dir, nil, 0o666); err != nil { // a file instead of the folder
		t.Fatal(err)
	}
	if _, err := Begin(dir, &Entry{Kind: "nightly", Started: night}); err == nil ||
		!strings.Contains(err.Error(), "make the run ledger") {
		t.Error(err)
	}
}

// TestReader checks that a reader that reads repeatedly opens the files of ended runs only once (LEDGER-7).
func TestReader(t *testing.T) {
	t.Parallel()
	dir := Dir(t.TempDir())
	r := NewReader(dir)
	opened := 0
	r.open = func(path string) (*os.File, error) {
		opened++
		return os.Open(path)
	}
	look := func(files int, want ...string) {
		t.Helper()
		opened = 0
		entries, damaged, err := r.Read()
		if err != nil || damaged != nil {
			t.Fatal(damaged, err)
		}
		if diff := cmp.Diff(want, brief(entries)); diff != "" || opened != files {
			t.Errorf("%d files opened, want %d\n%s", opened, files, diff)
		}
	}
	look(0)
	first, e1 := start(t, dir, "nightly")
	second, e2 := start(t, dir, "close")
	look(2, "20261003T013000.000Z-nightly running", "20261003T013000.001Z-close running")
	e1.Outcome = Done
	if err := first.End(e1); err != nil {
		t.Fatal(err)
	}
	e2.Stages = []Stage{{Name: "scan"}}
	if err := second.Update(e2); err != nil {
		t.Fatal(err)
	}
	look(2, "20261003T013000.000Z-nightly done", "20261003T013000.001Z-close running")
	look(1, "20261003T013000.000Z-nightly done", "20261003T013000.001Z-close running")
	if err := second.lock.Close(); err != nil { // as the system does when a process ends
		t.Fatal(err)
	}
	look(1, "20261003T013000.000Z-nightly done", "20261003T013000.001Z-close killed")
	look(0, "20261003T013000.000Z-nightly done", "20261003T013000.001Z-close killed")
	third, e3 := start(t, dir, "monthly")
	e3.Outcome = NeedsAttention
	if err := third.End(e3); err != nil {
		t.Fatal(err)
	}
	look(1, "20261003T013000.000Z-nightly done", "20261003T013000.001Z-close killed",
		"20261003T013000.002Z-monthly look")
	// Another file with the same name, such as one from a backup, is read, a deleted file is dropped, and a damaged
	// file is read each time.
	first.lock = nil
	e1.Outcome, e1.Error = Failed, "disk full"
	if err := first.Update(e1); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, e2.ID+".json")); err != nil {
		t.Fatal(err)
	}
	look(1, "20261003T013000.000Z-nightly failed", "20261003T013000.002Z-monthly look")
	if err := os.WriteFile(filepath.Join(dir, e3.ID+".json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		opened = 0
		entries, damaged, err := r.Read()
		if err != nil || len(damaged) != 1 || len(entries) != 1 || opened != 1 {
			t.Errorf("%d files opened, %v, %v, %v", opened, brief(entries), damaged, err)
		}
	}
}

package lake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// begin starts a transaction that is closed at the end of the test.
func begin(t testing.TB, l *lake.Lake) *lake.Txn {
	t.Helper()
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := txn.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return txn
}

// overwrite replaces the content of a file, to simulate damage.
func overwrite(t *testing.T, st storage.Storage, name, text string) {
	t.Helper()
	if err := st.Remove(name); err != nil {
		t.Fatal(err)
	}
	plant(t, st, name, text)
}

// plant creates a file without going through the lake.
func plant(t *testing.T, st storage.Storage, name, text string) {
	t.Helper()
	f, err := st.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// flip changes one byte.
func flip(text string, at int) string {
	b := []byte(text)
	b[at] ^= 1
	return string(b)
}

// find returns the only file whose name has the prefix.
func find(t *testing.T, files map[string]string, prefix string) string {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, prefix) {
			return name
		}
	}
	t.Fatalf("no %s…", prefix)
	return ""
}

// TestOneWriter tests LAKE-9.
func TestOneWriter(t *testing.T) {
	t.Parallel()
	st := storage.Dir(t.TempDir())
	txn := begin(t, open(t, st))
	var locked *storage.LockedError
	if _, err := open(t, st).Begin(); !errors.As(err, &locked) {
		t.Fatalf("second Begin: %v, want *LockedError", err)
	}
	if err := txn.Close(); err != nil {
		t.Fatal(err)
	}
	if changed, err := night(st, lake.Options{}, 0); !changed || err != nil {
		t.Errorf("after Close: %v, %v", changed, err)
	}
	if _, err := txn.Commit(context.Background()); err == nil {
		t.Error("Commit after Close went through")
	}
}

// TestLockWasIgnored checks that a commit does not replace a HEAD that another writer has replaced in the meantime.
func TestLockWasIgnored(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	const other = "4 0123456789abcdef0123456789abcdef\n"
	stop := func(point string) error {
		if point == lake.BeforeHead {
			overwrite(t, m, "HEAD", other)
		}
		return nil
	}
	l, err := lake.Open(m, lake.Options{Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	txn := begin(t, l)
	if err := replace(txn, lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"),
		Day: lakekey.Day("2026-10-09"), Bucket: 0},
		"x"); err != nil {
		t.Fatal(err)
	}
	var corrupt *lake.CorruptError
	if changed, err := txn.Commit(context.Background()); changed || !errors.As(err, &corrupt) ||
		!strings.Contains(err.Error(), "two writers") {
		t.Errorf("Commit = %v, %v", changed, err)
	}
	if got := dump(t, m)["HEAD"]; got != other {
		t.Errorf("HEAD is %q", got)
	}
}

// TestStolenLock removes the file of a run's lock before the run commits. Another run then begins, and refuses, fails
// or commits. The first one must not commit and must delete nothing: without that, HEAD names files that the other run
// deleted (LAKE-9, LAKE-3).
func TestStolenLock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		other func(*testing.T, *lake.Txn)
	}{
		{"refuses", func(t *testing.T, txn *lake.Txn) {
			if err := txn.Close(); err != nil {
				t.Error(err)
			}
		}},
		{"fails", func(t *testing.T, txn *lake.Txn) {
			if err := txn.End(nil); err != nil {
				t.Error(err)
			}
		}},
		{"commits the same", func(t *testing.T, txn *lake.Txn) {
			txn.Next().SetRun("2026-10-02T01:30:00Z", "run nightly")
			if changed, err := commitAfter(txn, nights[1](txn)); !changed || err != nil {
				t.Errorf("Commit = %v, %v", changed, err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := storage.NewMem()
			if _, err := night(m, lake.Options{}, 0); err != nil {
				t.Fatal(err)
			}
			first := begin(t, open(t, m))
			first.Next().SetRun("2026-10-02T01:30:00Z", "run nightly")
			if err := nights[1](first); err != nil {
				t.Fatal(err)
			}
			if err := m.Remove(storage.LockName); err != nil {
				t.Fatal(err)
			}
			c.other(t, begin(t, open(t, m)))
			before := dump(t, m)
			var lost *storage.LostLockError
			if changed, err := first.Commit(t.Context()); changed || !errors.As(err, &lost) {
				t.Errorf("Commit = %v, %v; want a *storage.LostLockError", changed, err)
			}
			if diff := cmp.Diff(before, dump(t, m)); diff != "" {
				t.Errorf("the first run (-before +after):\n%s", diff)
			}
			if _, err := night(m, lake.Options{}, 1); err != nil {
				t.Error(err)
			}
			snap, err := open(t, m).Head()
			if err != nil {
				t.Fatal(err)
			}
			if report, err := snap.CheckFiles(t.Context(), nil); err != nil || len(report.Findings) > 0 {
				t.Errorf("CheckFiles = %+v, %v", report, err)
			}
		})
	}
}

// TestStolenLockMakesNothing checks that a run whose lock's file was removed makes no file and names none. The file
// that the run has begun is another one by then: it was deleted, and a second run has made one of the same name.
// Without the check, that one becomes a data file, with the content of another (LAKE-9).
func TestStolenLockMakesNothing(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-09")}
	first := begin(t, open(t, m))
	w, err := first.SubTxn.Create(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "of the first run"); err != nil {
		t.Fatal(err)
	}
	if err := m.Remove(storage.LockName); err != nil {
		t.Fatal(err)
	}
	if err := begin(t, open(t, m)).End(nil); err != nil { // it deletes the file
		t.Fatal(err)
	}
	second := begin(t, open(t, m))
	if _, err := second.SubTxn.Create(key); err != nil {
		t.Fatal(err)
	}
	before := dump(t, m)
	var lost *storage.LostLockError
	if _, err := w.Finish(1, nil); !errors.As(err, &lost) {
		t.Errorf("Finish = %v; want a *storage.LostLockError", err)
	}
	if _, err := first.SubTxn.CreateTemp("spill"); !errors.As(err, &lost) {
		t.Errorf("CreateTemp = %v; want a *storage.LostLockError", err)
	}
	if changed, err := first.Commit(t.Context()); changed || !errors.As(err, &lost) {
		t.Errorf("Commit = %v, %v; want a *storage.LostLockError", changed, err)
	}
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("the first run (-before +after):\n%s", diff)
	}
}

// commitAfter commits a run whose work had an error, or not.
func commitAfter(txn *lake.Txn, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	return txn.Commit(context.Background())
}

// TestFileLostBeforeHead deletes a new data file before HEAD would name it (WRITE-4).
func TestFileLostBeforeHead(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	head := dump(t, m)["HEAD"]
	var e lake.FileEntry
	l, err := lake.Open(m, lake.Options{Stop: func(point string) error {
		if point == lake.BeforeHead {
			return m.Remove(e.Path)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	txn := begin(t, l)
	key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-09")}
	if err := replace(txn, key, "x"); err != nil {
		t.Fatal(err)
	}
	e = txn.Next().Entries.Find(key)[0]
	missing := new(lake.MissingError)
	if changed, err := txn.Commit(t.Context()); changed || !errors.As(err, &missing) || missing.Name != e.Path {
		t.Errorf("Commit = %v, %v; want a *lakeerr.MissingError of %s", changed, err, e.Path)
	}
	if got := dump(t, m)["HEAD"]; got != head {
		t.Errorf("HEAD is %q, was %q", got, head)
	}
}

// TestEmptyRunLeavesNothing tests LAKE-10, also for a lake without any run.
func TestEmptyRunLeavesNothing(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	txn := begin(t, open(t, m))
	if err := txn.Next().SetBuckets(16); err != nil {
		t.Fatal(err)
	}
	if changed, err := txn.Commit(context.Background()); changed || err != nil {
		t.Fatalf("Commit = %v, %v", changed, err)
	}
	if diff := cmp.Diff(map[string]string{"LOCK": ""}, dump(t, m)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	history(t, m)
	want := dump(t, m)
	if changed, err := night(m, lake.Options{}, 3); changed || err != nil {
		t.Fatalf("the last night again: %v, %v", changed, err)
	}
	if diff := cmp.Diff(want, dump(t, m)); diff != "" {
		t.Errorf("the last night again (-want +got):\n%s", diff)
	}
}

// TestHashOf checks that HashOf returns for each manifest of the chain the hash that the next manifest gives for it.
func TestHashOf(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	snap, err := open(t, m).Head()
	if err != nil {
		t.Fatal(err)
	}
	list, err := snap.Since(1)
	if err != nil || len(list) < 3 {
		t.Fatalf("%d manifests, %v", len(list), err)
	}
	want := snap.Hash
	for _, one := range list {
		if got, err := snap.HashOf(one.Number); got != want || err != nil {
			t.Errorf("manifest %d: %s, %v; want %s", one.Number, got, err, want)
		}
		want = one.Parent
	}
}

// TestUnits tests LAKE-20: a lake gets its units with its first state, which they alone are not, and keeps them.
func TestUnits(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	shanghai := lake.Units{Zone: "Asia/Shanghai", Currency: "CNY", Digits: 2}
	for _, c := range []struct {
		totals  []lake.TableTotal
		changed bool
	}{{nil, false}, {[]lake.TableTotal{{Name: "x", Value: "1"}}, true}} {
		txn := begin(t, open(t, m))
		err := txn.Next().SetUnits(shanghai)
		if c.changed {
			err = errors.Join(err, txn.Next().SetTotals(c.totals))
		}
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := txn.Commit(context.Background()); changed != c.changed || err != nil {
			t.Fatalf("Commit = %v, %v, want %v", changed, err, c.changed)
		}
	}
	txn := begin(t, open(t, m))
	if got := txn.SubTxn.Base().Manifest.Units; got != shanghai {
		t.Errorf("the lake is in %v", got)
	}
	for _, other := range []lake.Units{{Zone: "Asia/Tokyo", Currency: "CNY", Digits: 2},
		{Zone: "Asia/Shanghai", Currency: "CNY"}, {Zone: "Asia/Shanghai", Currency: "EUR", Digits: 2}} {
		if err, is := errors.AsType[*lake.UnitsError](txn.Next().SetUnits(other)); !is {
			t.Errorf("%v: %v", other, err)
		}
	}
	if err := errors.Join(txn.Next().SetUnits(shanghai), txn.Close()); err != nil {
		t.Error(err)
	}
}

// TestCloseDropsEverything checks that an abandoned run leaves the lake unchanged.
func TestCloseDropsEverything(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	want := dump(t, m)
	txn := begin(t, open(t, m))
	if err := errors.Join(nights[0](txn), txn.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dump(t, m)); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	txn = begin(t, open(t, m))
	err := replace(txn, dayKey("2026-09-30", 0), "x")
	var closed *lake.ClosedError
	if _, err2 := txn.Commit(canceled); err != nil || !errors.As(err2, &closed) {
		t.Errorf("Commit into a closed cycle: %v, %v", err, err2)
	}
	txn = begin(t, open(t, m))
	october := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-02"),
		Bucket: 1}
	err = replace(txn, october, "x")
	if changed, err2 := txn.Commit(canceled); err != nil || changed || !errors.Is(err2, context.Canceled) {
		t.Errorf("Commit, canceled: %v, %v, %v", err, changed, err2)
	}
	txn = begin(t, open(t, m))
	if err := txn.End(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dump(t, m)); diff != "" {
		t.Errorf("after the next run that failed (-want +got):\n%s", diff)
	}
}

// TestDamage checks that a damaged file is reported by name by whatever reads it first, and that nothing is deleted
// (LAKE-5, LAKE-6, READ-2 to READ-4).
func TestDamage(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	files := dump(t, m)
	lines := find(t, files, "lines/cycle=2026-09/day=2026-09-01/000-")
	list := find(t, files, "manifests/files-2026-09-")
	inputs := find(t, files, "manifests/inputs-")
	hash := strings.Fields(files["HEAD"])[1]
	tests := []struct {
		name, file, text string // text "" = the file is removed
		begin            string // part of the error of Begin; "" = it succeeds
		check            string // the finding of CheckFiles, if it can run
	}{
		{"torn HEAD", "HEAD", files["HEAD"][:9], "HEAD: want one line `<number> <hash>`, found \"3 ", ""},
		{"empty HEAD", "HEAD", "\x00", "HEAD: want one line", ""},
		{"HEAD of another hash", "HEAD", "3 " + strings.Repeat("0", 32) + "\n", "manifests/000003.json: hash is " +
			hash + ", HEAD says 0000", ""},
		{"HEAD of a lost manifest", "HEAD", "4 " + hash + "\n", "manifests/000004.json: not there, but HEAD names it",
			""},
		{"HEAD of an older state", "HEAD", "1 " + hash + "\n", "manifests/000001.json: hash is ", ""},
		{"no HEAD", "HEAD", "", "HEAD: not there, but manifests/000001.json, or a later one, names it; put HEAD back",
			""},
		{"manifest", "manifests/000003.json", flip(files["manifests/000003.json"], 30),
			"manifests/000003.json: hash is ", ""},
		{"no manifest", "manifests/000003.json", "", "manifests/000003.json: not there, but HEAD names it", ""},
		{"list", list, flip(files[list], 40), list + ": hash is ", ""},
		{"no list", list, "", list + ": not there, but manifests/000003.json names it; put that file back", ""},
		{"inputs", inputs, flip(files[inputs], 40), inputs + ": hash is ", ""},
		{"short data file", lines, "lines", lines + ": has 5 bytes, 24 were written",
			lines + ": size: has 5 bytes, 24 were written"},
		{"no data file", lines, "", lines + ": not there, but manifests/000003.json names it",
			lines + ": missing: not there"},
		{"data file", lines, flip(files[lines], 3), "", lines + ": hash: hash is "},
		{"old manifest", "manifests/000001.json", flip(files["manifests/000001.json"], 30), "",
			"manifests/000001.json: chain: hash is "},
		{"no old manifest", "manifests/000001.json", "", "",
			"manifests/000001.json: chain: not there, but manifests/000002.json names it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := m.Killed()
			if test.text == "" {
				if err := m.Remove(test.file); err != nil {
					t.Fatal(err)
				}
			} else {
				overwrite(t, m, test.file, test.text)
			}
			before := dump(t, m)
			err := beginAndClose(m)
			if test.begin == "" && err != nil || test.begin != "" &&
				(err == nil || !strings.Contains(err.Error(), test.begin)) {
				t.Errorf("Begin: %v\nwant: %s", err, test.begin)
			}
			var missing *lake.MissingError
			var corrupt *lake.CorruptError
			if err != nil && !errors.As(err, &missing) && !errors.As(err, &corrupt) {
				t.Errorf("Begin: %T", err)
			}
			if diff := cmp.Diff(before, dump(t, m)); diff != "" {
				t.Errorf("Begin changed the lake (-before +after):\n%s", diff)
			}
			if test.check != "" {
				checkFinds(t, m, test.check)
			}
		})
	}
}

// beginAndClose begins a run that fails: it deletes what earlier runs left.
func beginAndClose(st storage.Storage) error {
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		return err
	}
	txn, err := l.Begin()
	if err != nil {
		return err
	}
	return txn.End(nil)
}

// checkFinds checks that CheckFiles reports exactly one finding, whose text begins with want.
func checkFinds(t *testing.T, st storage.Storage, want string) {
	t.Helper()
	snap, err := open(t, st).Head()
	if err != nil {
		t.Fatal(err)
	}
	report, err := snap.CheckFiles(context.Background(), nil)
	if err != nil || len(report.Findings) != 1 || !strings.HasPrefix(report.Findings[0].String(), want) {
		t.Errorf("CheckFiles = %+v, %v\nwant: %s", report, err, want)
	}
}

// TestClearingUp checks that files that no manifest has are deleted, with a message each, and that files that do not
// belong to the lake remain (DEL-3 to DEL-5).
func TestClearingUp(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	want := dump(t, m)
	zeros := strings.Repeat("0", 32)
	orphans := []string{
		"lines/cycle=2026-09/day=2026-09-01/000-" + zeros + ".parquet",
		"manifests/000004.json",
		"manifests/files-2026-09-" + zeros + ".json",
		"manifests/files-2026-09-2026-09-01-" + zeros + ".json",
		"manifests/inputs-" + zeros + ".json",
		"positions/cycle=2031-01/007-" + zeros + ".parquet",
		"rejects/" + zeros + ".parquet",
		"tmp/000000-commit",
		"tmp/000001-lines",
	}
	foreign := []string{"README", "books/prices.csv", "lines/extra.parquet", "manifests/000001.json.bak", "tmp/notes",
		"manifests/files-2026-09-end-" + zeros + ".json", "manifests/files-2026-09-2026-09-32-" + zeros + ".json"}
	for _, name := range orphans {
		text := "x"
		if name == "tmp/000000-commit" {
			text = "4 2d711642b726b04401627ca9fbac32f5\n" // printf x | sha256sum | cut -c1-32
		}
		plant(t, m, name, text)
	}
	for _, name := range foreign {
		plant(t, m, name, "y")
		want[name] = "y"
	}
	var log bytes.Buffer
	l, err := lake.Open(m, lake.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	report, err := snap.CheckFiles(context.Background(), nil)
	if err != nil || len(report.Findings) != len(orphans)+len(foreign) {
		t.Errorf("CheckFiles = %+v, %v; want %d findings", report, err, len(orphans)+len(foreign))
	}
	before := dump(t, m)
	txn := begin(t, l)
	if err := errors.Join(nights[0](txn), txn.Close()); err != nil { // refuses
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("after a run that refused (-before +after):\n%s", diff)
	}
	if strings.Contains(log.String(), "delete unnamed file") {
		t.Errorf("says: %s", &log)
	}
	txn = begin(t, l)
	if err := txn.End(nil); err != nil { // fails
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dump(t, m)); diff != "" {
		t.Errorf("after a run that failed (-want +got):\n%s", diff)
	}
	for _, name := range orphans {
		if strings.Count(log.String(), "file="+name+" ") != 1 && strings.Count(log.String(), `file="`+name+`" `) != 1 {
			t.Errorf("no one line about %s in:\n%s", name, log.String())
		}
	}
	plant(t, m, "manifests/000005.json", "x")
	m = m.Killed()
	if err := beginAndClose(m); err == nil || !strings.Contains(err.Error(), "HEAD is older than the lake") {
		t.Errorf("DEL-5: Begin beside manifest 5: %v", err)
	}
}

// TestStopPoints reads the lake at every stop point: until HEAD is replaced a reader sees the old state, from then on
// the new one, and all files of that state exist (LAKE-3, LAKE-4).
func TestStopPoints(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	l := open(t, m)
	var seen []string
	stop := func(point string) error {
		snap, err := l.Head()
		if err != nil {
			return err
		}
		report, err := snap.CheckFiles(context.Background(), nil)
		if err != nil {
			return err
		}
		for _, f := range report.Findings {
			if f.Kind != lake.FindUnnamed {
				t.Errorf("%s: %v", point, f)
			}
		}
		seen = append(seen, fmt.Sprintf("%d at %s", snap.Manifest.Number, point))
		return nil
	}
	for k := range nights {
		if _, err := night(m, lake.Options{Stop: stop}, k); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"0 at before-manifest", "0 at before-HEAD", "1 at after-HEAD", "1 at before-clean",
		"1 at before-manifest", "1 at before-HEAD", "2 at after-HEAD", "2 at before-clean",
		"2 at before-manifest", "2 at before-HEAD", "3 at after-HEAD", "3 at before-clean",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReaderLosesState checks that a reader of a state whose files a commit has deleted gets an error that reports
// this, and that Read then repeats the function on the new state. Invariant: READ-5.
func TestReaderLosesState(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	l := open(t, m)
	if _, err := night(m, lake.Options{}, 0); err != nil {
		t.Fatal(err)
	}
	lazy, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	var states []int64
	err = l.Read(func(s *lake.Snapshot) error {
		states = append(states, s.Manifest.Number)
		found, err := s.Find(dayKey("2026-09-02", 1))
		if err != nil {
			return err
		}
		if len(states) == 1 { // commits between reading the list and reading the file
			if _, err := night(m, lake.Options{}, 1); err != nil {
				return err
			}
		}
		f, err := s.Open(found[0])
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil || !slices.Equal(states, []int64{1, 2}) {
		t.Errorf("Read went through %v, %v; want 1 and 2", states, err)
	}
	var moved *lake.MovedError
	if _, err := lazy.Files(lakekey.Cycle("2026-09")); !errors.As(err, &moved) || moved.Was != 1 || moved.Now != 2 {
		t.Errorf("list of a state that is gone: %v", err)
	}
	if _, err := lazy.CheckFiles(context.Background(), nil); !errors.As(err, &moved) {
		t.Errorf("CheckFiles of a state that is gone: %v", err)
	}
}

// TestReadersDuringRuns reads in a loop while another goroutine writes: every state that is read is complete.
func TestReadersDuringRuns(t *testing.T) {
	t.Parallel()
	t.Run("mem", func(t *testing.T) { t.Parallel(); readDuringRuns(t, storage.NewMem(), 40) })
	t.Run("dir", func(t *testing.T) { t.Parallel(); readDuringRuns(t, storage.Dir(t.TempDir()), 5) })
}

func readDuringRuns(t *testing.T, st storage.Storage, runs int) {
	l := open(t, st)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for last := int64(0); ; {
				err := l.Read(func(s *lake.Snapshot) error { return readWhole(s, &last) })
				if moved := new(lake.MovedError); err != nil && !errors.As(err, &moved) {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	defer readers.Wait()
	defer close(done)
	for k := range runs {
		txn := begin(t, l)
		for b := range 3 {
			if err := replace(txn, dayKey("2026-09-01", b), fmt.Sprintf("state %d of bucket %d", k+1, b)); err != nil {
				t.Fatal(err)
			}
		}
		if changed, err := txn.Commit(context.Background()); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
}

// readWhole reads three files, which must belong to one state that is not older than the last one.
func readWhole(s *lake.Snapshot, last *int64) error {
	files, err := s.Files(lakekey.Cycle("2026-09"))
	if err != nil {
		return err
	}
	if n := s.Manifest.Number; n < *last || n > 0 && len(files) != 3 {
		return fmt.Errorf("state %d after %d, with %d files", n, *last, len(files))
	}
	*last = s.Manifest.Number
	for b, e := range files {
		f, err := s.Open(e)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		if want := fmt.Sprintf("state %d of bucket %d", s.Manifest.Number, b); string(text) != want {
			return fmt.Errorf("%s holds %q, want %q", e.Path, text, want)
		}
	}
	return nil
}

// TestClosedCycle tests LAKE-8.
func TestClosedCycle(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	before := dump(t, m)
	tests := map[string]func(txn *lake.Txn) error{
		"new file":     func(txn *lake.Txn) error { return replace(txn, dayKey("2026-09-09", 0), "late") },
		"changed file": func(txn *lake.Txn) error { return replace(txn, dayKey("2026-09-01", 0), "late") },
		"removed file": func(txn *lake.Txn) error { return txn.Next().Entries.Replace(dayKey("2026-09-01", 0)) },
		"books": func(txn *lake.Txn) error {
			return txn.Next().SetCycle(lakekey.Cycle("2026-09"), true,
				"books3")
		},
		"an older one": func(txn *lake.Txn) error {
			return txn.Next().SetCycle(lakekey.Cycle("2026-08"), false,
				"books3")
		},
		"going back": func(txn *lake.Txn) error { return txn.Next().CloseThrough(lakekey.Cycle("2026-08")) },
		"removed table": func(txn *lake.Txn) error {
			txn.Next().RemoveTable("lines",
				lakekey.Cycle("2026-09"))
			return nil
		},
		"archived and another file": func(txn *lake.Txn) error {
			return errors.Join(txn.Next().Archive(lakekey.Cycle("2026-09"), "cold", nothing),
				replace(txn, dayKey("2026-09-09", 0),
					"late"))
		},
		"archived and other books": func(txn *lake.Txn) error {
			if err := txn.Next().Archive(lakekey.Cycle("2026-09"), "cold", nothing); err != nil {
				return err
			}
			ref, _ := txn.SubTxn.Base().Cycle(lakekey.Cycle("2026-09"))
			return txn.Next().Adopt(lake.CycleRef{Cycle: lakekey.Cycle("2026-09"), MonthEnd: ref.MonthEnd,
				Books: "books3"})
		},
		"archive of an open one": func(txn *lake.Txn) error {
			return txn.Next().Archive(lakekey.Cycle("2026-10"),
				"cold", nothing)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := m.Killed()
			txn := begin(t, open(t, m))
			err := change(txn)
			if err == nil {
				_, err = txn.Commit(context.Background())
			}
			var closed *lake.ClosedError
			if !errors.As(err, &closed) {
				t.Errorf("%v, want *ClosedError", err)
			}
			if err := errors.Join(txn.Close(), beginAndClose(m)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, dump(t, m)); diff != "" {
				t.Errorf("the lake changed (-before +after):\n%s", diff)
			}
		})
	}
}

func nothing(lake.FileEntry) bool { return false }

// TestArchivedCycle checks that files can leave a closed cycle once, that the removed files are recorded, and that the
// cycle does not change after that (LAKE-8).
func TestArchivedCycle(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	l := open(t, m)
	before, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	was, _ := before.Cycle(lakekey.Cycle("2026-09"))
	all, err := before.Files(lakekey.Cycle("2026-09"))
	if err != nil {
		t.Fatal(err)
	}
	stays := func(e lake.FileEntry) bool { return e.Path == all[0].Path }
	txn := begin(t, l)
	txn.Next().SetRun("2028-04-01T00:00:00Z", "prune")
	if err := txn.Next().Archive(lakekey.Cycle("2026-09"), "cold", stays); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	after, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := after.Cycle(lakekey.Cycle("2026-09"))
	left := 0
	for _, one := range ref.Archived.Left {
		left += one.Files
	}
	if ref.Archived.Files != *was.Files || ref.Archived.Where != "cold" || ref.Archived.Run != after.Manifest.Number ||
		left != len(all)-1 || ref.Files.Count != 1 {
		t.Errorf("of %d files one stays: %+v", len(all), ref.Archived)
	}
	for _, e := range all {
		_, there := dump(t, m)[e.Path]
		if there != stays(e) {
			t.Errorf("%s: there %v", e.Path, there)
		}
	}
	for name, change := range map[string]func(txn *lake.Txn) error{
		"once more": func(txn *lake.Txn) error {
			return txn.Next().Archive(lakekey.Cycle("2026-09"), "colder",
				nothing)
		},
		"less of it": func(txn *lake.Txn) error { return txn.Next().Entries.Replace(all[0].FileKey) },
		"back": func(txn *lake.Txn) error {
			return txn.Next().SetCycle(lakekey.Cycle("2026-09"), was.MonthEnd, was.Books)
		},
	} {
		txn := begin(t, l)
		err := change(txn)
		if err == nil {
			_, err = txn.Commit(context.Background())
		}
		if closed := new(lake.ClosedError); !errors.As(err, &closed) {
			t.Errorf("%s: %v, want *ClosedError", name, err)
		}
		if err := txn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRefusals checks what a caller must not do: each case returns an error before anything is written.
func TestRefusals(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	txn := begin(t, open(t, m))
	n := txn.Next()
	keys := []lake.FileKey{
		{}, {Table: "Lines"}, {Table: "9lines"}, {Table: "tmp"}, {Table: "manifests"}, {Table: "lines/x"},
		{Table: "lines", Cycle: lake.CycleOf(period.CycleOf(10000, 1))}, {Table: "lines",
			Day: lakekey.Day("2026-09-01")},
		{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lake.DayOf(period.DayOf(10000, 1, 1))},
		{Table: "lines", Bucket: -2},
	}
	for _, key := range keys {
		if _, err := txn.SubTxn.Create(key); err == nil {
			t.Errorf("Create(%+v) went through", key)
		}
		if err := n.Entries.Replace(key); err == nil {
			t.Errorf("Replace(%+v) went through", key)
		}
	}
	made, err := write(txn, dayKey("2026-10-05", 0), "of another cycle's key")
	if err != nil {
		t.Fatal(err)
	}
	errs := map[string]error{
		"another key":      n.Entries.Replace(dayKey("2026-10-06", 0), made),
		"buckets":          n.SetBuckets(3),
		"no buckets":       n.SetBuckets(0),
		"cycle":            n.SetCycle(lake.CycleOf(period.CycleOf(10000, 1)), false, ""),
		"close":            n.CloseThrough(lake.Cycle{}),
		"totals":           n.SetTotals([]lake.TableTotal{{Name: "a"}, {Name: "b"}, {Name: "a"}}),
		"temporary name":   txn.SubTxn.RemoveTemp("HEAD"),
		"temporary folder": func() error { _, err := txn.SubTxn.OpenTemp("tmp/../HEAD"); return err }(),
		"label":            func() error { _, err := txn.SubTxn.CreateTemp("a/b"); return err }(),
		"sums": func() error {
			w, err := txn.SubTxn.Create(dayKey("2026-10-05", 1))
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Finish(1, []lake.ColumnSum{{Column: "a"}, {Column: "a"}})
			return err
		}(),
	}
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s went through", name)
		}
	}
	forged := made
	forged.Hash = lake.HashBytes(nil)
	forged.Path = strings.Replace(made.Path, string(made.Hash), string(forged.Hash), 1)
	if err := n.Entries.Replace(forged.FileKey, forged); err != nil {
		t.Fatal(err)
	}
	if changed, err := txn.Commit(context.Background()); changed || err == nil ||
		!strings.Contains(err.Error(), "neither of the live state nor finished") {
		t.Errorf("Commit of a file nobody made: %v, %v", changed, err)
	}
}

// TestManyWriters creates files in several goroutines. The resulting state does not depend on their order (LAKE-7).
func TestManyWriters(t *testing.T) {
	t.Parallel()
	var want map[string]string
	for _, workers := range []int{1, 2, 8} {
		st := storage.Dir(t.TempDir())
		txn := begin(t, open(t, st))
		work := make(chan int)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := range work {
					key := dayKey(fmt.Sprintf("2026-09-%02d", 1+i%30), i%7)
					if err := replace(txn, key, strings.Repeat(key.String(), 5000)); err != nil {
						t.Error(err)
					}
					if i%10 == 0 {
						if err := spill(txn); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		for i := range 60 {
			work <- i
		}
		close(work)
		all.Wait()
		if changed, err := txn.Commit(context.Background()); !changed || err != nil {
			t.Fatal(changed, err)
		}
		got := dump(t, st)
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-1 worker +got):\n%s", workers, diff)
		}
	}
}

// TestOrderDoesNotMatter checks that changes in any order and in any number of runs result in the same files.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 12).Draw(t, "files")
		sorted := make([]int, count)
		for i := range sorted {
			sorted[i] = i
		}
		order := rapid.Permutation(sorted).Draw(t, "order")
		if diff := cmp.Diff(oneRun(t, sorted), oneRun(t, order)); diff != "" {
			t.Fatalf("(-sorted +shuffled):\n%s", diff)
		}
	})
}

func oneRun(t *rapid.T, order []int) map[string]string {
	m := storage.NewMem()
	l, err := lake.Open(m, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range order {
		key := dayKey(fmt.Sprintf("2026-09-%02d", 1+i/3), i%3)
		txn.Next().SetInput(lake.Input{Feed: "usage", Name: fmt.Sprint(i), Hash: fmt.Sprint(i % 5)})
		e, err := write(txn, key, key.String())
		if err := errors.Join(err, txn.Next().Entries.Add(e)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	entries, err := m.List("lines/")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out[e.Name] = fmt.Sprint(e.Size)
	}
	return out
}

func FuzzParseHead(f *testing.F) {
	f.Add([]byte("42 0123456789abcdef0123456789abcdef\n"))
	f.Add([]byte("042 0123456789abcdef0123456789abcdef\n"))
	f.Add([]byte("1 0123456789abcdef"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		number, hash, err := lake.ParseHead(text)
		if err != nil {
			return
		}
		if got := fmt.Sprintf("%d %s\n", number, hash); got != string(text) {
			t.Errorf("ParseHead(%q) = %d, %s", text, number, hash)
		}
	})
}

// TestNewerFormat checks that readers and runs refuse a lake of a newer format with an error that says so, and that the
// lake does not change (LAKE-16).
func TestNewerFormat(t *testing.T) {
	t.Parallel()
	whole, st := storage.NewMem(), storage.NewMem()
	history(t, whole)
	files := dump(t, whole)
	delete(files, "LOCK")
	const newest = "manifests/000003.json"
	files[newest] = strings.ReplaceAll(files[newest], `"format": 1`, `"format": 2`)
	files["HEAD"] = "3 " + string(lake.HashBytes([]byte(files[newest]))) + "\n"
	lay(t, st, files)
	l := open(t, st)
	_, read := l.Head()
	_, begun := l.Begin()
	for _, err := range []error{read, begun} {
		if err == nil || !strings.Contains(err.Error(), "lake: manifests/000003.json: format 2, number 3: want format "+
			"1, number 3; a newer version of tollbook wrote it: use that version") {
			t.Error(err)
		}
	}
	left := dump(t, st)
	delete(left, "LOCK")
	if diff := cmp.Diff(files, left); diff != "" {
		t.Errorf("the lake was changed:\n%s", diff)
	}
}

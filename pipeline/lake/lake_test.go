package lake_test

import (
	stdcmp "cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// open returns the lake in a storage.
func open(t testing.TB, st storage.Storage) *lake.Lake {
	t.Helper()
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// write creates one data file.
func write(txn *lake.Txn, key lake.FileKey, text string) (lake.FileEntry, error) {
	w, err := txn.SubTxn.Create(key)
	if err != nil {
		return lake.FileEntry{}, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return lake.FileEntry{}, errors.Join(err, w.Abort())
	}
	return w.Finish(int64(len(text)), []lake.ColumnSum{{Column: "usage_amount", Value: "1.50"},
		{Column: "amount", Value: "2"}})
}

// dayKey returns the key of lines in bucket b of a day of September 2026.
func dayKey(day string, b int) lake.FileKey {
	return lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lakekey.Day(day), Bucket: b}
}

var positionsKey = lake.FileKey{Table: "positions", Cycle: lakekey.Cycle("2026-09"), Bucket: 0}

var rejectsKey = lake.FileKey{Table: "rejects", Bucket: lake.NoBucket}

// nights is a short history. Each function makes the changes of one run; repeating it on its own result changes
// nothing.
var nights = []func(txn *lake.Txn) error{
	// Two days in two buckets, a reject file, two inputs, a spill.
	func(txn *lake.Txn) error {
		n := txn.Next()
		for _, day := range []string{"2026-09-01", "2026-09-02"} {
			for b := range 2 {
				if err := replace(txn, dayKey(day, b), fmt.Sprintf("lines of %s in %d", day, b)); err != nil {
					return err
				}
			}
		}
		if err := errors.Join(replace(txn, positionsKey, "positions of 0"), spill(txn)); err != nil {
			return err
		}
		e, err := write(txn, rejectsKey, "rejects of the first night")
		if err != nil {
			return err
		}
		n.SetInput(lake.Input{Feed: "usage", Name: "a.csv", Hash: "aa", Bytes: 100, Rows: 10, Accepted: 9,
			Rejected: 1})
		n.SetInput(lake.Input{Feed: "usage", Name: "b.csv", Hash: "bb", Bytes: 100, Rows: 10, Accepted: 10})
		return errors.Join(n.Entries.Add(e), n.SetBuckets(2), n.SetCycle(lakekey.Cycle("2026-09"), false, "books1"),
			n.SetTotals([]lake.TableTotal{{Name: "usage.rows", Value: "20"}, {Name: "usage.accepted", Value: "19"}}))
	},
	// One more day; a late record changes bucket 1 from the second day on; another reject file.
	func(txn *lake.Txn) error {
		n := txn.Next()
		e, err := write(txn, rejectsKey, "rejects of the second night")
		if err != nil {
			return err
		}
		n.SetInput(lake.Input{Feed: "usage", Name: "c.csv", Hash: "cc", Bytes: 50, Rows: 5, Accepted: 4,
			Rejected: 1})
		return errors.Join(
			replace(txn, dayKey("2026-09-01", 1), "lines of 2026-09-01 in 1"),
			replace(txn, dayKey("2026-09-02", 1), "lines of 2026-09-02 in 1, and a late one"),
			replace(txn, dayKey("2026-09-03", 0), "lines of 2026-09-03 in 0"), n.Entries.Add(e),
			n.SetTotals([]lake.TableTotal{{Name: "usage.rows", Value: "25"}, {Name: "usage.accepted", Value: "23"}}))
	},
	// No changes.
	func(txn *lake.Txn) error { return replace(txn, dayKey("2026-09-03", 0), "lines of 2026-09-03 in 0") },
	// Month-end, close, and the first day of the next cycle.
	func(txn *lake.Txn) error {
		n := txn.Next()
		october := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-01"),
			Bucket: 0}
		var err error
		if !isClosed(txn, "2026-09") {
			n.RemoveTable("positions", lakekey.Cycle("2026-09"))
			err = errors.Join(replace(txn, dayKey("end", 0), "period-level lines"),
				n.SetCycle(lakekey.Cycle("2026-09"), true, "books2"))
		}
		return errors.Join(err, replace(txn, october, "lines of October"), n.CloseThrough(lakekey.Cycle("2026-09")))
	},
}

func isClosed(txn *lake.Txn, cycle string) bool {
	return cycle <= txn.SubTxn.Base().Manifest.ClosedThrough.String()
}

func replace(txn *lake.Txn, key lake.FileKey, text string) error {
	e, err := write(txn, key, text)
	if err != nil {
		return err
	}
	return txn.Next().Entries.Replace(key, e)
}

// spill writes and reads a temporary file, removes it, and leaves a second one.
func spill(txn *lake.Txn) error {
	f, err := txn.SubTxn.CreateTemp("sort-run")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, "spilled"); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	r, err := txn.SubTxn.OpenTemp(f.Name())
	if err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if string(b) != "spilled" {
		return fmt.Errorf("spill reads %q", b)
	}
	left, err := txn.SubTxn.CreateTemp("left")
	if err != nil {
		return err
	}
	return errors.Join(left.Close(), txn.SubTxn.RemoveTemp(f.Name()))
}

// night runs one of the nights as a command would.
func night(st storage.Storage, o lake.Options, k int) (changed bool, err error) {
	l, err := lake.Open(st, o)
	if err != nil {
		return false, err
	}
	txn, err := l.Begin()
	if err != nil {
		return false, err
	}
	txn.Next().SetRun(fmt.Sprintf("2026-10-0%dT01:30:00Z", k+1), "run nightly")
	if err := nights[k](txn); err != nil {
		return false, errors.Join(err, txn.Close())
	}
	return txn.Commit(context.Background())
}

// dump returns every file of a storage with its content.
func dump(t testing.TB, st storage.Storage) map[string]string {
	t.Helper()
	entries, err := st.List("")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range entries {
		f, err := st.Open(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		out[e.Name] = string(b)
	}
	return out
}

// history runs all nights on a new lake.
func history(t testing.TB, st storage.Storage) {
	t.Helper()
	historyWith(t, st, lake.Options{})
}

func historyWith(t testing.TB, st storage.Storage, o lake.Options) {
	t.Helper()
	for k := range nights {
		changed, err := night(st, o, k)
		if err != nil {
			t.Fatal(err)
		}
		if changed != (k != 2) {
			t.Errorf("night %d: changed = %v", k, changed)
		}
	}
}

// TestTree compares the file names after each run with literal ones (LAKE-1, LAKE-6, LAKE-10, LAKE-11). The hashes of
// data files are those that `printf '%s' TEXT | sha256sum | cut -c1-32` prints.
func TestTree(t *testing.T) {
	t.Parallel()
	first := []string{
		"HEAD", "LOCK",
		"lines/cycle=2026-09/day=2026-09-01/000-70b8b375e113b8bc68b7efc3555908f4.parquet",
		"lines/cycle=2026-09/day=2026-09-01/001-6955e2d56530362be654bb4873d4b85b.parquet",
		"lines/cycle=2026-09/day=2026-09-02/000-e4f47446fa93aaef20734f0d36c04998.parquet",
		"lines/cycle=2026-09/day=2026-09-02/001-450b260027ffab8980fde6d99a78c08d.parquet",
		"manifests/000001.json", "manifests/files-2026-09-*.json", "manifests/inputs-*.json",
		"positions/cycle=2026-09/000-7b37114b169030d46d3de751e1cb8adb.parquet",
		"rejects/2be532b25e1f0f440db1e2344aa9aeb2.parquet",
	}
	second := []string{
		"HEAD", "LOCK",
		"lines/cycle=2026-09/day=2026-09-01/000-70b8b375e113b8bc68b7efc3555908f4.parquet",
		"lines/cycle=2026-09/day=2026-09-01/001-6955e2d56530362be654bb4873d4b85b.parquet",
		"lines/cycle=2026-09/day=2026-09-02/000-e4f47446fa93aaef20734f0d36c04998.parquet",
		"lines/cycle=2026-09/day=2026-09-02/001-a79531204d946688700e875564c689a3.parquet",
		"lines/cycle=2026-09/day=2026-09-03/000-dd00e0a56b167e17cc36fda300ecca6c.parquet",
		"manifests/000001.json", "manifests/000002.json", "manifests/files-2026-09-*.json", "manifests/inputs-*.json",
		"positions/cycle=2026-09/000-7b37114b169030d46d3de751e1cb8adb.parquet",
		"rejects/2be532b25e1f0f440db1e2344aa9aeb2.parquet", "rejects/f746338027794308f61ae502877be473.parquet",
	}
	fourth := []string{
		"HEAD", "LOCK",
		"lines/cycle=2026-09/day=2026-09-01/000-70b8b375e113b8bc68b7efc3555908f4.parquet",
		"lines/cycle=2026-09/day=2026-09-01/001-6955e2d56530362be654bb4873d4b85b.parquet",
		"lines/cycle=2026-09/day=2026-09-02/000-e4f47446fa93aaef20734f0d36c04998.parquet",
		"lines/cycle=2026-09/day=2026-09-02/001-a79531204d946688700e875564c689a3.parquet",
		"lines/cycle=2026-09/day=2026-09-03/000-dd00e0a56b167e17cc36fda300ecca6c.parquet",
		"lines/cycle=2026-09/day=end/000-24358adb721a2ee5b3c92a77945d2a63.parquet",
		"lines/cycle=2026-10/day=2026-10-01/000-3f70d8c7f4392ef7329731a7f12c74f9.parquet",
		"manifests/000001.json", "manifests/000002.json", "manifests/000003.json",
		"manifests/files-2026-09-*.json", "manifests/files-2026-10-*.json", "manifests/inputs-*.json",
		"rejects/2be532b25e1f0f440db1e2344aa9aeb2.parquet", "rejects/f746338027794308f61ae502877be473.parquet",
	}
	m := storage.NewMem()
	for k, want := range [][]string{first, second, second, fourth} {
		if changed, err := night(m, lake.Options{}, k); err != nil || changed != (k != 2) {
			t.Fatalf("night %d: changed %v, %v", k, changed, err)
		}
		live := dump(t, m)
		if diff := cmp.Diff(live, dump(t, m.PowerCut(nil))); diff != "" {
			t.Errorf("night %d ended, yet a power cut changes the lake (-live +left):\n%s", k, diff)
		}
		var got []string
		for _, name := range slices.Sorted(maps.Keys(dump(t, m))) {
			got = append(got, listHash.ReplaceAllString(name, "$1-*.json"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after night %d (-want +got):\n%s", k, diff)
		}
	}
}

var listHash = regexp.MustCompile(`^(manifests/(?:files-2026-\d\d|inputs))-[0-9a-f]{32}\.json$`)

// TestManifestText compares the layout of the manifest with a literal text, because other tools may read it (LAKE-7).
func TestManifestText(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	history(t, m)
	files := dump(t, m)
	got := regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllStringFunc(files["manifests/000003.json"], func(string) string {
		return "HASH"
	})
	const want = `{
 "format": 1,
 "number": 3,
 "parent": "HASH",
 "as_of": "2026-10-04T01:30:00Z",
 "command": "run nightly",
 "closed_through": "2026-09",
 "buckets": 2,
 "cycles": [
  {
   "cycle": "2026-09",
   "state": "closed",
   "month_end": true,
   "books": "books2",
   "files": {
    "name": "manifests/files-2026-09-HASH.json",
    "hash": "HASH",
    "count": 6
   }
  },
  {
   "cycle": "2026-10",
   "state": "open",
   "month_end": false,
   "books": "",
   "files": {
    "name": "manifests/files-2026-10-HASH.json",
    "hash": "HASH",
    "count": 1
   }
  }
 ],
 "inputs": {
  "name": "manifests/inputs-HASH.json",
  "hash": "HASH",
  "count": 3
 },
 "loose": [
  {
   "table": "rejects",
   "cycle": "",
   "day": "",
   "bucket": -1,
   "path": "rejects/HASH.parquet",
   "hash": "HASH",
   "bytes": 26,
   "rows": 26,
   "sums": [
    {
     "column": "amount",
     "value": "2"
    },
    {
     "column": "usage_amount",
     "value": "1.50"
    }
   ],
   "blocks": "8427ba64"
  },
  {
   "table": "rejects",
   "cycle": "",
   "day": "",
   "bucket": -1,
   "path": "rejects/HASH.parquet",
   "hash": "HASH",
   "bytes": 27,
   "rows": 27,
   "sums": [
    {
     "column": "amount",
     "value": "2"
    },
    {
     "column": "usage_amount",
     "value": "1.50"
    }
   ],
   "blocks": "b6d921dd"
  }
 ],
 "totals": [
  {
   "name": "usage.accepted",
   "value": "23"
  },
  {
   "name": "usage.rows",
   "value": "25"
  }
 ]
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("manifest 3 (-want +got):\n%s", diff)
	}
	for name, text := range files {
		if strings.HasPrefix(name, "manifests/files-2026-10-") {
			const want = `{"format":1,"cycle":"2026-10","entries":[
{"table":"lines","cycle":"2026-10","day":"2026-10-01","bucket":0,"path":"lines/cycle=2026-10/day=2026-10-01/000-3f70d8c7f4392ef7329731a7f12c74f9.parquet","hash":"3f70d8c7f4392ef7329731a7f12c74f9","bytes":16,"rows":16,"sums":[{"column":"amount","value":"2"},{"column":"usage_amount","value":"1.50"}],"blocks":"ea6694a6"}
]}
`
			if diff := cmp.Diff(want, text); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

// TestSnapshot tests READ-1, READ-3.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	l := open(t, m)
	empty, err := l.Head()
	if err != nil || empty.Manifest.Number != 0 {
		t.Fatalf("the empty lake: %v, %v", empty, err)
	}
	if files, err := empty.Files(lakekey.Cycle("2026-09")); err != nil || len(files) != 0 {
		t.Errorf("the empty lake's files: %v, %v", files, err)
	}
	history(t, m)
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	found, err := snap.Find(dayKey("2026-09-02", 1))
	if err != nil || len(found) != 1 || found[0].Rows != 40 {
		t.Fatalf("Find = %v, %v", found, err)
	}
	f, err := snap.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil || string(b) != "lines of 2026-09-02 in 1, and a late one" {
		t.Errorf("content %q, %v", b, err)
	}
	inputs, err := snap.Inputs()
	if err != nil {
		t.Fatal(err)
	}
	want := []lake.Input{
		{Feed: "usage", Name: "a.csv", Hash: "aa", Bytes: 100, Rows: 10, Accepted: 9, Rejected: 1, Run: 1},
		{Feed: "usage", Name: "b.csv", Hash: "bb", Bytes: 100, Rows: 10, Accepted: 10, Run: 1},
		{Feed: "usage", Name: "c.csv", Hash: "cc", Bytes: 50, Rows: 5, Accepted: 4, Rejected: 1, Run: 2},
	}
	if diff := cmp.Diff(want, inputs, cmpopts.EquateComparable(lake.Day{})); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
	chain, err := snap.History()
	if err != nil || len(chain) != 3 || chain[2].Number != 1 || chain[2].AsOf != "2026-10-01T01:30:00Z" {
		t.Errorf("History = %v, %v", chain, err)
	}
	for number, hash := range []lake.Hash{"", chain[1].Parent, chain[0].Parent, snap.Hash, snap.Hash} {
		n := int64(number)
		if is := n > 0 && n < 4; lake.InHistory(snap, n, hash) != is || lake.InHistory(snap, n, "another") {
			t.Errorf("InHistory(%d, %q) = %v", n, hash, !is)
		}
	}
	var done, all int64
	report, err := snap.CheckFiles(context.Background(), func(d, a int64) { done, all = d, a })
	if err != nil || len(report.Findings) != 0 || report.Files != 9 || report.Manifests != 3 || done != report.Bytes ||
		all != report.Bytes {
		t.Errorf("CheckFiles = %+v, %v; progress %d of %d", report, err, done, all)
	}
}

// TestWriteOrder compares a run's mutating operations with the write order and the delete order in doc.go. It uses the
// second night, which creates, keeps and replaces files. Invariants: LAKE-2, WRITE-1, WRITE-5.
func TestWriteOrder(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	if _, err := night(m, lake.Options{}, 0); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	seen := func(op storage.Op) {
		mu.Lock()
		defer mu.Unlock()
		name := regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(op.Name, "HASH")
		got = append(got, op.Kind+" "+stdcmp.Or(name, "."))
	}
	stop := func(point string) error { got = append(got, "-- "+point); return nil }
	if _, err := night(storage.Faulty(m, storage.Plan{Seen: seen}), lake.Options{Stop: stop}, 1); err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(writeOrder), "\n")
	if diff := cmp.Diff(want, syncsLast(t, got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// syncsLast moves the syncs of data files, which can occur at any time after the rename, to the last moment that
// WRITE-2 allows, in the order of their names. It joins each sync and its close into one line.
func syncsLast(t *testing.T, operations []string) []string {
	t.Helper()
	announced := slices.Index(operations, "create tmp/000000-commit")
	if announced < 0 {
		t.Fatalf("no announcement in\n%s", strings.Join(operations, "\n"))
	}
	var others, syncs []string
	for i, o := range operations[:announced] {
		file, isSync := strings.CutPrefix(o, "sync ")
		if isSync {
			write := slices.Index(operations[:i], "write "+file)
			if write < 0 || !slices.ContainsFunc(operations[write:i], func(o string) bool {
				return strings.HasPrefix(o, "rename ")
			}) {
				t.Errorf("%s is synced before it is in place", file)
			}
			syncs = append(syncs, "sync and close "+file)
		}
		closes, isClose := strings.CutPrefix(o, "close ")
		if !isSync && !(isClose && slices.Contains(operations[:i], "sync "+closes)) {
			others = append(others, o)
		}
	}
	slices.Sort(syncs)
	return slices.Concat(others, syncs, operations[announced:])
}

// writeOrder has the expected operations. The second file is an unchanged day, which is dropped without a sync.
const writeOrder = `
syncdir .
create tmp/000001-rejects
write tmp/000001-rejects
rename rejects/HASH.parquet
create tmp/000002-lines
write tmp/000002-lines
close tmp/000002-lines
remove tmp/000002-lines
create tmp/000003-lines
write tmp/000003-lines
rename lines/cycle=2026-09/day=2026-09-02/001-HASH.parquet
create tmp/000004-lines
write tmp/000004-lines
rename lines/cycle=2026-09/day=2026-09-03/000-HASH.parquet
prune .
sync and close tmp/000001-rejects
sync and close tmp/000003-lines
sync and close tmp/000004-lines
create tmp/000000-commit
write tmp/000000-commit
sync tmp/000000-commit
close tmp/000000-commit
syncdir lines/cycle=2026-09/day=2026-09-02
syncdir lines/cycle=2026-09/day=2026-09-03
syncdir lines/cycle=2026-09
syncdir rejects
syncdir lines
syncdir tmp
syncdir .
-- before-manifest
create tmp/000005-small
write tmp/000005-small
sync tmp/000005-small
close tmp/000005-small
rename manifests/files-2026-09-HASH.json
create tmp/000006-small
write tmp/000006-small
sync tmp/000006-small
close tmp/000006-small
rename manifests/inputs-HASH.json
create tmp/000007-small
write tmp/000007-small
sync tmp/000007-small
close tmp/000007-small
rename manifests/000002.json
syncdir manifests
syncdir .
-- before-HEAD
create tmp/000008-small
write tmp/000008-small
sync tmp/000008-small
close tmp/000008-small
rename HEAD
-- after-HEAD
syncdir .
-- before-clean
remove lines/cycle=2026-09/day=2026-09-02/001-HASH.parquet
remove manifests/files-2026-09-HASH.json
remove manifests/inputs-HASH.json
remove tmp/000000-commit
syncdir lines/cycle=2026-09/day=2026-09-02
syncdir lines/cycle=2026-09
syncdir manifests
syncdir lines
syncdir tmp
syncdir .
`

// TestEmptyFolders checks that the next run removes the folders of a run that was killed after creating a folder and
// before creating its file, and no other folder.
func TestEmptyFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, dir := range []string{"tmp", "lines/cycle=2026-09/day=2026-09-01", "manifests", "inbox/usage"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := beginAndClose(storage.Dir(root)); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{"tmp": false, "lines": false, "manifests": false, "inbox/usage": true} {
		if _, err := os.Stat(filepath.Join(root, dir)); (err == nil) != want {
			t.Errorf("%s there: %v, want %v", dir, err == nil, want)
		}
	}
}

// TestWriteAfterEnd checks that a writer accepts no bytes after its end, because its buffer may be in use again.
func TestWriteAfterEnd(t *testing.T) {
	t.Parallel()
	txn := begin(t, open(t, storage.NewMem()))
	t.Cleanup(func() { _ = txn.Close() })
	ended, err := txn.SubTxn.Create(dayKey("2026-09-01", 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := ended.Abort(); err != nil {
		t.Fatal(err)
	}
	w, err := txn.SubTxn.Create(dayKey("2026-09-01", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "kept"); err != nil {
		t.Fatal(err)
	}
	if n, err := io.WriteString(ended, "lost"); err == nil || n != 0 {
		t.Errorf("wrote %d bytes, error %v; want none and an error", n, err)
	}
	e, err := w.Finish(4, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The expected hash is that of `printf kept | sha256sum`.
	if want := lake.Hash("79f076abdd19a752db7267bfff2f9022"); e.Bytes != 4 || e.Hash != want {
		t.Errorf("%d bytes with hash %s, want 4 with %s", e.Bytes, e.Hash, want)
	}
}

package iceberg_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	ice "github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// world is a lake, a warehouse, and their readers. The lake's files are texts, because a publish does not read them.
type world struct {
	testing.TB
	lake  storage.Storage
	to    iceberg.Options
	read  func(uri string) ([]byte, error) // reads a file of the warehouse or a data file
	root  string
	store *objects.Mem        // nil = folders
	rest  *icebergrest.Server // nil = no catalog
}

// folders returns a world in folders.
func folders(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	lakeDir, warehouse := filepath.Join(dir, "lake"), filepath.Join(dir, "warehouse")
	return &world{TB: t, lake: storage.Dir(lakeDir), root: "file://" + warehouse,
		to: iceberg.Options{Warehouse: iceberg.InFolder(warehouse, lakeDir), Namespace: "tollbook", Keep: time.Hour},
		read: func(uri string) ([]byte, error) {
			return os.ReadFile(strings.TrimPrefix(uri, "file://"))
		}}
}

// below is the part of a store below a prefix.
type below struct {
	*objects.Mem
	prefix string
}

func (b below) Get(ctx context.Context, name string, at, n int64) ([]byte, int64, error) {
	return b.Mem.Get(ctx, b.prefix+name, at, n)
}

func (b below) Create(ctx context.Context, name string, content []byte) error {
	return b.Mem.Create(ctx, b.prefix+name, content)
}

func (b below) Put(ctx context.Context, name string, content *io.SectionReader) error {
	return b.Mem.Put(ctx, b.prefix+name, content)
}

func (b below) Stat(ctx context.Context, name string) (objects.Object, error) {
	return b.Mem.Stat(ctx, b.prefix+name)
}

func (b below) Delete(ctx context.Context, name string) error {
	return b.Mem.Delete(ctx, b.prefix+name)
}

func (b below) List(ctx context.Context, prefix string, visit func(objects.Object)) error {
	return b.Mem.List(ctx, b.prefix+prefix, func(o objects.Object) {
		o.Name = strings.TrimPrefix(o.Name, b.prefix)
		visit(o)
	})
}

// inStore returns a world in an object store.
func inStore(t testing.TB) *world {
	t.Helper()
	store := objects.NewMem()
	w := &world{TB: t, store: store, root: "s3://bucket/tables"}
	w.lake = w.over("lake/")
	w.to = iceberg.Options{Warehouse: iceberg.InStore(w.over("tables/"), w.root, "s3://bucket/lake"),
		Namespace: "tollbook", Keep: time.Hour}
	w.read = func(uri string) ([]byte, error) {
		text, found := store.Objects()[strings.TrimPrefix(uri, "s3://bucket/")]
		if !found {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
	return w
}

// over returns a storage for the part of the store below a prefix.
func (w *world) over(prefix string) *objects.Storage {
	w.Helper()
	st, err := objects.New(below{w.store, prefix}, storage.NewMem(), objects.Options{})
	w.must(err)
	return st
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// commit commits texts by keys such as `lines 2026-09 2026-09-03 0`. An empty text removes the files of a key.
func (w *world) commit(texts map[string]string) {
	w.Helper()
	l, err := lake.Open(w.lake, lake.Options{})
	w.must(err)
	txn, err := l.Begin()
	w.must(err)
	defer func() { w.must(txn.Close()) }()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		var key lake.FileKey
		var cycle, day string
		if _, err := fmt.Sscan(name, &key.Table, &cycle, &day, &key.Bucket); err != nil {
			w.Fatal(err)
		}
		key.Cycle = lakekey.Cycle(cycle)
		if day != "-" {
			key.Day = lakekey.Day(day)
		}
		if texts[name] == "" {
			w.must(txn.Next().Entries.Replace(key))
			continue
		}
		file, err := txn.SubTxn.Create(key)
		w.must(err)
		_, err = io.WriteString(file, texts[name])
		w.must(err)
		entry, err := file.Finish(int64(len(texts[name])), nil)
		w.must(err)
		w.must(txn.Next().Entries.Replace(key, entry))
	}
	changed, err := txn.Commit(w.Context())
	w.must(err)
	if !changed {
		w.Fatal("nothing was committed")
	}
}

func (w *world) head() *lake.Snapshot {
	w.Helper()
	l, err := lake.Open(w.lake, lake.Options{})
	w.must(err)
	snap, err := l.Head()
	w.must(err)
	return snap
}

// publish publishes the newest state half an hour after the previous one.
func (w *world) publish() *iceberg.Report {
	w.Helper()
	r, err := iceberg.Publish(w.Context(), &w.to, w.head())
	w.must(err)
	return r
}

// icebergTable is the part of a table's metadata that readers use.
type icebergTable struct {
	Location   string `json:"location"`
	Current    int64  `json:"current-snapshot-id"`
	Properties map[string]string
	Snapshots  []struct {
		ID           int64             `json:"snapshot-id"`
		ManifestList string            `json:"manifest-list"`
		Summary      map[string]string `json:"summary"`
	} `json:"snapshots"`
	MetadataLog []struct {
		File string `json:"metadata-file"`
	} `json:"metadata-log"`
}

// open reads the newest metadata of a table, which the catalog or the hint names.
func (w *world) open(name string) *icebergTable {
	w.Helper()
	if w.rest != nil {
		text, err := w.read(w.rest.Newest("tollbook", name))
		w.must(err)
		t := new(icebergTable)
		w.must(json.Unmarshal(text, t))
		return t
	}
	at := w.root + "/tollbook/" + name + "/metadata/"
	hint, err := w.read(at + "version-hint.text")
	w.must(err)
	text, err := w.read(at + "v" + string(hint) + ".metadata.json")
	w.must(err)
	t := new(icebergTable)
	w.must(json.Unmarshal(text, t))
	return t
}

// files returns the data files of a snapshot: rows and content by the path in the lake.
func (w *world) files(list string) map[string]string {
	w.Helper()
	out := make(map[string]string)
	text, err := w.read(list)
	w.must(err)
	manifests, err := ice.ReadManifestList(bytes.NewReader(text))
	w.must(err)
	for _, m := range manifests {
		text, err := w.read(m.FilePath())
		w.must(err)
		if int64(len(text)) != m.Length() {
			w.Errorf("%s has %d bytes, the list says %d", m.FilePath(), len(text), m.Length())
		}
		entries, err := ice.ReadManifest(m, bytes.NewReader(text), true)
		w.must(err)
		for _, e := range entries {
			file := e.DataFile()
			content, err := w.read(file.FilePath())
			if err != nil {
				w.Errorf("the snapshot names %s: %v", file.FilePath(), err)
			}
			_, rest, _ := strings.Cut(file.FilePath(), "cycle=")
			if file.FileSizeBytes() != int64(len(content)) || out[rest] != "" {
				w.Errorf("%s: %d bytes, %d were read, twice: %t", rest, file.FileSizeBytes(), len(content),
					out[rest] != "")
			}
			out[rest] = fmt.Sprintf("%d %s", file.Count(), content)
		}
	}
	return out
}

// same compares the newest snapshots with the newest state of the lake (ICE-1).
func (w *world) same() {
	w.Helper()
	snap := w.head()
	for name, of := range map[string]string{"lines": "lines", "statements": "statements",
		"accounts": "account_entries"} {
		want := make(map[string]string)
		for _, ref := range snap.Manifest.Cycles {
			files, err := snap.Files(ref.Cycle)
			w.must(err)
			for _, e := range files {
				if e.Table != of || of == "lines" && ref.Archived != nil { // an incomplete month
					continue
				}
				f, err := snap.Open(e)
				w.must(err)
				text, err := io.ReadAll(f)
				w.must(errors.Join(err, f.Close()))
				_, rest, _ := strings.Cut(e.Path, "cycle=")
				want[rest] = fmt.Sprintf("%d %s", e.Rows, text)
			}
		}
		t := w.open(name)
		for _, s := range t.Snapshots {
			got := w.files(s.ManifestList) // fails if a file of any snapshot is missing (ICE-4)
			if s.ID != t.Current {
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				w.Errorf("%s of manifest %d (-lake +table):\n%s", name, snap.Manifest.Number, diff)
			}
			if s.Summary["tollbook.manifest"] != fmt.Sprint(snap.Manifest.Number) ||
				s.Summary["tollbook.manifest-hash"] != string(snap.Hash) {
				w.Errorf("%s: the summary is %v, the lake is at %d %s", name, s.Summary, snap.Manifest.Number,
					snap.Hash)
			}
			if s.Summary["total-data-files"] != fmt.Sprint(len(want)) {
				w.Errorf("%s: the summary has %s files, want %d", name, s.Summary["total-data-files"], len(want))
			}
		}
	}
}

// histories returns 20 commits: days are added and rated again, a late record changes an earlier day, a month ends, the
// next one begins, and files are removed from a cycle.
func histories() []map[string]string {
	var out []map[string]string
	for day := 1; day <= 9; day++ {
		out = append(out, map[string]string{
			fmt.Sprintf("lines 2026-09 2026-09-%02d 0", day):           fmt.Sprintf("lines %d", day),
			fmt.Sprintf("lines 2026-09 2026-09-%02d 1", day):           fmt.Sprintf("other lines %d", day),
			fmt.Sprintf("account_entries 2026-09 2026-09-%02d 0", day): fmt.Sprintf("entries %d", day),
			"statements 2026-09 - 0":                                   fmt.Sprintf("statements to %d", day),
			"usage 2026-09 2026-09-01 0":                               fmt.Sprintf("usage %d", day),
		})
	}
	return append(out,
		map[string]string{"usage 2026-09 2026-09-02 0": "no table shows it"},
		map[string]string{"lines 2026-09 2026-09-02 0": "lines 2 with a late record"},
		map[string]string{"lines 2026-09 end 0": "percentiles", "statements 2026-09 - 0": "all"},
		map[string]string{"lines 2026-10 2026-10-01 0": "october", "statements 2026-10 - 0": "october"},
		map[string]string{"lines 2026-09 rerate 0": "differences", "lines 2026-10 2026-10-02 0": "october"},
		map[string]string{"lines 2026-09 end 0": ""},
		map[string]string{"lines 2026-10 2026-10-01 0": "", "lines 2026-10 2026-10-02 0": ""},
		map[string]string{"lines 2026-10 2026-10-01 0": "october"},
		map[string]string{"statements 2026-09 - 0": "", "statements 2026-10 - 0": ""},
		map[string]string{"account_entries 2026-10 2026-10-01 0": "entries", "statements 2026-10 - 0": "again"},
		map[string]string{"lines 2026-08 late 3": "late"},
	)
}

var errStopped = errors.New("stopped here")

// TestEachCommit checks after each of 20 commits that the tables equal the lake, also if the previous publish was
// interrupted at each of its points or was omitted (ICE-1, ICE-2, ICE-8).
func TestEachCommit(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(testing.TB) *world{"folders": folders, "store": inStore,
		"folders and a catalog": func(t testing.TB) *world { return folders(t).inCatalog(icebergrest.Options{}) },
		"store and a catalog":   func(t testing.TB) *world { return inStore(t).inCatalog(icebergrest.Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, commits := build(t), histories()
			if w.rest != nil && testing.Short() {
				commits = commits[:7]
			}
			points := iceberg.StopPoints()
			for i, texts := range commits {
				w.commit(texts)
				w.to.Now = period.Instant(int64(i) * 10 * period.Minute)
				if i%3 == 2 {
					continue // pending until the next publish
				}
				point, times := points[i%len(points)], i/len(points)%3
				w.to.StopAt = func(at string) error {
					if at == point {
						if times--; times < 0 {
							return errStopped
						}
					}
					return nil
				}
				_, err := iceberg.Publish(t.Context(), &w.to, w.head())
				w.to.StopAt = nil
				if err != nil && !errors.Is(err, errStopped) {
					t.Fatal(err)
				}
				w.publish()
				w.same()
				if r := w.publish(); r.Changed || r.Relinked+r.Deleted > 0 {
					t.Errorf("publish again: %+v", r)
				}
			}
		})
	}
}

// TestArchived checks that the table has no lines of an archived month, not even those that stay in the lake for later
// runs (ICE-1).
func TestArchived(t *testing.T) {
	t.Parallel()
	w := folders(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "usage", "lines 2026-09 events 0": "orders",
		"statements 2026-09 - 0": "all", "lines 2026-10 2026-10-01 0": "october"})
	w.publish()
	w.same()
	archive := func(txn *lake.Txn) error { return txn.Next().CloseThrough(lakekey.Cycle("2026-09")) }
	for range 2 {
		l, err := lake.Open(w.lake, lake.Options{})
		w.must(err)
		txn, err := l.Begin()
		w.must(err)
		w.must(archive(txn))
		_, err = txn.Commit(t.Context())
		w.must(errors.Join(err, txn.Close()))
		archive = func(txn *lake.Txn) error {
			return txn.Next().Archive(lakekey.Cycle("2026-09"), "archive", func(e lake.FileEntry) bool {
				return e.Table != "lines" || e.Day == lake.EventsDay
			})
		}
	}
	if r := w.publish(); r.Tables[0].Rows != int64(len("october")) {
		t.Errorf("the table has %d rows, want those of October", r.Tables[0].Rows)
	}
	w.same()
}

// TestExpire checks that a snapshot and its files are kept for `keep` after it was replaced (ICE-4, ICE-5).
func TestExpire(t *testing.T) {
	t.Parallel()
	w := folders(t)
	for i, minutes := range []int{0, 300, 330, 390, 391} {
		w.to.Now = period.Instant(int64(minutes) * period.Minute)
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": fmt.Sprint("text ", i)})
		w.publish()
		w.same()
	}
	// The snapshots were replaced at minutes 300, 330 and 390. At 391 the first is removed, and so is the second, which
	// was replaced 61 minutes ago.
	var shown []string
	for _, s := range w.open("lines").Snapshots {
		shown = append(shown, s.Summary["tollbook.manifest"])
	}
	if diff := cmp.Diff([]string{"3", "4", "5"}, shown); diff != "" {
		t.Error(diff)
	}
	var names []string
	w.must(filepath.WalkDir(strings.TrimPrefix(w.root, "file://")+"/tollbook/lines", func(path string, e fs.DirEntry,
		err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, strings.Split(filepath.Base(path), "-")[0])
		}
		return err
	}))
	slices.Sort(names)
	// Three data files of bucket 0, three manifests, three lists, the hint, and the metadata versions since minute 331.
	want := []string{"000", "000", "000", "2026", "2026", "2026", "snap", "snap", "snap", "v4.metadata.json",
		"v5.metadata.json", "version"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// TestOtherLake checks that a publish changes the tables of another lake only on request (ICE-7).
func TestOtherLake(t *testing.T) {
	t.Parallel()
	w := folders(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.publish()
	other := folders(t)
	other.commit(map[string]string{"lines 2026-08 2026-08-01 0": "other"})
	dir := strings.TrimPrefix(w.root, "file://")
	otherDir := strings.TrimSuffix(strings.TrimPrefix(other.root, "file://"), "warehouse") + "lake"
	other.to.Warehouse, other.root = iceberg.InFolder(dir, otherDir), w.root
	if _, err := iceberg.Publish(t.Context(), &other.to, other.head()); !errors.As(err, new(*iceberg.OtherLakeError)) {
		t.Fatal(err)
	}
	w.same()
	other.to.TakeOver = true
	other.publish()
	other.same()
}

// TestTwoPublishers checks that of two publishers that are about to commit one succeeds, and that the other starts
// again and has nothing to do (ICE-3). A publisher whose state is older than the lake's does not change the tables.
func TestTwoPublishers(t *testing.T) {
	t.Parallel()
	w := inStore(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.publish()
	old := w.head()
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "another text"})
	second := w.to // on another machine, with a lock of its own
	second.Warehouse = iceberg.InStore(w.over("tables/"), w.root, "s3://bucket/lake")
	first := w.to
	met := false
	first.StopAt = func(point string) error {
		if point == iceberg.StopManifests && !met {
			met = true
			_, err := iceberg.Publish(t.Context(), &second, w.head())
			return err
		}
		return nil
	}
	r, err := iceberg.Publish(t.Context(), &first, w.head())
	w.must(err)
	if !met || r.Changed {
		t.Errorf("met %t, %+v", met, r)
	}
	w.same()
	if _, err := iceberg.Publish(t.Context(), &first, old); !errors.As(err, new(*lake.MovedError)) {
		t.Errorf("an old state: %v", err)
	}
	w.same()
}

// TestPinned checks that a sweep keeps the files of the newest snapshot until the next publish (ICE-4, CHAIN-8).
func TestPinned(t *testing.T) {
	t.Parallel()
	const day = 24 * 60 * 60
	w := inStore(t)
	w.to.Keep = 0
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "first"})
	w.publish()
	for _, text := range []string{"second", "third", "fourth"} {
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": text})
		w.store.Advance(2 * day)
	}
	lists := w.open("lines").Snapshots
	if got := w.files(lists[0].ManifestList); len(got) != 1 || !strings.Contains(fmt.Sprint(got), "5 first") {
		t.Errorf("the newest snapshot has %v", got)
	}
	w.publish()
	w.same()
	w.store.Advance(2 * day)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "fifth"}) // the commit also sweeps
	var texts []string
	for name, text := range w.store.Objects() {
		if strings.HasPrefix(name, "lake/lines/") {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	if diff := cmp.Diff([]string{"fifth", "fourth"}, texts); diff != "" {
		t.Error(diff)
	}
}

// TestRelinked checks that a missing or damaged link is created again.
func TestRelinked(t *testing.T) {
	t.Parallel()
	w := folders(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text", "lines 2026-09 2026-09-02 0": "longer text"})
	w.publish()
	links, err := filepath.Glob(strings.TrimPrefix(w.root, "file://") + "/tollbook/lines/data/*/*/*")
	w.must(err)
	if len(links) != 2 {
		t.Fatal(links)
	}
	w.must(os.Remove(links[0]))
	w.must(errors.Join(os.Remove(links[1]), os.WriteFile(links[1], []byte("short"), 0o644)))
	if r := w.publish(); r.Changed || r.Relinked != 2 {
		t.Errorf("%+v", r)
	}
	w.same()
}

// TestManifestGone checks that a publish of the same state reports a manifest that is cut or missing, which readers of
// the table need, and what to do about it: a table in a catalog must be dropped there too.
func TestManifestGone(t *testing.T) {
	t.Parallel()
	for hint, w := range map[string]*world{"delete the table's folder": folders(t),
		"drop the table from the catalog": folders(t).inCatalog(icebergrest.Options{})} {
		w.manifestGone(hint)
	}
}

func (w *world) manifestGone(hint string) {
	w.Helper()
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.publish()
	list, err := filepath.Glob(strings.TrimPrefix(w.root, "file://") + "/tollbook/lines/metadata/2026-09-*.avro")
	w.must(err)
	if len(list) != 1 {
		w.Fatal(list)
	}
	text, err := os.ReadFile(list[0])
	w.must(err)
	for what, want := range map[string]string{"cut": fmt.Sprintf("has 100 bytes instead of %d", len(text)),
		"missing": "no such file"} {
		if err := os.Remove(list[0]); what == "cut" {
			w.must(errors.Join(err, os.WriteFile(list[0], text[:100], 0o600)))
		}
		damaged := new(iceberg.TableError)
		if _, err := iceberg.Publish(context.Background(), &w.to, w.head()); !errors.As(err, &damaged) ||
			!strings.Contains(err.Error(), want) || !strings.Contains(problem.HintOf(damaged), hint) {
			w.Errorf("%s: %v", what, err)
		}
		w.must(os.WriteFile(list[0], text, 0o600))
	}
	if r := w.publish(); r.Changed {
		w.Errorf("%+v", r)
	}
}

// TestDryRun checks that a dry run writes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := folders(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.to.DryRun = true
	r := w.publish()
	if !r.Changed || r.Tables[0].Added != 1 || r.Tables[0].Rows != 4 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(strings.TrimPrefix(w.root, "file://")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the warehouse: %v", err)
	}
}

package iceberg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// inCatalog gives the tables of a world a separate catalog, which stores its metadata files in the warehouse.
func (w *world) inCatalog(o icebergrest.Options) *world {
	w.Helper()
	w.rest = w.serve(o)
	w.to.Catalog = client(iceberg.CatalogOptions{Address: w.rest.Address(), Warehouse: o.Warehouse})
	return w
}

// serve starts a catalog.
func (w *world) serve(o icebergrest.Options) *icebergrest.Server {
	if w.store == nil {
		return serveFolders(w.TB, o)
	}
	o.Read = w.read
	o.Write = func(uri string, content []byte) error {
		return w.store.Create(context.Background(), strings.TrimPrefix(uri, "s3://bucket/"), content)
	}
	return started(w.TB, o)
}

// serveFolders starts a catalog that stores its files in folders of this machine.
func serveFolders(t testing.TB, o icebergrest.Options) *icebergrest.Server {
	return started(t, o.InFolders())
}

// started starts a catalog, which is closed when the test ends.
func started(t testing.TB, o icebergrest.Options) *icebergrest.Server {
	s := icebergrest.Start(o)
	t.Cleanup(s.Close)
	return s
}

// client returns a client that does not pause.
func client(o iceberg.CatalogOptions) *iceberg.CatalogClient {
	o.Pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return iceberg.NewCatalog(o)
}

// once checks that no table has two snapshots for the same state of the lake.
func (w *world) once() {
	w.Helper()
	for _, name := range []string{"lines", "statements", "accounts"} {
		seen := make(map[string]bool)
		for _, s := range w.open(name).Snapshots {
			key := s.Summary["tollbook.manifest"] + " " + s.Summary["tollbook.manifest-hash"]
			if seen[key] {
				w.Errorf("%s: manifest %s has two snapshots", name, key)
			}
			seen[key] = true
		}
	}
}

// faults returns the faults of a request that the tests simulate.
func faults() map[string]icebergrest.Fault {
	return map[string]icebergrest.Fault{
		"500 before":   {Before: http.StatusInternalServerError},
		"500 after":    {After: http.StatusInternalServerError},
		"502 after":    {After: http.StatusBadGateway},
		"503 before":   {Before: http.StatusServiceUnavailable},
		"503 after":    {After: http.StatusServiceUnavailable},
		"409 after":    {After: http.StatusConflict}, // as if a proxy had repeated the request
		"429 before":   {Before: http.StatusTooManyRequests},
		"401 before":   {Before: http.StatusUnauthorized},
		"cut before":   {Cut: true},
		"cut after":    {After: http.StatusOK, Cut: true},
		"403 before":   {Before: http.StatusForbidden},
		"garbled":      {After: http.StatusNoContent},
		"400 executed": {After: http.StatusBadRequest},
	}
}

// TestCatalogFaults disturbs each request of a publish that creates tables, and of one that changes them, in each way,
// either once or together with all later requests. After the next publish the tables equal the lake, and no manifest
// has two snapshots (ICE-8, ICE-9, ICE-10). The quick form disturbs a few requests in two ways.
func TestCatalogFaults(t *testing.T) {
	t.Parallel()
	apart := 1
	if testing.Short() {
		apart = 12
	}
	for name, fault := range faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "500 after" && name != "cut before" {
				program.Slow(t)
			}
			for _, always := range []bool{false, true} {
				for at, more := apart, true; more; at += apart {
					more = disturbed(t, fault, at, always)
					if t.Failed() {
						t.Fatalf("request %d, always %t", at, always)
					}
				}
			}
		})
	}
}

// disturbed reports whether one of three publishes sent the request that was to be disturbed.
func disturbed(t *testing.T, fault icebergrest.Fault, at int, always bool) (came bool) {
	t.Helper()
	w := inStore(t).inCatalog(icebergrest.Options{Prefix: "main"})
	for i, text := range []string{"first", "second", "third"} {
		w.to.Now = period.Instant(int64(i) * 10 * period.Minute)
		w.to.Catalog = client(iceberg.CatalogOptions{Address: w.rest.Address()}) // as in another process
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": text})
		if i != 1 { // disturb the first publish, which creates tables, and the third, which changes them
			w.rest.Disturb(func(n int, _ *http.Request) (f icebergrest.Fault) {
				if n == at || always && n > at {
					came, f = true, fault
				}
				return f
			})
		}
		_, err := iceberg.Publish(t.Context(), &w.to, w.head())
		w.rest.Disturb(nil)
		if err != nil && !errors.As(err, new(*iceberg.CatalogError)) &&
			!strings.Contains(err.Error(), "committed first") {
			t.Errorf("%T %v", err, err)
		}
		w.publish()
		w.same()
		w.once()
		if r := w.publish(); r.Changed {
			t.Errorf("publish again: %+v", r)
		}
	}
	return came
}

// TestCatalogLostAnswer checks that a commit whose response is lost is repeated only if the catalog did not execute it
// (ICE-10).
func TestCatalogLostAnswer(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]icebergrest.Fault{
		"executed": {After: http.StatusInternalServerError}, "not executed": {Before: http.StatusServiceUnavailable}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := folders(t).inCatalog(icebergrest.Options{})
			w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
			w.publish()
			w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "another text"})
			commits := 0
			w.rest.Disturb(func(_ int, r *http.Request) (f icebergrest.Fault) {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/tables/lines") {
					if commits++; commits == 1 {
						f = fault
					}
				}
				return f
			})
			if r := w.publish(); !r.Changed || r.Tables[0].Added != 1 {
				t.Errorf("%+v", r)
			}
			w.same()
			w.once()
			if want := map[string]int{"executed": 1, "not executed": 2}[name]; commits != want {
				t.Errorf("%d commits of lines, want %d", commits, want)
			}
		})
	}
}

// TestCatalogTwoPublishers checks that of two publishers that commit or create the tables at the same time only one
// succeeds, because of the catalog's requirements, and that the other starts over and has nothing to do (ICE-9).
func TestCatalogTwoPublishers(t *testing.T) {
	t.Parallel()
	for _, published := range []bool{true, false} {
		w := inStore(t).inCatalog(icebergrest.Options{})
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
		if published {
			w.publish()
			w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "another text"})
		}
		second := w.to // on another machine, with a lock of its own
		second.Warehouse = iceberg.InStore(w.over("tables/"), w.root, "s3://bucket/lake")
		second.Catalog = client(iceberg.CatalogOptions{Address: w.rest.Address()})
		met := false
		w.rest.Disturb(func(_ int, r *http.Request) (f icebergrest.Fault) {
			if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/tables") && !met {
				met = true
				f.Do = func() {
					if _, err := iceberg.Publish(t.Context(), &second, w.head()); err != nil {
						t.Error(err)
					}
				}
			}
			return f
		})
		r := w.publish()
		if !met || r.Changed {
			t.Errorf("published before: %t, met %t, %+v", published, met, r)
		}
		w.same()
		w.once()
	}
}

// TestCatalogRegisters checks that tables of a folder keep their snapshots when a catalog is set, even if the publish
// that registers them is interrupted, and that after that a publish without the catalog, or with another catalog, does
// not change them. A table that was dropped from the catalog is created again (ICE-11).
func TestCatalogRegisters(t *testing.T) {
	t.Parallel()
	apart := 1
	if testing.Short() {
		apart = 7
	}
	for at := apart; ; at += apart {
		w := folders(t)
		for _, text := range []string{"first", "second"} {
			w.commit(map[string]string{"lines 2026-09 2026-09-01 0": text})
			w.publish()
		}
		before := w.open("lines").Snapshots
		folder := w.to
		w.inCatalog(icebergrest.Options{})
		came := false
		w.rest.Disturb(func(n int, _ *http.Request) (f icebergrest.Fault) {
			if n >= at {
				came, f = true, icebergrest.Fault{After: http.StatusInternalServerError}
			}
			return f
		})
		if _, err := iceberg.Publish(t.Context(), &w.to, w.head()); came != (err != nil) {
			t.Fatalf("request %d: %v", at, err)
		}
		w.rest.Disturb(nil)
		w.publish()
		w.same()
		if diff := cmp.Diff(before, w.open("lines").Snapshots); diff != "" {
			t.Fatalf("request %d (-folder +catalog):\n%s", at, diff)
		}
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "third"})
		w.elsewhere(&folder)
		other := w.to
		other.Catalog = client(iceberg.CatalogOptions{Address: w.serve(icebergrest.Options{}).Address()})
		w.elsewhere(&other)
		w.publish()
		w.same()
		w.rest.Drop("tollbook", "lines")
		w.publish()
		w.same()
		if n := len(w.open("lines").Snapshots); n != 1 {
			t.Errorf("%d snapshots of a table that was created again", n)
		}
		if !came {
			return
		}
	}
}

// TestCatalogRefuses checks that a table that a catalog refuses stays in the folder and can still be published there
// (ICE-11).
func TestCatalogRefuses(t *testing.T) {
	t.Parallel()
	w := folders(t)
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.publish()
	folder := w.to
	w.inCatalog(icebergrest.Options{})
	w.rest.Disturb(func(_ int, r *http.Request) (f icebergrest.Fault) {
		if strings.HasSuffix(r.URL.Path, "/register") {
			f.Before = http.StatusForbidden
		}
		return f
	})
	if _, err := iceberg.Publish(t.Context(), &w.to, w.head()); !iceberg.Refused(err) {
		t.Errorf("%v", err)
	}
	w.to, w.rest = folder, nil
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "another text"})
	w.publish()
	w.same()
}

// elsewhere checks that a publish is refused because the tables belong to another catalog.
func (w *world) elsewhere(o *iceberg.Options) {
	w.Helper()
	var e *iceberg.ElsewhereError
	if _, err := iceberg.Publish(w.Context(), o, w.head()); !errors.As(err, &e) || e.Catalog != w.rest.Address() ||
		!strings.Contains(problem.HintOf(e), w.rest.Address()) {
		w.Errorf("%v", err)
	}
}

// TestCatalogKeeps checks that a publish keeps the newest metadata file, those in its log, the files of every snapshot,
// and a snapshot that has a tag, however long ago it was replaced (ICE-4, ICE-5).
func TestCatalogKeeps(t *testing.T) {
	t.Parallel()
	w := folders(t).inCatalog(icebergrest.Options{})
	var tagged int64
	for i := range 5 {
		w.to.Now = period.Instant(int64(i) * 2 * period.Hour)
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": fmt.Sprint("text ", i)})
		w.publish()
		w.same()
		if i == 1 {
			tagged = w.open("lines").Current
			_, err := w.to.Catalog.Commit(t.Context(), "tollbook", "lines", nil, []iceberg.Update{{
				"action": "set-snapshot-ref", "ref-name": "audit", "type": "tag", "snapshot-id": tagged}})
			w.must(err)
		}
		lines := w.open("lines")
		for _, l := range lines.MetadataLog {
			if _, err := w.read(l.File); err != nil {
				t.Error(err)
			}
		}
	}
	var shown []string
	for _, s := range w.open("lines").Snapshots {
		shown = append(shown, s.Summary["tollbook.manifest"])
	}
	// Each snapshot was replaced 2 hours after it was created and is kept for one more hour.
	if diff := cmp.Diff([]string{"2", "4", "5"}, shown); diff != "" {
		t.Error(diff)
	}
	left := 0
	w.must(filepath.WalkDir(strings.TrimPrefix(w.root, "file://")+"/tollbook/lines/data", func(_ string, e fs.DirEntry,
		err error) error {
		if err == nil && !e.IsDir() {
			left++
		}
		return err
	}))
	if left != 3 {
		t.Errorf("%d data files, want those of three snapshots", left)
	}
}

// TestCatalogOtherLake checks that a publish changes the tables of another lake only on request (ICE-7), and never a
// icebergTable that the catalog stores elsewhere.
func TestCatalogOtherLake(t *testing.T) {
	t.Parallel()
	w := folders(t).inCatalog(icebergrest.Options{})
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.publish()
	other := folders(t)
	other.commit(map[string]string{"lines 2026-08 2026-08-01 0": "other"})
	other.rest, other.to.Catalog = w.rest, w.to.Catalog
	var moved *iceberg.TableError
	if _, err := iceberg.Publish(t.Context(), &other.to, other.head()); !errors.As(err, &moved) ||
		!strings.Contains(err.Error(), "its location is "+w.root+"/tollbook/lines") {
		t.Errorf("%v", err)
	}
	otherDir := strings.TrimSuffix(strings.TrimPrefix(other.root, "file://"), "warehouse") + "lake"
	other.to.Warehouse, other.root = iceberg.InFolder(strings.TrimPrefix(w.root, "file://"), otherDir), w.root
	if _, err := iceberg.Publish(t.Context(), &other.to, other.head()); !errors.As(err, new(*iceberg.OtherLakeError)) {
		t.Errorf("%v", err)
	}
	other.to.TakeOver = true
	other.publish()
	other.same()
}

// TestCatalogDryRun checks that a dry run writes nothing and creates nothing in the catalog.
func TestCatalogDryRun(t *testing.T) {
	t.Parallel()
	w := folders(t).inCatalog(icebergrest.Options{})
	w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
	w.to.DryRun = true
	if r := w.publish(); !r.Changed || r.Tables[0].Added != 1 || r.Catalog != w.rest.Address() {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(strings.TrimPrefix(w.root, "file://")); !errors.Is(err, fs.ErrNotExist) ||
		w.rest.Newest("tollbook", "lines") != "" {
		t.Errorf("the warehouse: %v", err)
	}
	shown, _, err := iceberg.Shown(t.Context(), w.to.Warehouse, w.to.Catalog, "tollbook")
	if err != nil || shown != 0 {
		t.Errorf("%d, %v", shown, err)
	}
	w.to.DryRun = false
	w.publish()
	if shown, _, err := iceberg.Shown(t.Context(), w.to.Warehouse, w.to.Catalog, "tollbook"); err != nil || shown != 1 {
		t.Errorf("%d, %v", shown, err)
	}
}

// TestCatalogToken checks that a publish continues if the catalog forgets its token at any request (CATALOG-3).
func TestCatalogToken(t *testing.T) {
	t.Parallel()
	for at, more := 1, true; more; at++ {
		w := inStore(t).inCatalog(icebergrest.Options{ClientID: "tollbook", Secret: "top secret", Scope: "catalog"})
		w.to.Catalog = client(iceberg.CatalogOptions{Address: w.rest.Address(), ClientID: "tollbook", Scope: "catalog",
			ClientSecret: "top secret"})
		w.commit(map[string]string{"lines 2026-09 2026-09-01 0": "text"})
		more = false
		w.rest.Disturb(func(n int, _ *http.Request) (f icebergrest.Fault) {
			if n == at {
				more, f.Do = true, w.rest.Expire
			}
			return f
		})
		w.publish()
		w.same()
	}
}

package lake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/replica"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// renamed has the fields whose names differ in format 0 of these tests, in manifests and in lists.
var renamed = []struct{ old, now string }{
	{`"format": 0,`, `"format": 1,`}, {`"closed_until"`, `"closed_through"`},
	{`{"format":0,`, `{"format":1,`}, {`"files":[`, `"entries":[`},
}

// fromZero returns an upgrade step from a format 0 that no released version wrote.
func fromZero() []manifest.Step {
	convert := func(b []byte) ([]byte, error) {
		if !bytes.Contains(b, []byte(renamed[0].old)) && !bytes.Contains(b, []byte(renamed[2].old)) {
			return nil, fmt.Errorf("not of format 0: %.40q", b)
		}
		for _, field := range renamed {
			b = bytes.ReplaceAll(b, []byte(field.old), []byte(field.now))
		}
		return b, nil
	}
	return []manifest.Step{{From: 0, Text: "closed_until is called closed_through", Manifest: convert, List: convert}}
}

// lay writes files to a storage and syncs them.
func lay(t testing.TB, st storage.Storage, files map[string]string) {
	t.Helper()
	dirs := map[string]bool{"": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := st.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(w, files[name])
		if err := errors.Join(err, w.Sync(), w.Close()); err != nil {
			t.Fatal(err)
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := st.SyncDir(dir); err != nil {
			t.Fatal(err)
		}
	}
}

var listName = regexp.MustCompile(`manifests/(?:files-2026-\d\d|inputs)-([0-9a-f]{32})\.json`)

// inFormatZero returns the lake after all nights as a program of format 0 would have written it.
func inFormatZero(t testing.TB) map[string]string {
	t.Helper()
	m := storage.NewMem()
	history(t, m)
	files := dump(t, m)
	older := func(text string) string {
		for _, field := range renamed {
			text = strings.ReplaceAll(text, field.now, field.old)
		}
		return text
	}
	out, hashes := make(map[string]string), make(map[string]string)
	for name, text := range files {
		if of := listName.FindStringSubmatch(name); of != nil {
			text = older(text)
			hashes[of[1]] = string(manifest.HashBytes([]byte(text)))
			name = strings.ReplaceAll(name, of[1], hashes[of[1]])
		}
		if name != "LOCK" {
			out[name] = text
		}
	}
	parent := ""
	for n := 1; n <= 3; n++ {
		name := fmt.Sprintf("manifests/%06d.json", n)
		text := older(files[name])
		for was, now := range hashes {
			text = strings.ReplaceAll(text, was, now)
		}
		if n > 1 {
			was := manifest.HashBytes([]byte(files[fmt.Sprintf("manifests/%06d.json", n-1)]))
			text = strings.ReplaceAll(text, string(was), parent)
		}
		out[name], parent = text, string(manifest.HashBytes([]byte(text)))
	}
	out["HEAD"] = "3 " + parent + "\n"
	return out
}

// stateOf returns what a lake's live state contains, without what a commit changes by itself.
func stateOf(t testing.TB, st storage.Storage) (m manifest.Manifest, files []manifest.FileEntry,
	inputs []manifest.Input) {
	t.Helper()
	snap, err := open(t, st).Head()
	if err != nil {
		t.Fatal(err)
	}
	m = snap.Manifest
	for _, ref := range m.Cycles {
		of, err := snap.Files(ref.Cycle)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, of...)
	}
	if inputs, err = snap.Inputs(); err != nil {
		t.Fatal(err)
	}
	m.Number, m.Parent, m.Command = 0, "", ""
	return m, files, inputs
}

// TestUpgrade ends an upgrade at each point of its commit, by a kill and by a power failure. The lake is then in the
// old or the new format. After the upgrade is repeated, the lake has its previous state, and the backup has the state
// before the upgrade (LAKE-16).
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			upgradeTo(t, form.o)
		})
	}
}

// upgradeTo is TestUpgrade for an upgrade to lists that are cut by day or not.
func upgradeTo(t *testing.T, o lake.Options) {
	t.Helper()
	plain := storage.NewMem()
	historyWith(t, plain, o)
	wantManifest, wantFiles, wantInputs := stateOf(t, plain)
	zero := inFormatZero(t)
	stopped := errors.New("stopped here")
	for _, point := range append(lake.StopPoints(), "nowhere") {
		m, backup := storage.NewMem(), storage.NewMem()
		lay(t, m, zero)
		o.Steps = fromZero()
		killing := o
		killing.Stop = func(at string) error {
			if at == point {
				return stopped
			}
			return nil
		}
		backUp := replica.Backup(t.Context(), backup)
		if _, err := lake.Upgrade(t.Context(), m, backUp, killing); errors.Is(err, stopped) != (point != "nowhere") {
			t.Fatalf("%s: %v", point, err)
		}
		keys := cmpopts.EquateComparable(manifest.Cycle{}, manifest.Day{})
		for _, st := range []storage.Storage{m, m.PowerCut(nil)} {
			if _, err := lake.Upgrade(t.Context(), st, replica.Backup(t.Context(), backup), o); err != nil {
				t.Fatalf("%s, then again: %v", point, err)
			}
			manifest, files, inputs := stateOf(t, st)
			if diff := cmp.Diff(wantManifest, manifest, keys); diff != "" {
				t.Errorf("%s (- never upgraded, + upgraded):\n%s", point, diff)
			}
			if diff := cmp.Diff(wantFiles, files, keys) + cmp.Diff(wantInputs, inputs, keys); diff != "" {
				t.Errorf("%s (- never upgraded, + upgraded):\n%s", point, diff)
			}
		}
		copied := dump(t, backup)
		if diff := cmp.Diff(zero, copied); diff != "" {
			t.Errorf("%s: the backup (- as it was, + copied):\n%s", point, diff)
		}
	}
}

// TestUpgradeThenRun checks that an upgraded lake accepts runs, that its history can be read back to the first manifest
// of the earlier format, that a second upgrade has nothing to do, and that the upgrade added only lists and a manifest.
func TestUpgradeThenRun(t *testing.T) {
	t.Parallel()
	zero := inFormatZero(t)
	folder, store := storage.NewMem(), objects.NewMem()
	lay(t, folder, zero)
	for name, text := range zero {
		store.Set(name, []byte(text))
	}
	for _, st := range []storage.Storage{folder, over(t, store)} {
		o := lake.Options{Steps: fromZero()}
		plan, err := lake.PlanUpgrade(st, o)
		if err != nil {
			t.Fatal(err)
		}
		want := &lake.UpgradePlan{Manifest: 3, Format: 0, Program: 1, Steps: []string{fromZero()[0].Text}, Lists: 3,
			Files: 9, Bytes: 223}
		if diff := cmp.Diff(want, plan); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		backUp := replica.Backup(t.Context(), storage.NewMem())
		if changed, err := lake.Upgrade(t.Context(), st, backUp, o); err != nil || !changed {
			t.Fatalf("changed %v, %v", changed, err)
		}
		before := dump(t, st)
		backUp = replica.Backup(t.Context(), storage.NewMem())
		if changed, err := lake.Upgrade(t.Context(), st, backUp, o); err != nil || changed {
			t.Errorf("the second time: changed %v, %v", changed, err)
		}
		if diff := cmp.Diff(before, dump(t, st)); diff != "" {
			t.Errorf("the second upgrade changed the lake:\n%s", diff)
		}
		l, err := lake.Open(st, o)
		if err != nil {
			t.Fatal(err)
		}
		txn, err := l.Begin()
		if err != nil {
			t.Fatal(err)
		}
		key := manifest.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-11"), Day: lakekey.Day("2026-11-01"),
			Bucket: 0}
		if err := replace(txn, key, "lines of November"); err != nil {
			t.Fatal(err)
		}
		if changed, err := txn.Commit(context.Background()); err != nil || !changed {
			t.Fatalf("changed %v, %v", changed, err)
		}
		snap, err := l.Head()
		if err != nil {
			t.Fatal(err)
		}
		r, err := snap.CheckFiles(t.Context(), nil)
		if err != nil || len(r.Findings) > 0 || r.Manifests != 5 {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// TestOtherFormat checks that readers and runs refuse a lake of an earlier format with an error that names the command,
// and that an upgrade refuses a lake of a later format or of one without an upgrade step. The lake does not change
// (LAKE-16).
func TestOtherFormat(t *testing.T) {
	t.Parallel()
	zero := inFormatZero(t)
	later := make(map[string]string)
	for name, text := range zero {
		later[name] = strings.ReplaceAll(text, `"format": 0`, `"format": 7`)
	}
	later["HEAD"] = "3 " + string(manifest.HashBytes([]byte(later["manifests/000003.json"]))) + "\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		steps []manifest.Step
		hint  string // expected of readers and runs
		plan  bool   // an upgrade is possible
	}{
		{"earlier", zero, fromZero(), "`tollbook upgrade --dry-run`", true},
		{"earlier, no step", zero, nil, "use that version", false},
		{"later", later, fromZero(), "use that version", false},
	} {
		st := storage.NewMem()
		lay(t, st, c.files)
		o := lake.Options{Steps: c.steps}
		l, err := lake.Open(st, o)
		if err != nil {
			t.Fatal(err)
		}
		_, read := l.Head()
		_, begun := l.Begin()
		errs := []error{read, begun}
		_, planned := lake.PlanUpgrade(st, o)
		if !c.plan {
			_, upgraded := lake.Upgrade(t.Context(), st, replica.Backup(t.Context(), storage.NewMem()), o)
			errs = append(errs, planned, upgraded)
		} else if planned != nil {
			t.Errorf("%s: %v", c.name, planned)
		}
		for i, err := range errs {
			var corrupt *lakeerr.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Name != "manifests/000003.json" ||
				!strings.Contains(corrupt.Hint, c.hint) {
				t.Errorf("%s, %d: %v", c.name, i, err)
			}
		}
		left := dump(t, st)
		delete(left, "LOCK")
		if diff := cmp.Diff(c.files, left); diff != "" {
			t.Errorf("%s: the lake was changed:\n%s", c.name, diff)
		}
	}
}

package lake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// nightsUpTo returns a lake after the first nights.
func nightsUpTo(t *testing.T, last int) *storage.Mem {
	t.Helper()
	m := storage.NewMem()
	for k := range last {
		if _, err := night(m, lake.Options{}, k); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// stoppedAt returns a lake whose run after the first nights was killed at a point of its commit.
func stoppedAt(t *testing.T, last int, point string) *storage.Mem {
	t.Helper()
	m := nightsUpTo(t, last)
	stop := func(at string) error {
		if at == point {
			return errKilled
		}
		return nil
	}
	if _, err := night(m, lake.Options{Stop: stop}, last); !errors.Is(err, errKilled) {
		t.Fatalf("stopped at %s: %v", point, err)
	}
	return m.Killed()
}

// TestHeadLost tests LAKE-14: if HEAD is missing or that of an earlier night, runs and readers report damage, whatever
// the number of the manifest. Nothing is deleted.
func TestHeadLost(t *testing.T) {
	t.Parallel()
	heads := []string{""}
	for k := 1; k <= 2; k++ {
		heads = append(heads, dump(t, nightsUpTo(t, k))["HEAD"])
	}
	heads = append(heads, dump(t, nightsUpTo(t, 4))["HEAD"])
	for last, nights := range []int{1, 2, 4} { // the third night changes nothing
		for was := range heads[:last+1] {
			m := nightsUpTo(t, nights)
			if heads[was] == "" {
				if err := m.Remove("HEAD"); err != nil {
					t.Fatal(err)
				}
			} else {
				overwrite(t, m, "HEAD", heads[was])
			}
			before := dump(t, m)
			want := "HEAD is older than the lake"
			if was == 0 {
				want = "HEAD: not there, but manifests/000001.json, or a later one, names it"
			}
			if err := beginAndClose(m); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("manifest %d, HEAD of %d: Begin: %v", last+1, was, err)
			}
			if _, err := open(t, m).Head(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("manifest %d, HEAD of %d: Head: %v", last+1, was, err)
			}
			if diff := cmp.Diff(before, dump(t, m)); diff != "" {
				t.Errorf("manifest %d, HEAD of %d (-before +after):\n%s", last+1, was, diff)
			}
			restoreHead(t, m, heads[last+1])
		}
	}
}

// restoreHead restores HEAD with RestoreHead and checks that it has the wanted content.
func restoreHead(t *testing.T, m *storage.Mem, want string) {
	t.Helper()
	before := dump(t, m)
	no := func(p *lake.HeadPlan) (bool, error) {
		if p.Text+"\n" != want || p.Good || p.Files == 0 {
			t.Errorf("plan %+v, want HEAD %q", p, want)
		}
		return false, nil
	}
	if err := lake.RestoreHead(context.Background(), m, no); err != nil {
		t.Errorf("RestoreHead: %v", err)
	}
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("RestoreHead without leave (-before +after):\n%s", diff)
	}
	yes := func(*lake.HeadPlan) (bool, error) { return true, nil }
	if err := lake.RestoreHead(context.Background(), m, yes); err != nil {
		t.Errorf("RestoreHead: %v", err)
	}
	before["HEAD"] = want
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("RestoreHead (-before, with HEAD +after):\n%s", diff)
	}
	if err := beginAndClose(m.PowerCut(nil)); err != nil {
		t.Errorf("Begin after RestoreHead: %v", err)
	}
}

// TestHeadLostOrStopped checks that the announcement of a run distinguishes a manifest that was never committed from
// one whose HEAD is lost (LAKE-14). If the first run is killed before it writes HEAD, the lake is empty, not damaged,
// and the next run writes the same bytes as an undisturbed one.
func TestHeadLostOrStopped(t *testing.T) {
	t.Parallel()
	for _, last := range []int{0, 1, 3} {
		m := stoppedAt(t, last, lake.BeforeHead)
		snap, err := open(t, m).Head()
		if err != nil || snap.Manifest.Number != numbers[last] {
			t.Fatalf("night %d was stopped: %+v, %v", last, snap, err)
		}
		if _, err := night(m, lake.Options{}, last); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(dump(t, nightsUpTo(t, last+1)), dump(t, m)); diff != "" {
			t.Errorf("night %d, stopped and repeated (-undisturbed +got):\n%s", last, diff)
		}
		m = stoppedAt(t, last, lake.BeforeHead)
		if err := m.Remove("tmp/000000-commit"); err != nil {
			t.Fatal(err)
		}
		before := dump(t, m)
		var missing *lake.MissingError
		var corrupt *lake.CorruptError
		if err := beginAndClose(m); !errors.As(err, &missing) && !errors.As(err, &corrupt) {
			t.Errorf("night %d was stopped and announced nothing: %v", last, err)
		}
		if diff := cmp.Diff(before, dump(t, m)); diff != "" {
			t.Errorf("night %d was stopped and announced nothing (-before +after):\n%s", last, diff)
		}
	}
}

// TestHeadLostBeforeCleaning checks a lake whose run was killed after its commit and whose HEAD was lost later. Since
// the announcement names a manifest after the first, runs and readers report damage.
func TestHeadLostBeforeCleaning(t *testing.T) {
	t.Parallel()
	m := stoppedAt(t, 1, lake.BeforeClean)
	if err := m.Remove("HEAD"); err != nil {
		t.Fatal(err)
	}
	before := dump(t, m)
	const want = "HEAD: not there, but manifests/000001.json, or a later one, names it"
	if _, err := open(t, m).Head(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Head: %v", err)
	}
	if err := beginAndClose(m); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Begin: %v", err)
	}
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// TestAnnouncedOther checks that an announcement excuses only the manifest that it names, with that content.
func TestAnnouncedOther(t *testing.T) {
	t.Parallel()
	m := stoppedAt(t, 1, lake.BeforeHead)
	overwrite(t, m, "manifests/000002.json", "{}\n")
	before := dump(t, m)
	if err := beginAndClose(m); err == nil || !strings.Contains(err.Error(), "HEAD is older than the lake") {
		t.Errorf("Begin: %v", err)
	}
	if diff := cmp.Diff(before, dump(t, m)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// interrupted is a storage that calls a function once, when a certain file is opened.
type interrupted struct {
	storage.Storage
	at      string // name of that file
	happens func()
}

func (s *interrupted) Open(name string) (storage.ReadFile, error) {
	if name == s.at && s.happens != nil {
		then := s.happens
		s.happens = nil
		then()
	}
	return s.Storage.Open(name)
}

// TestCheckDuringRun checks that a check that has listed the manifest of an interrupted run reports no damage if the
// next run commits or removes leftover files before the check reads the announcement (LAKE-14).
func TestCheckDuringRun(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(storage.Storage) error{
		"commits": func(st storage.Storage) error {
			_, err := night(st, lake.Options{}, 1)
			return err
		},
		"removes": beginAndClose,
	} {
		for _, names := range []bool{true, false} {
			st := &interrupted{Storage: stoppedAt(t, 1, lake.BeforeHead)}
			snap, err := open(t, st).Head()
			if err != nil {
				t.Fatal(err)
			}
			st.at, st.happens = "tmp/000000-commit", func() {
				if err := run(st.Storage); err != nil {
					t.Error(err)
				}
			}
			var findings []lake.Finding
			if names {
				findings, err = snap.CheckNames()
			} else {
				var report *lake.CheckReport
				if report, err = snap.CheckFiles(context.Background(), nil); report != nil {
					findings = report.Findings
				}
			}
			if moved := new(lake.MovedError); err != nil && !errors.As(err, &moved) {
				t.Errorf("%s: %v", name, err)
			}
			if st.happens != nil {
				t.Errorf("%s: the check did not read the announcement", name)
			}
			for _, f := range findings {
				if f.Kind == lake.FindChain {
					t.Errorf("%s: %s", name, f)
				}
			}
		}
	}
}

// TestRestoreHeadRefuses checks that HEAD is not restored to a manifest if its files or its predecessors are not as
// they were written, or if it is older than the newest one. Invariant: LAKE-15.
func TestRestoreHeadRefuses(t *testing.T) {
	t.Parallel()
	whole := nightsUpTo(t, 4)
	files := dump(t, whole)
	lines := find(t, files, "lines/cycle=2026-09/day=2026-09-01/000-")
	list := find(t, files, "manifests/files-2026-09-")
	for name, text := range map[string]string{
		lines:                   flip(files[lines], 3),
		list:                    "",
		"manifests/000003.json": flip(files["manifests/000003.json"], 30),
		"manifests/000001.json": "",
		"manifests/000009.json": files["manifests/000001.json"],
	} {
		m := whole.Killed()
		if _, found := files[name]; found {
			if err := m.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		if text != "" {
			plant(t, m, name, text)
		}
		if err := m.Remove("HEAD"); err != nil {
			t.Fatal(err)
		}
		before := dump(t, m)
		err := lake.RestoreHead(context.Background(), m, func(*lake.HeadPlan) (bool, error) { return true, nil })
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, dump(t, m)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
	empty := storage.NewMem()
	err := lake.RestoreHead(context.Background(), empty, func(*lake.HeadPlan) (bool, error) { return true, nil })
	if missing := new(lake.MissingError); !errors.As(err, &missing) || len(dump(t, empty)) != 0 {
		t.Errorf("the empty lake: %v, %v", err, dump(t, empty))
	}
}

// TestOriginDamaged checks that Origin reports an error if the first manifest was changed.
func TestOriginDamaged(t *testing.T) {
	t.Parallel()
	for nights := 2; nights <= 4; nights += 2 {
		m := nightsUpTo(t, nights)
		text := dump(t, m)["manifests/000001.json"]
		snap, err := open(t, m).Head()
		if err != nil {
			t.Fatal(err)
		}
		if origin, err := snap.Origin(); err != nil || origin != lake.HashBytes([]byte(text)) {
			t.Errorf("%d nights: Origin = %s, %v", nights, origin, err)
		}
		overwrite(t, m, "manifests/000001.json", flip(text, 30))
		if origin, err := snap.Origin(); err == nil ||
			!strings.Contains(err.Error(), "manifests/000001.json: hash is ") {
			t.Errorf("%d nights, manifest 1 changed: Origin = %s, %v", nights, origin, err)
		}
	}
}

package lake_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// listsOf returns the names of the lists of files in a storage, with and without their hashes.
func listsOf(t testing.TB, st storage.Storage) (names, short []string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(dump(t, st))) {
		if of, is := strings.CutPrefix(name, "manifests/files-"); is {
			names = append(names, name)
			short = append(short, of[:len(of)-len("-.json")-32])
		}
	}
	slices.Sort(short)
	return names, short
}

// TestCutLists runs all nights with lists that are cut by day. After each night the lists have literal names, the lists
// of unchanged days stay, and the lake has the same data files and content as with lists that are not cut (LAKE-10,
// LAKE-17).
func TestCutLists(t *testing.T) {
	t.Parallel()
	first := []string{"2026-09", "2026-09-2026-09-01", "2026-09-2026-09-02"}
	second := append(slices.Clone(first), "2026-09-2026-09-03")
	m, whole := storage.NewMem(), storage.NewMem()
	var before []string
	for k, want := range []struct {
		lists []string
		stay  int // lists of the previous night that stay
	}{{first, 0}, {second, 1}, {second, 4}, {append(slices.Clone(second), "2026-10", "2026-10-2026-10-01"), 3}} {
		for _, one := range []struct {
			st *storage.Mem
			o  lake.Options
		}{{m, cutLists}, {whole, lake.Options{}}} {
			if changed, err := night(one.st, one.o, k); err != nil || changed != (k != 2) {
				t.Fatalf("night %d: changed %v, %v", k, changed, err)
			}
		}
		names, short := listsOf(t, m)
		if diff := cmp.Diff(want.lists, short); diff != "" {
			t.Errorf("night %d (-want +got):\n%s", k, diff)
		}
		stay := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(before, name) })
		if len(stay) != want.stay {
			t.Errorf("night %d: %d lists stay, want %d: %v", k, len(stay), want.stay, stay)
		}
		before = names
		sameContent(t, whole, m)
	}
}

// sameContent checks that two lakes are equal except for the form of their lists.
func sameContent(t *testing.T, want, got storage.Storage) {
	t.Helper()
	keys := cmpopts.EquateComparable(lake.Cycle{}, lake.Day{})
	wantManifest, wantFiles, wantInputs := stateOf(t, want)
	gotManifest, gotFiles, gotInputs := stateOf(t, got)
	for _, m := range []lake.Manifest{wantManifest, gotManifest} {
		for _, ref := range m.Cycles {
			*ref.Files = lake.ListRef{Count: ref.Files.Count}
		}
	}
	if diff := cmp.Diff(wantManifest, gotManifest, keys) + cmp.Diff(wantFiles, gotFiles, keys) +
		cmp.Diff(wantInputs, gotInputs, keys); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data := func(files map[string]string) map[string]string {
		maps.DeleteFunc(files, func(name, _ string) bool {
			return strings.HasPrefix(name, "manifests/") || name == "HEAD" || name == "LOCK"
		})
		return files
	}
	if diff := cmp.Diff(data(dump(t, want)), data(dump(t, got))); diff != "" {
		t.Errorf("data files (-want +got):\n%s", diff)
	}
	if found, err := head(t, got).CheckFiles(t.Context(), nil); err != nil || len(found.Findings) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func head(t testing.TB, st storage.Storage) *lake.Snapshot {
	t.Helper()
	snap, err := open(t, st).Head()
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestListsKeepTheirForm checks that a run with another CutBytes changes no list if nothing else changes, and otherwise
// only lists of cycles whose files change. Lists of closed cycles never change (LAKE-8, LAKE-10, LAKE-17).
func TestListsKeepTheirForm(t *testing.T) {
	t.Parallel()
	for _, made := range forms {
		for _, then := range forms {
			m := storage.NewMem()
			historyWith(t, m, made.o)
			before := dump(t, m)
			if changed, err := night(m, then.o, len(nights)-1); err != nil || changed {
				t.Errorf("%s, then %s: changed %v, %v", made.name, then.name, changed, err)
			}
			if diff := cmp.Diff(before, dump(t, m)); diff != "" {
				t.Errorf("%s, then %s:\n%s", made.name, then.name, diff)
			}
			l, err := lake.Open(m, then.o)
			if err != nil {
				t.Fatal(err)
			}
			txn := begin(t, l)
			key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-02")}
			if err := replace(txn, key, "lines of the next day"); err != nil {
				t.Fatal(err)
			}
			if changed, err := txn.Commit(context.Background()); err != nil || !changed {
				t.Fatal(changed, err)
			}
			for _, ref := range head(t, m).Manifest.Cycles {
				want := then
				if ref.State == lake.CycleClosed {
					want = made
				}
				if cut := ref.Files.Days > 0; cut != (want.name == "cut") {
					t.Errorf("%s, then %s: %+v", made.name, then.name, ref.Files)
				}
			}
		}
	}
}

// nameAfter returns the only name that consists of a prefix and a hash of 32 digits.
func nameAfter(t *testing.T, files map[string]string, prefix string) string {
	t.Helper()
	for name := range files {
		if strings.HasPrefix(name, prefix) && len(name) == len(prefix)+32+len(".json") {
			return name
		}
	}
	t.Fatalf("no %s…", prefix)
	return ""
}

// TestListsOfDaysAreRead checks that Find reads only the list of its day, and that readers of a day whose list is
// missing or damaged get an error that names the list and the list that refers to it (READ-3).
func TestListsOfDaysAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "not there, but ", "{}": "hash is "} {
		m := storage.NewMem()
		historyWith(t, m, cutLists)
		files := dump(t, m)
		of := nameAfter(t, files, "manifests/files-2026-09-")
		day := nameAfter(t, files, "manifests/files-2026-09-2026-09-02-")
		if err := m.Remove(day); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			lay(t, m, map[string]string{day: text})
		}
		snap := head(t, m)
		for _, key := range []lake.FileKey{dayKey("2026-09-01", 1), dayKey("2026-09-03", 0), dayKey("end", 0)} {
			if found, err := snap.Find(key); err != nil || len(found) != 1 || found[0].FileKey != key {
				t.Errorf("%v: %v, %v", key, found, err)
			}
		}
		if found, err := snap.Find(dayKey("2026-09-09", 0)); err != nil || len(found) > 0 {
			t.Errorf("%v, %v", found, err)
		}
		_, one := snap.Find(dayKey("2026-09-02", 1))
		_, all := snap.Files(lakekey.Cycle("2026-09"))
		_, begun := open(t, m).Begin()
		for _, err := range []error{one, all, begun} {
			if err == nil || !strings.Contains(err.Error(), day+": "+want) || !strings.Contains(err.Error(), of) {
				t.Errorf("%v, want %s: %s…, and %s", err, day, want, of)
			}
		}
	}
}

// TestListsThatDisagree checks that a list that contradicts what refers to it is refused, even if all hashes match
// (READ-3, LAKE-17).
func TestListsThatDisagree(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	historyWith(t, m, cutLists)
	files := dump(t, m)
	for name, edit := range map[string]struct{ of, old, now, want string }{
		"another day": {"2026-09-2026-09-02", `"day":"2026-09-02","entries"`, `"day":"2026-09-04","entries"`, "day"},
		"nothing":     {"2026-09-2026-09-03", `"bucket":0`, `"bucket":0`, ""},
		"a file of another day": {"2026-09-2026-09-02", `"cycle":"2026-09","day":"2026-09-02","bucket":0`,
			`"cycle":"2026-09","day":"2026-09-03","bucket":0`, `a file of cycle "2026-09", day "2026-09-03"`},
		"a day of another": {"2026-09", `{"day":"2026-09-02","name"`, `{"day":"2026-09-01","name"`, "ascending"},
		"no day":           {"2026-09", `{"day":"2026-09-01","name"`, `{"day":"end","name"`, "days of the calendar"},
		"another count":    {"2026-09", `"count":2}`, `"count":3}`, "entries"},
		"a file of a day":  {"2026-09", `"day":"end"`, `"day":"2026-09-09"`, `day "2026-09-09"`},
		"fewer days":       {"000003", `"days": 3`, `"days": 2`, "lists of 3 days"},
		"no days":          {"000003", `"days": 1`, `"days": 0`, "lists of 1 days"},
	} {
		st := storage.NewMem()
		lay(t, st, disagreeing(t, files, edit.of, edit.old, edit.now))
		l, err := lake.Open(st, lake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := l.Head()
		if err == nil {
			_, _, err = snap.All()
		}
		corrupt := new(lake.CorruptError)
		if edit.want == "" && err != nil || edit.want != "" &&
			(!errors.As(err, &corrupt) || !strings.Contains(corrupt.Detail, edit.want)) {
			t.Errorf("%s: %v, want %q", name, err, edit.want)
		}
	}
}

// disagreeing replaces a text in a list or in the newest manifest and updates the names and hashes that refer to it.
func disagreeing(t *testing.T, files map[string]string, of, old, now string) map[string]string {
	t.Helper()
	out := maps.Clone(files)
	delete(out, "LOCK")
	name := "manifests/" + of + ".json"
	if strings.Contains(of, "-") {
		name = nameAfter(t, files, "manifests/files-"+of+"-")
	}
	for change := func(text string) string { return strings.Replace(text, old, now, 1) }; name != ""; {
		text := change(out[name])
		if text == out[name] && old != now {
			t.Fatalf("%s has no %s:\n%s", name, old, text)
		}
		was, is := string(lake.HashBytes([]byte(out[name]))), string(lake.HashBytes([]byte(text)))
		delete(out, name)
		out[strings.Replace(name, was, is, 1)] = text
		name = ""
		for above, text := range out {
			if above != "HEAD" && strings.Contains(text, was) {
				name = above
			}
		}
		out["HEAD"] = strings.Replace(out["HEAD"], was, is, 1)
		change = func(text string) string { return strings.ReplaceAll(text, was, is) }
	}
	return out
}

// TestCutListsAreCopied checks that a copy of a lake includes the lists of days (LAKE-3).
func TestCutListsAreCopied(t *testing.T) {
	t.Parallel()
	m, to := storage.NewMem(), storage.NewMem()
	historyWith(t, m, cutLists)
	if _, err := lake.Copy(t.Context(), head(t, m), to); err != nil {
		t.Fatal(err)
	}
	sameContent(t, m, to)
	if err := lake.SweepCopy(head(t, m), to); err != nil {
		t.Fatal(err)
	}
	want := dump(t, m)
	delete(want, "LOCK")
	if diff := cmp.Diff(want, dump(t, to)); diff != "" {
		t.Errorf("(-lake +copy):\n%s", diff)
	}
}

// TestArchiveHasTheList checks that an archive has the same list of a cycle as the lake, whatever the CutBytes of the
// archive (LAKE-8, LAKE-17).
func TestArchiveHasTheList(t *testing.T) {
	t.Parallel()
	for _, made := range forms {
		for _, then := range forms {
			m := storage.NewMem()
			historyWith(t, m, made.o)
			from := head(t, m)
			september := from.Manifest.Cycles[0]
			files, err := from.Files(september.Cycle)
			if err != nil {
				t.Fatal(err)
			}
			cold := storage.NewMem()
			to, err := lake.Open(cold, then.o)
			if err != nil {
				t.Fatal(err)
			}
			txn := begin(t, to)
			err = errors.Join(txn.Next().ArchiveFor("origin"), txn.Next().Adopt(september),
				txn.Next().Entries.Add(files...), txn.Next().CloseThrough(september.Cycle))
			for _, e := range files {
				err = errors.Join(err, txn.Import(t.Context(), from, e))
			}
			if err != nil {
				t.Fatal(err)
			}
			if changed, err := txn.Commit(context.Background()); err != nil || !changed {
				t.Fatal(changed, err)
			}
			if got := head(t, cold).Manifest.Cycles[0].Files; *got != *september.Files {
				t.Errorf("lake %s, archive %s: %+v, want %+v", made.name, then.name, got, september.Files)
			}
		}
	}
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

// stateOf returns what a lake's live state contains, without what a commit changes by itself.
func stateOf(t testing.TB, st storage.Storage) (m lake.Manifest, files []lake.FileEntry,
	inputs []lake.Input) {
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

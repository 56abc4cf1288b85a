package objects_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// place is a storage over a store. It records the requests to the store.
type place struct {
	*objects.Storage
	store    *objects.Mem
	scratch  *storage.Mem
	requests []string
}

func newPlace(t testing.TB, o objects.Options) *place {
	t.Helper()
	p := &place{store: objects.NewMem(), scratch: storage.NewMem()}
	var err error
	if p.Storage, err = objects.New(p.store, p.scratch, o); err != nil {
		t.Fatal(err)
	}
	p.store.Plan = func(r objects.Request) objects.Fault {
		p.requests = append(p.requests, r.Kind+" "+r.Name)
		return objects.None
	}
	return p
}

// put writes a file in the way of the lake: as a temporary file that is then renamed.
func (p *place) put(t testing.TB, name, content string) {
	t.Helper()
	f, err := p.Create("tmp/000001-x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close(), p.Rename("tmp/000001-x", name)); err != nil {
		t.Fatal(err)
	}
}

func (p *place) read(t testing.TB, name string) string {
	t.Helper()
	f, err := p.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPlaces checks that a temporary file exists only in the scratch folder, and leaves it when it is renamed to its
// final name (OBJECTS-1, OBJECTS-2).
func TestPlaces(t *testing.T) {
	t.Parallel()
	p := newPlace(t, objects.Options{})
	p.put(t, "lines/a", "text")
	p.put(t, "lines/a", "text")
	if diff := cmp.Diff([]string{"put lines/a", "put lines/a"}, p.requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if left, err := p.scratch.List(""); err != nil || len(left) > 0 {
		t.Errorf("the scratch folder has %v, %v", left, err)
	}
	f, err := p.Create("tmp/000002-y")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := []storage.Entry{{Name: "lines/a", Size: 4}, {Name: "tmp/000002-y"}}
	if got, err := p.List(""); err != nil || !cmp.Equal(got, want) {
		t.Errorf("List = %v, %v; want %v", got, err, want)
	}
	if got, err := p.List("tmp/"); err != nil || !cmp.Equal(got, want[1:]) {
		t.Errorf("List of tmp/ = %v, %v; want %v", got, err, want[1:])
	}
	if got, err := p.List("lines/"); err != nil || !cmp.Equal(got, want[:1]) {
		t.Errorf("List of lines/ = %v, %v; want %v", got, err, want[:1])
	}
	if _, err := p.Create("lines/b"); err == nil {
		t.Error("a file is created in the store under its own name")
	}
	if _, err := p.Open("lines/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of nothing: %v", err)
	}
	lock, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	locked := new(storage.LockedError)
	if _, err := p.Lock(); !errors.As(err, &locked) {
		t.Errorf("a second Lock: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestLostPut checks that after a failed upload the caller gets the error and the temporary file still exists
// (OBJECTS-2).
func TestLostPut(t *testing.T) {
	t.Parallel()
	p := newPlace(t, objects.Options{})
	p.store.Plan = func(objects.Request) objects.Fault { return objects.Fail }
	f, err := p.Create("tmp/000001-x")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Rename("tmp/000001-x", "lines/a"); err == nil {
		t.Error("a failed upload is no error")
	}
	if left, err := p.scratch.List(""); err != nil || len(left) != 1 {
		t.Errorf("the scratch folder has %v, %v; want the file", left, err)
	}
}

// TestReads counts the requests of a reader (OBJECTS-3, OBJECTS-4).
func TestReads(t *testing.T) {
	t.Parallel()
	const mebi = 1 << 20
	p := newPlace(t, objects.Options{})
	text := strings.Repeat("0123456789abcde\n", 10*mebi/16) + "end"
	p.put(t, "lines/a", text)
	p.put(t, "lines/small", "small")
	p.put(t, "HEAD", "one")
	count := func(what string, want int, do func()) {
		t.Helper()
		p.requests = nil
		if do(); len(p.requests) != want {
			t.Errorf("%s: requests %v, want %d", what, p.requests, want)
		}
	}
	equal := func(name, want string) func() {
		return func() {
			t.Helper()
			if p.read(t, name) != want {
				t.Errorf("%s is read as something else", name)
			}
		}
	}
	count("11 parts from the first to the last: 1, 2, 4, 4", 4, equal("lines/a", text))
	count("once more, from the cache", 0, equal("lines/a", text))
	count("a small file", 1, equal("lines/small", "small"))
	count("the same", 0, equal("lines/small", "small"))
	count("HEAD", 1, equal("HEAD", "one"))
	p.store.Set("HEAD", []byte("two"))
	count("HEAD, replaced", 1, equal("HEAD", "two"))

	small := newPlace(t, objects.Options{CacheBytes: 1})
	small.put(t, "lines/a", text)
	f, err := small.Open("lines/a")
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 32)
	for _, off := range []int64{0, 16, mebi - 16, 5*mebi + 7, 10*mebi - 32, 10*mebi + 3 - 32} {
		if n, err := f.ReadAt(part, off); n != len(part) || err != nil || !bytes.Equal(part, []byte(text[off:off+32])) {
			t.Errorf("ReadAt %d = %d, %v, %q", off, n, err, part)
		}
	}
	if n, err := f.ReadAt(part, 10*mebi); n != 3 || err != io.EOF {
		t.Errorf("ReadAt of the end = %d, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.ReadAt(part, 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("ReadAt after Close: %v", err)
	}
}

// TestCreateOnly checks that a request is repeated while the store is busy, and that nothing is replaced (OBJECTS-5).
func TestCreateOnly(t *testing.T) {
	t.Parallel()
	p := newPlace(t, objects.Options{})
	p.store.Plan = func(r objects.Request) objects.Fault {
		if r.N < 3 {
			return objects.Busy
		}
		return objects.None
	}
	if err := p.CreateOnly("manifests/1", []byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := p.CreateOnly("manifests/1", []byte("b")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	if got := p.store.Objects()["manifests/1"]; got != "a" {
		t.Errorf("the object is %q", got)
	}
	p.store.Plan = func(objects.Request) objects.Fault { return objects.Busy }
	if err := p.CreateOnly("manifests/2", []byte("a")); !errors.Is(err, objects.ErrBusy) {
		t.Errorf("a store that stays busy: %v", err)
	}
}

// TestProbe checks that Probe accepts a good store and refuses others (OBJECTS-6).
func TestProbe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan    func(objects.Request) objects.Fault
		refused bool
	}{
		"good":          {func(objects.Request) objects.Fault { return objects.None }, false},
		"no conditions": {func(objects.Request) objects.Fault { return objects.Ignore }, true},
		"no conditions in a race": {func(r objects.Request) objects.Fault {
			if strings.HasSuffix(r.Name, "-2") {
				return objects.Ignore
			}
			return objects.None
		}, true},
		"late lists": {func(objects.Request) objects.Fault { return objects.Stale }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, objects.Options{})
			p.store.Plan = c.plan
			err := p.Probe()
			if refused := new(objects.ProbeError); errors.As(err, &refused) != c.refused || !c.refused && err != nil {
				t.Errorf("Probe: %v", err)
			}
			if left := p.store.Objects(); len(left) > 0 {
				t.Errorf("the store has %v", left)
			}
		})
	}
}

// TestMem checks the fake store against the rules of Store.
func TestMem(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := objects.NewMem()
	if err := m.Create(ctx, "a", []byte("text")); err != nil {
		t.Fatal(err)
	}
	if o, err := m.Stat(ctx, "a"); o.Size != 4 || err != nil {
		t.Errorf("Stat = %v, %v", o, err)
	}
	if _, err := m.Stat(ctx, "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of nothing: %v", err)
	}
	if got, size, err := m.Get(ctx, "a", 3, 10); string(got) != "t" || size != 4 || err != nil {
		t.Errorf("Get = %q, %d, %v", got, size, err)
	}
	if err := errors.Join(m.Delete(ctx, "a"), m.Delete(ctx, "a")); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

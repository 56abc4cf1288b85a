package inbox_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
)

// inStore is an inbox in an object store that records the requests for contents.
type inStore struct {
	*objects.Mem
	cache string
	reads []string
}

func newInStore(t *testing.T) *inStore {
	t.Helper()
	s := &inStore{Mem: objects.NewMem(), cache: filepath.Join(t.TempDir(), "cache", "inbox-0123456789abcdef")}
	s.Plan = func(r objects.Request) objects.Fault {
		if r.Kind == "get" {
			s.reads = append(s.reads, r.Name)
		}
		return objects.None
	}
	return s
}

// open returns the inbox as a run opens it.
func (s *inStore) open(t *testing.T) (*objects.Folder, *inbox.Hashes) {
	t.Helper()
	folder, err := objects.NewFolder(s, "s3://feeds", objects.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hashes, err := inbox.LoadHashes(s.cache)
	if err != nil {
		t.Fatal(err)
	}
	return folder, hashes
}

// hashOfText is the first half of the SHA-256 of "text", as sha256sum prints it.
const hashOfText = "982d9e3eb996f559e633f4d194def376"

// TestStoreRemembers checks that an object is read again only if its version or time differs, or if it was recent.
func TestStoreRemembers(t *testing.T) {
	t.Parallel()
	s := newInStore(t)
	s.Set("usage/a.csv", []byte("text"))
	for _, c := range []struct {
		name  string
		do    func()
		reads int
	}{
		{"new", func() {}, 1},
		{"new when it was hashed: a change within the same second would not show", func() { s.Advance(10) }, 1},
		{"as before", func() {}, 0},
		{"written again, with the same content", func() { s.Set("usage/a.csv", []byte("text")) }, 1},
		{"as before, ten seconds later", func() { s.Advance(10) }, 1},
		{"as before, once more", func() { s.Advance(10) }, 0},
	} {
		c.do()
		s.reads = nil
		folder, hashes := s.open(t)
		hash, size, err := hashes.Hash(folder, "usage/a.csv")
		if hash != hashOfText || size != 4 || err != nil {
			t.Errorf("%s: %s, %d, %v", c.name, hash, size, err)
		}
		if err := hashes.Save(); err != nil {
			t.Error(err)
		}
		if len(s.reads) != c.reads {
			t.Errorf("%s: read %d times, want %d", c.name, len(s.reads), c.reads)
		}
	}
}

// TestStoreChanged checks that an object that is replaced or deleted during or after hashing gives a *ChangedError.
func TestStoreChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		during, after []byte // nil = deleted
		age           int64  // age of the object in seconds when it is hashed
		how           string // "" = unchanged
	}{
		"unchanged":                         {[]byte("text"), []byte("text"), 0, ""},
		"unchanged, old":                    {[]byte("text"), []byte("text"), 10, ""},
		"other content during":              {[]byte("TEXT"), []byte("TEXT"), 0, "was replaced"},
		"more during":                       {[]byte("text text"), []byte("text text"), 10, "was replaced"},
		"deleted during":                    {nil, nil, 0, "was removed"},
		"other content after":               {[]byte("text"), []byte("TEXT"), 0, "was replaced"},
		"other content after, when it aged": {[]byte("text"), []byte("TEXT"), 10, "was replaced"},
		"deleted after":                     {[]byte("text"), nil, 10, "was removed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newInStore(t)
			put := func(content []byte) {
				if string(content) != s.Objects()["usage/a.csv"] {
					s.Set("usage/a.csv", content)
				}
			}
			put([]byte("text"))
			s.Advance(c.age)
			folder, hashes := s.open(t)
			if _, err := folder.Stat("usage/a.csv"); err != nil { // lists the object
				t.Fatal(err)
			}
			put(c.during)
			_, _, err := hashes.Hash(folder, "usage/a.csv")
			if err == nil {
				put(c.after)
				err = hashes.Still(folder, "usage/a.csv")
			}
			changed := new(inbox.ChangedError)
			if c.how == "" && err != nil || c.how != "" && (!errors.As(err, &changed) || changed.How != c.how) {
				t.Errorf("%v, want %q", err, c.how)
			}
		})
	}
}

// TestStoreDiscover checks that objects whose names cannot be file names are skipped and hide no other object.
func TestStoreDiscover(t *testing.T) {
	t.Parallel()
	s := newInStore(t)
	for _, name := range []string{"usage/a.csv", "usage/b.csv/c.csv", "usage/b.csv", "usage//d.csv", "orders/e.csv",
		"usage/readme.txt"} {
		s.Set(name, []byte(name))
	}
	s.Set("usage/", []byte{}) // folders of a console
	s.Set("usage/x/", []byte{})
	s.Set("usage/y/", []byte("text"))
	folder, _ := s.open(t)
	found, err := inbox.Discover(folder, "usage")
	if err != nil {
		t.Fatal(err)
	}
	var passed []string
	for i := range found.Passed {
		passed = append(passed, found.Passed[i].Error())
	}
	want := []string{"inbox/usage//d.csv is an object with a name that no file can have",
		"inbox/usage/b.csv is an object with a name that no file can have",
		"inbox/usage/y/ is an object with a name that no file can have"}
	if diff := cmp.Diff(want, passed); diff != "" {
		t.Error(diff)
	}
	wantFiles := []inbox.FileRef{{Name: "usage/a.csv", Size: 11}, {Name: "usage/b.csv/c.csv", Size: 17}}
	if diff := cmp.Diff(wantFiles, found.Files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"usage/readme.txt"}, found.Unknown); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"usage/", "usage/x/"}, found.Left); diff != "" {
		t.Error(diff)
	}
}

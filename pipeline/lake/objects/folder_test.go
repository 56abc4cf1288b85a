package objects_test

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/objects"
)

func newFolder(t *testing.T, names ...string) (*objects.Mem, *objects.Folder) {
	t.Helper()
	store := objects.NewMem()
	for _, name := range names {
		store.Set(name, []byte("content of "+name))
	}
	folder, err := objects.NewFolder(store, "s3://feeds/in", objects.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store, folder
}

// TestFolder checks a folder with the standard tests for an fs.FS.
func TestFolder(t *testing.T) {
	t.Parallel()
	names := []string{"usage/a.csv", "usage/day/b.parquet", "usage/day/c.csv", "orders/d.ndjson"}
	_, folder := newFolder(t, names...)
	if err := fstest.TestFS(folder, names...); err != nil {
		t.Error(err)
	}
	if _, err := folder.Stat("accounts"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(),
		"s3://feeds/in/accounts") {
		t.Errorf("Stat of nothing: %v", err)
	}
	_, empty := newFolder(t)
	if entries, err := empty.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("an empty folder has %v, %v", entries, err)
	}
}

// TestFolderListsOnce checks that a folder sends one request for all of its names, and a fresh one sends a request for
// each name (FOLDER-1).
func TestFolderListsOnce(t *testing.T) {
	t.Parallel()
	store, folder := newFolder(t, "usage/a.csv", "usage/b.csv")
	var requests []string
	store.Plan = func(r objects.Request) objects.Fault {
		requests = append(requests, r.Kind+" "+r.Name)
		return objects.None
	}
	for range 2 {
		if err := fs.WalkDir(folder, "usage", func(name string, _ fs.DirEntry, err error) error {
			_, bad := fs.Stat(folder, name)
			return errors.Join(err, bad)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"list "}, requests); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	store.Set("usage/a.csv", []byte("other content"))
	before, err := fs.Stat(folder, "usage/a.csv")
	if err != nil {
		t.Fatal(err)
	}
	after, err := fs.Stat(folder.Fresh(), "usage/a.csv")
	if err != nil {
		t.Fatal(err)
	}
	if before.Size() != int64(len("content of usage/a.csv")) || after.Size() != int64(len("other content")) ||
		before.Sys() == after.Sys() {
		t.Errorf("before %d bytes, %v; after %d bytes, %v", before.Size(), before.Sys(), after.Size(), after.Sys())
	}
}

// TestFolderReplaced checks that a file that has been replaced since it was listed is not read (FOLDER-2).
func TestFolderReplaced(t *testing.T) {
	t.Parallel()
	store, folder := newFolder(t, "usage/a.csv")
	f, err := folder.Open("usage/a.csv")
	if err != nil {
		t.Fatal(err)
	}
	store.Set("usage/a.csv", []byte("CONTENT OF usage/a.csv"))
	if _, err := io.ReadAll(f); !errors.Is(err, objects.ErrChanged) {
		t.Errorf("read of a replaced object: %v", err)
	}
	now, err := fs.ReadFile(folder.Fresh(), "usage/a.csv")
	if err != nil || string(now) != "CONTENT OF usage/a.csv" {
		t.Errorf("the fresh folder has %q, %v", now, err)
	}
	store.Set("usage/a.csv", nil)
	if _, err := fs.ReadFile(folder, "usage/a.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of a deleted object: %v", err)
	}
}

// TestFolderOdd checks that objects whose names cannot be file names are listed separately (FOLDER-3).
func TestFolderOdd(t *testing.T) {
	t.Parallel()
	_, folder := newFolder(t, "usage/a.csv", "usage/a.csv/b.csv", "usage//c.csv", "orders/../d.csv", "/usage/e.csv")
	for dir, want := range map[string][]string{
		".":      {"/usage/e.csv", "orders/../d.csv", "usage//c.csv", "usage/a.csv"},
		"usage":  {"/usage/e.csv", "usage//c.csv", "usage/a.csv"},
		"orders": {"orders/../d.csv"},
	} {
		got, empty, err := folder.Odd(dir)
		if err != nil || !cmp.Equal(got, want) || empty != nil {
			t.Errorf("Odd(%s) = %v, %v, %v; want %v", dir, got, empty, err, want)
		}
	}
	var files []string
	if err := fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if !e.IsDir() {
			files = append(files, name)
		}
		return err
	}); err != nil || !cmp.Equal(files, []string{"usage/a.csv/b.csv"}) {
		t.Errorf("files %v, %v", files, err)
	}
}

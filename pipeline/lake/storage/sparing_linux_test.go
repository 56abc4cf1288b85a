package storage_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// content returns the content of file n, which is larger than a small file.
func content(n int) []byte { return bytes.Repeat(fmt.Appendf(nil, "file %04d\n", n), 2000) }

// descriptors returns the number of this process's open files below a folder.
func descriptors(t *testing.T, root string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, root) {
			n++
		}
	}
	return n
}

// TestSparing reads 40 files from 16 goroutines, all in use at the same time (STO-9). Half of them are removed, and
// other files get their names, before any is read (STO-6).
func TestSparing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	st := storage.Sparing(root, 4)
	var files []storage.ReadFile
	for i := range 40 {
		put(t, st, fmt.Sprintf("a/%02d", i), string(content(i)))
		for range 2 {
			f, err := st.Open(fmt.Sprintf("a/%02d", i))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	if n := descriptors(t, root); n > 4 {
		t.Errorf("STO-9: %d descriptors, want 4 at most", n)
	}
	for i := range 20 {
		if err := st.Remove(fmt.Sprintf("a/%02d", i)); err != nil {
			t.Fatal(err)
		}
		put(t, st, fmt.Sprintf("a/%02d", i), string(content(1000+i)))
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			got := make([]byte, 1000)
			for i, f := range files {
				if n, err := f.ReadAt(got, 10); n != len(got) || err != nil ||
					!bytes.Equal(got, content(i / 2)[10:1010]) {
					t.Errorf("file %d: %d bytes, %v: %.20q", i/2, n, err, got)
				}
				if n, err := f.ReadAt(got, f.Size()-7); n != 7 || err != io.EOF {
					t.Errorf("the end of file %d: %d bytes, %v", i/2, n, err)
				}
				if n, err := f.ReadAt(got, f.Size()); n != 0 || err != io.EOF {
					t.Errorf("behind the end of file %d: %d bytes, %v", i/2, n, err)
				}
			}
		})
	}
	all.Wait()
	if n := descriptors(t, root); n > 4 {
		t.Errorf("STO-9: %d descriptors after reading, want 4 at most", n)
	}
	for i, f := range files {
		if b, err := io.ReadAll(f); err != nil || !bytes.Equal(b, content(i/2)) {
			t.Errorf("file %d: %d bytes, %v", i/2, len(b), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := descriptors(t, root); n != 0 {
		t.Errorf("%d descriptors after the last Close", n)
	}
	if _, err := files[0].ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
	if got := get(t, st, "a/00"); got != string(content(1000)) {
		t.Errorf("the name leads to %.20q", got)
	}
}

// TestSparingDamage checks that a file that was truncated while in use and then removed gives a read error and does not
// end the process.
func TestSparingDamage(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	st := storage.Sparing(root, 1)
	put(t, st, "cut", string(content(1)))
	put(t, st, "other", string(content(2)))
	f, err := st.Open("cut")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	other, err := st.Open("other") // uses the only descriptor
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := errors.Join(os.Truncate(filepath.Join(root, "cut"), 0),
		os.Remove(filepath.Join(root, "cut"))); err != nil {
		t.Fatal(err)
	}
	if n, err := f.ReadAt(make([]byte, 100), 5000); n != 0 || err == nil || err == io.EOF {
		t.Errorf("%d bytes, %v: want an error of reading", n, err)
	}
	got := make([]byte, 9)
	if _, err := other.ReadAt(got, 0); err != nil || string(got) != "file 0002" {
		t.Errorf("the other file: %q, %v", got, err)
	}
}

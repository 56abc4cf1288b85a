package query

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestShelf tests CACHE-1, CACHE-2.
func TestShelf(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s, err := NewCache(dir, 10)
	if err != nil {
		t.Fatal(err)
	}
	made := atomic.Int32{}
	open := func(tag, text string) string {
		f, err := s.Open(tag, func(w io.Writer) error {
			made.Add(1)
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			t.Error(err)
			return ""
		}
		defer f.Close()
		got, err := io.ReadAll(f)
		if err != nil {
			t.Error(err)
		}
		return string(got)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := open("aa", "12345678"); got != "12345678" {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
	if got := open("bb", "a file larger than the cache"); got != "a file larger than the cache" {
		t.Errorf("got %q", got)
	}
	names := func() string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return strings.Join(list, " ")
	}
	if got := names(); got != "bb" {
		t.Errorf("the cache holds %s, want bb", got)
	}
	failed := errors.New("disk on fire")
	if _, err := s.Open("cc", func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return failed
	}); !errors.Is(err, failed) {
		t.Errorf("a file that was not made: %v", err)
	}
	if _, err := s.Open("../x", nil); err == nil {
		t.Error("a tag that leads out of the folder was taken")
	}
	if got := names(); got != "bb" {
		t.Errorf("the cache holds %s, want bb", got)
	}
}

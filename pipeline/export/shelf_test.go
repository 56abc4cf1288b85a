package export

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
)

func TestTag(t *testing.T) {
	t.Parallel()
	base := Request{Table: "lines", Format: "csv", Cycle: "2026-09"}
	seen := map[string]string{}
	add := func(name string, r Request, snap *lake.Snapshot, program string) {
		tag := r.Tag(snap, program)
		if seen[tag] != "" {
			t.Errorf("%s has the tag of %s", name, seen[tag])
		}
		seen[tag] = name
	}
	state := &lake.Snapshot{Hash: "a"}
	add("base", base, state, "1")
	add("another state", base, &lake.Snapshot{Hash: "b"}, "1")
	add("another program", base, state, "2")
	for name, change := range map[string]func(*Request){
		"customer": func(r *Request) { r.Scope.Customer = "x" }, "partner": func(r *Request) { r.Scope.Partner = "x" },
		"format": func(r *Request) { r.Format = "ndjson" }, "cycle": func(r *Request) { r.Cycle = "2026-08" }, "split": func(r *Request) { r.Split = true },
	} {
		r := base
		change(&r)
		add(name, r, state, "1")
	}
	if base.Tag(state, "1") != base.Tag(&lake.Snapshot{Hash: "a"}, "1") {
		t.Error("the same request has two tags")
	}
}

func TestShelf(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shelf")
	s, err := NewShelf(dir, 10)
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
	if got := open("bb", "a file larger than the shelf"); got != "a file larger than the shelf" {
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
		t.Errorf("the shelf holds %s, want bb", got)
	}
	failed := errors.New("disk on fire")
	if _, err := s.Open("cc", func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return failed }); !errors.Is(err, failed) {
		t.Errorf("a failed export: %v", err)
	}
	if _, err := s.Open("../x", nil); err == nil {
		t.Error("a tag that leads out of the folder was taken")
	}
	if got := names(); got != "bb" {
		t.Errorf("the shelf holds %s, want bb", got)
	}
}

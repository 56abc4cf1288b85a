package storage

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counting counts the files that are open.
type counting struct {
	Storage
	open atomic.Int64
}

type countedFile struct {
	ReadFile
	of *counting
}

func (c *counting) Open(name string) (ReadFile, error) {
	f, err := c.Storage.Open(name)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return countedFile{f, c}, nil
}

func (f countedFile) Close() error {
	f.of.open.Add(-1)
	return f.ReadFile.Close()
}

// TestKeeping tests STO-11.
func TestKeeping(t *testing.T) {
	t.Parallel()
	files := &counting{Storage: NewMem()}
	st := Keeping(files, 2, time.Hour, func(name string) bool { return !strings.HasPrefix(name, "HEAD") })
	write := func(name, text string) {
		t.Helper()
		f, err := st.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		t.Helper()
		if err := st.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		f, err := st.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return "none"
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if name != "HEAD" && !errors.Is(f.Close(), fs.ErrClosed) {
			t.Errorf("%s is closed twice", name)
		}
		return string(text)
	}
	for _, name := range []string{"HEAD", "a", "b", "c", "d"} {
		write(name, "content of "+name)
	}
	for _, name := range []string{"HEAD", "a", "b"} {
		if got := read(name); got != "content of "+name {
			t.Errorf("%s: %q", name, got)
		}
		remove(name)
	}
	remove("d")
	for name, want := range map[string]string{"HEAD": "none", "a": "content of a", "b": "content of b", "d": "none"} {
		if got := read(name); got != want {
			t.Errorf("%s, which was removed: %q, want %q", name, got, want)
		}
	}
	write("a", "another")
	if got := read("a"); got != "another" {
		t.Errorf("a, which was written again: %q", got)
	}
	one, err := st.Open("a") // in use: it is not among the two files that are kept
	if err != nil {
		t.Fatal(err)
	}
	write("d", "content of d")
	read("c")
	read("d")
	if got := read("b"); got != "none" {
		t.Errorf("b, after two other files were read: %q", got)
	}
	remove("a")
	write("a", "a third one")
	if got := read("a"); got != "a third one" {
		t.Errorf("a, which was written again while it was open: %q", got)
	}
	text, err := io.ReadAll(one)
	if err := errors.Join(err, one.Close()); err != nil || string(text) != "another" {
		t.Errorf("a, which was open: %q, %v", text, err)
	}
	if n := files.open.Load(); n != 2 {
		t.Errorf("%d files are open, want 2", n)
	}
}

// TestKeepingExpires tests that files are closed one to two hours after their last use (STO-11).
func TestKeepingExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		files := &counting{Storage: NewMem()}
		st := Keeping(files, 10, time.Hour, func(string) bool { return true })
		read := func(name string) {
			t.Helper()
			f, err := st.Open(name)
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"a", "b"} {
			f, err := st.Create(name)
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		read("a")
		read("b")
		if err := errors.Join(st.Remove("a"), st.Remove("b")); err != nil {
			t.Fatal(err)
		}
		used, err := st.Open("b")
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after time.Duration
			want  int64
		}{{59 * time.Minute, 2}, {62 * time.Minute, 1}, {10 * time.Hour, 1}} {
			time.Sleep(step.after)
			synctest.Wait()
			if n := files.open.Load(); n != step.want {
				t.Errorf("%s later: %d files are open, want %d", step.after, n, step.want)
			}
		}
		if err := used.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Minute)
		read("b")
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if n := files.open.Load(); n != 1 {
			t.Errorf("%d files are open less than an hour after the last use, want 1", n)
		}
		time.Sleep(62 * time.Minute)
		synctest.Wait()
		if n := files.open.Load(); n != 0 {
			t.Errorf("%d files are open two hours after the last use, want none", n)
		}
	})
}

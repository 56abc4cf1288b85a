package accept

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
)

// TestReadPlanned (INGEST-6) changes a file while it is read, and undoes the change: what was read need not be the
// content of the plan.
func TestReadPlanned(t *testing.T) {
	t.Parallel()
	own := errors.New("read: an error of its own")
	for name, c := range map[string]struct {
		stamped bool // the plan has the stamp
		read    func(path string) error
		changed bool
		err     error
	}{
		"unchanged":            {true, func(string) error { return nil }, false, nil},
		"unchanged, unstamped": {false, func(string) error { return nil }, false, nil},
		"own error":            {true, func(string) error { return own }, false, own},
		"undone":               {true, rewritten("other", "text"), true, nil},
		"undone, unstamped":    {false, rewritten("other", "text"), true, nil},
		"changed":              {true, rewritten("other"), true, nil},
		"removed":              {true, os.Remove, true, nil},
		"changed, own error": {true, func(path string) error { return errors.Join(rewritten("x")(path), own) }, true,
			nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "a.csv")
			if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
				t.Fatal(err)
			}
			fsys, f := os.DirFS(dir), &File{Name: "a.csv"}
			var err error
			if f.Hash, _, err = inbox.Hash(fsys, f.Name); err != nil {
				t.Fatal(err)
			}
			if c.stamped {
				f.Stamp = stampOf(fsys, f.Name)
			}
			err = ReadPlanned(fsys, f, func() error { return c.read(path) })
			if changed := new(inbox.ChangedError); errors.As(err, &changed) != c.changed {
				t.Errorf("%v, want a changed file: %v", err, c.changed)
			}
			if c.err != nil && !errors.Is(err, c.err) || c.err == nil && !c.changed && err != nil {
				t.Errorf("%v, want %v", err, c.err)
			}
		})
	}
}

// rewritten returns a function that writes texts to a file, one after the other, as a new file each.
func rewritten(texts ...string) func(string) error {
	return func(path string) error {
		for _, text := range texts {
			err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600), os.Rename(path+".new", path))
			if err != nil {
				return err
			}
		}
		return nil
	}
}

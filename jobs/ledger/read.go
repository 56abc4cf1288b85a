package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Read returns the entries of a ledger's folder, oldest first, and an error for each file that cannot be read (LEDGER-4). A folder that is
// not there has none. err is that of listing the folder.
func Read(dir string) (entries []Entry, damaged []error, err error) {
	names, err := list(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("look into the run ledger: %w", err)
	}
	for _, name := range names {
		e, err := readEntry(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile, being old
		case err != nil:
			damaged = append(damaged, fmt.Errorf("runs/%s: %w", name, err))
		default:
			entries = append(entries, *e)
		}
	}
	return entries, damaged, nil
}

// readEntry reads one file. An entry that says `running` and that nobody holds is of a run that was killed (LEDGER-2).
func readEntry(path string) (*Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	e := new(Entry)
	if err := json.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("not an entry of the run ledger: %w", err)
	}
	if want := strings.TrimSuffix(filepath.Base(path), suffix); e.Format != format || e.ID != want {
		return nil, fmt.Errorf("not an entry of the run ledger: format %d, id %q", e.Format, e.ID)
	}
	if e.Outcome != Running {
		return e, nil
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); {
	case err == nil:
		return ended(e, path)
	case errors.Is(err, unix.EWOULDBLOCK):
		return e, nil
	default:
		return nil, fmt.Errorf("ask who holds it: %w", err)
	}
}

// ended tells a run that was killed from one that ended between our reading and our asking: that one's file is another now.
func ended(e *Entry, path string) (*Entry, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	now := new(Entry)
	if err := json.Unmarshal(b, now); err != nil {
		return nil, fmt.Errorf("not an entry of the run ledger: %w", err)
	}
	if now.Outcome == Running {
		now.Outcome = Killed
	}
	return now, nil
}

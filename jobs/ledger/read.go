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
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Read returns the entries of a ledger's folder, oldest first, and an error for each file that cannot be read
// (LEDGER-4). A folder that does not exist has no entries. err is the error of listing the folder.
func Read(dir string) (entries []Entry, damaged []error, err error) {
	return NewReader(dir).Read()
}

// Reader reads a ledger repeatedly. The entry of a finished run does not change, so it is read again only if the size
// or time of its file changed (LEDGER-7). A Reader must not be used by several goroutines at the same time.
type Reader struct {
	dir  string
	open func(string) (*os.File, error)
	kept map[string]kept // by file name
}

// kept is the entry of a finished run, with size and time of its file when it was read.
type kept struct {
	size  int64
	time  time.Time
	entry Entry
}

// NewReader returns a reader of a ledger's folder.
func NewReader(dir string) *Reader { return &Reader{dir: dir, open: os.Open} }

// Read is the function Read. The maps and slices in the entries belong to the reader and must not be changed.
func (r *Reader) Read() (entries []Entry, damaged []error, err error) {
	names, err := list(r.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("look into the run ledger: %w", err)
	}
	was := r.kept
	r.kept = make(map[string]kept, len(names))
	for _, name := range names {
		e, err := r.entry(name, was)
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted in the meantime because of its age
		case err != nil:
			damaged = append(damaged, fmt.Errorf("runs/%s: %w", name, err))
		default:
			entries = append(entries, *e)
		}
	}
	return entries, damaged, nil
}

// entry returns the entry in a file, as read before if the file did not change.
func (r *Reader) entry(name string, was map[string]kept) (*Entry, error) {
	path := filepath.Join(r.dir, name)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a named pipe would wait for its writer
		return nil, errors.New("not an entry of the run ledger: not a regular file")
	}
	k, found := was[name]
	if !found || k.size != info.Size() || !k.time.Equal(info.ModTime()) {
		f, err := r.open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		e, err := readEntry(f, path)
		if err != nil || e.Outcome == Running {
			return e, err
		}
		k = kept{info.Size(), info.ModTime(), *e}
	}
	r.kept[name] = k
	return &k.entry, nil
}

// readEntry reads one file. An entry that says `running` and is not locked belongs to a killed run (LEDGER-2).
func readEntry(f *os.File, path string) (*Entry, error) {
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
	switch err := storage.TryLockFile(f, storage.SharedLock); {
	case err == nil:
		return ended(e, path)
	case errors.Is(err, storage.ErrLocked):
		return e, nil
	default:
		return nil, fmt.Errorf("find the holder of the lock: %w", err)
	}
}

// ended distinguishes a killed run from one that ended between reading the file and testing its lock: the file of the
// latter has been replaced.
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

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

	"golang.org/x/sys/unix"
)

// Read returns the entries of a ledger's folder, oldest first, and an error for each file that cannot be read
// (LEDGER-4). A folder that is not there has none. err is that of listing the folder.
func Read(dir string) (entries []Entry, damaged []error, err error) {
	return NewReader(dir).Read()
}

// Reader reads a ledger again and again. What a run came to does not change: an entry of one that ended is read once,
// and again only if its file is another by size or time (LEDGER-7). It is for one goroutine at a time.
type Reader struct {
	dir  string
	open func(string) (*os.File, error)
	kept map[string]kept // by the file's name
}

// kept is an entry of a run that ended, and what its file was when it was read.
type kept struct {
	size  int64
	time  time.Time
	entry Entry
}

// NewReader makes a reader of a ledger's folder.
func NewReader(dir string) *Reader { return &Reader{dir: dir, open: os.Open} }

// Read is what the function Read is. The entries are the reader's own below their first level: they are not to be
// changed.
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
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile, being old
		case err != nil:
			damaged = append(damaged, fmt.Errorf("runs/%s: %w", name, err))
		default:
			entries = append(entries, *e)
		}
	}
	return entries, damaged, nil
}

// entry is the one of a file, as it was read before or as it is read now.
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

// readEntry reads one file. An entry that says `running` and that nobody holds is of a run that was killed (LEDGER-2).
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
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); {
	case err == nil:
		return ended(e, path)
	case errors.Is(err, unix.EWOULDBLOCK):
		return e, nil
	default:
		return nil, fmt.Errorf("find the holder of the lock: %w", err)
	}
}

// ended distinguishes a run that was killed from one that ended between our reading and our asking: that one's file is
// another now.
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

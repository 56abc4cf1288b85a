package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Keep is the number of entries that are kept.
const Keep = 1000

const (
	idTime = "20060102T150405.000Z"
	suffix = ".json"
	prefix = ".tmp-" // prefix of a file that is being written
	// unfinished is the age at which such a file belongs to a killed process.
	unfinished = 24 * time.Hour
)

// Dir is the ledger's folder in a workspace.
func Dir(workspace string) string { return filepath.Join(workspace, "runs") }

// Open is the entry of an active run.
type Open struct {
	dir, id string
	lock    *os.File // the entry's file, locked (LEDGER-2)
}

// Begin writes the entry of a run that starts, and sets its ID from Started, which it moves forward by milliseconds
// until no other run has that ID.
func Begin(dir string, e *Entry) (*Open, error) {
	if err := storage.MakeDir(dir, 0o777, storage.Name); err != nil {
		return nil, fmt.Errorf("make the run ledger: %w", err)
	}
	for at := e.Started.UTC(); ; at = at.Add(time.Millisecond) {
		stamp := at.Format(idTime)
		taken, err := filepath.Glob(filepath.Join(escape(dir), stamp+"-*"+suffix))
		if err != nil {
			return nil, fmt.Errorf("look into the run ledger: %w", err)
		}
		if len(taken) > 0 {
			continue
		}
		e.Format, e.ID = format, stamp+"-"+e.Kind
		o := &Open{dir: dir, id: e.ID}
		err = o.write(e, storage.Content, os.Link)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return o, nil
	}
}

// escape converts a path to a pattern that matches only that path.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// End replaces the entry by the final one, releases it, and deletes entries beyond Keep.
func (o *Open) End(e *Entry) error {
	return errors.Join(o.Keep(e), o.release(), trim(o.dir))
}

// Update replaces the entry of an active run.
func (o *Open) Update(e *Entry) error { return o.write(e, storage.Unsynced, os.Rename) }

// Keep is Update for an entry that must survive a power failure.
func (o *Open) Keep(e *Entry) error { return o.write(e, storage.Name, os.Rename) }

func (o *Open) release() error {
	if o.lock == nil {
		return nil
	}
	// a process that is just being started can have inherited the file
	err := errors.Join(storage.UnlockFile(o.lock), o.lock.Close())
	o.lock = nil
	return err
}

// write writes the entry to a locked temporary file, and then puts that in place.
func (o *Open) write(e *Entry, durability storage.Durability, put func(from, to string) error) error {
	b, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return fmt.Errorf("write run %s to the ledger: %w", e.ID, err)
	}
	how := storage.ReplaceOptions{Temporary: prefix + "*", Mode: 0o644, Durability: durability, Publish: put}
	f, err := storage.ReplaceOpenFile(filepath.Join(o.dir, o.id+suffix), how, func(f *os.File) error {
		if err := storage.TryLockFile(f, storage.ExclusiveLock); err != nil {
			return err
		}
		_, err := f.Write(append(b, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write run %s to the ledger: %w", e.ID, err)
	}
	err = o.release()
	o.lock = f
	return err
}

// trim deletes the oldest entries beyond Keep, and unfinished files of killed runs.
func trim(dir string) error {
	names, err := list(dir)
	if err != nil {
		return fmt.Errorf("look into the run ledger: %w", err)
	}
	var errs []error
	for _, name := range names[:max(0, len(names)-Keep)] {
		errs = append(errs, os.Remove(filepath.Join(dir, name)))
	}
	left, err := filepath.Glob(filepath.Join(escape(dir), prefix+"*"))
	errs = append(errs, err)
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > unfinished {
			errs = append(errs, os.Remove(path))
		}
	}
	return errors.Join(errs...)
}

// list returns the names of the entries' files, oldest first.
func list(dir string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range all {
		if name := e.Name(); strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

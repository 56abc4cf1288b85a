package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// prefix is the beginning of every folder's name.
const prefix = "tollbook-"

// ScratchFolder is a scratch folder of this process.
type ScratchFolder struct {
	Path string
	lock *os.File // the folder itself, open and locked
}

// NewScratch makes a folder of a kind in a parent folder; "" is TMPDIR. First it deletes the folders of killed
// processes there.
func NewScratch(parent, kind string) (*ScratchFolder, error) {
	named := ""
	if parent == "" {
		parent, named = os.TempDir(), " in the folder of TMPDIR"
	}
	if !slices.Contains(ScratchKinds(), kind) {
		return nil, fmt.Errorf("make scratch space: kind %q is none of %s", kind, strings.Join(ScratchKinds(), ", "))
	}
	sweep(parent)
	const attempts = 100 // another process may delete the folder before it is locked
	for range attempts {
		path, err := os.MkdirTemp(parent, prefix+kind+"-")
		if err != nil {
			return nil, fmt.Errorf("make scratch space%s: %w", named, err)
		}
		lock, err := own(path)
		if err == nil {
			return &ScratchFolder{Path: path, lock: lock}, nil
		}
	}
	return nil, fmt.Errorf("make scratch space in %s: another process deletes it", parent)
}

// Close deletes the folder with all that is in it.
func (f *ScratchFolder) Close() error { return errors.Join(os.RemoveAll(f.Path), f.lock.Close()) }

var errOwned = errors.New("it has an owner")

// own locks a folder. It returns an error if another process has the lock, or if the folder no longer exists.
func own(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := TryLockFile(f, ExclusiveLock); err != nil {
		return nil, errors.Join(errOwned, f.Close())
	}
	held, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if named, err := os.Lstat(path); err != nil || !os.SameFile(held, named) {
		return nil, errors.Join(errOwned, f.Close())
	}
	return f, nil
}

// sweep deletes the folders of processes that have ended. Folders that cannot be deleted, such as another user's, stay.
func sweep(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !ours(e.Name()) {
			continue
		}
		f := ScratchFolder{Path: filepath.Join(parent, e.Name())}
		if f.lock, err = own(f.Path); err == nil {
			_ = f.Close()
		}
	}
}

// ScratchKinds lists all kinds of folders.
func ScratchKinds() []string {
	return []string{"documents", "input", "merge", "print", "quote", "rows", "serve", "xlsx"}
}

// ours reports whether a name is that of a scratch folder: only these are deleted.
func ours(name string) bool {
	for _, kind := range ScratchKinds() {
		if number, ok := strings.CutPrefix(name, prefix+kind+"-"); ok && number != "" &&
			strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	return false
}

package lake

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// folders are the folders of a lake in which a run changed names, until they are durable.
type folders struct {
	st storage.Storage

	mu      sync.Mutex
	touched map[string]bool // folders with names that are not durable yet
	failed  error           // the first failed sync: nothing is committed after it
}

// touch notes that a name changed in a folder, which may be new and so may the folders above it (STO-3).
func (f *folders) touch(name string) {
	dir := path.Dir(name)
	if dir == tempDir {
		return // nothing in it need outlive a crash
	}
	for ; dir != "."; dir = path.Dir(dir) {
		f.add(dir)
	}
	f.add("")
}

// add notes folders.
func (f *folders) add(dirs ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, dir := range dirs {
		f.touched[dir] = true
	}
}

// sync makes the names of all touched folders durable, the deepest first.
func (f *folders) sync() error {
	f.mu.Lock()
	dirs := slices.SortedFunc(maps.Keys(f.touched), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(b, "/"), strings.Count(a, "/")), cmp.Compare(len(b), len(a)),
			strings.Compare(a, b))
	})
	clear(f.touched)
	f.mu.Unlock()
	for _, dir := range dirs {
		if err := f.st.SyncDir(dir); err != nil {
			return f.syncFailed("folder "+strconv.Quote(dir), err)
		}
	}
	return nil
}

// syncFailed notes a failed sync: from now on the run commits nothing (WRITE-6).
func (f *folders) syncFailed(name string, err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := &SyncError{Name: name, Err: err}
	if f.failed == nil {
		f.failed = failed
	}
	return failed
}

package storage

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/problem"
)

// Storage is a tree of files under one root. Every implementation must follow STO-1 to STO-8 of the package comment.
type Storage interface {
	// Create creates a new file for writing, and the folders above it. It fails with fs.ErrExist if the name is taken.
	Create(name string) (File, error)
	// Open opens a file for reading. It fails with fs.ErrNotExist if the file does not exist.
	Open(name string) (ReadFile, error)
	// Rename renames a file, replacing a file of that name, and creates the folders above the new name.
	Rename(from, to string) error
	// Remove removes a file, and folders that become empty, up to the root.
	Remove(name string) error
	// Prune removes every empty folder for which own returns true, the deepest first, and the folders above that become
	// empty.
	Prune(own func(dir string) bool) error
	// SyncDir makes the names in a folder durable. For a folder that no longer exists it syncs the nearest existing
	// folder above it.
	SyncDir(dir string) error
	// List returns every file whose name starts with prefix, at any depth, sorted by name. A root that does not exist
	// has no files.
	List(prefix string) ([]Entry, error)
	// Lock takes the writer's lock on the file LOCK. If another holder has it, the error is a *LockedError.
	Lock() (Lock, error)
}

// Lock is a lock that this process holds.
type Lock struct {
	// Held returns a *LostLockError if the lock's file was removed or replaced: another writer can hold that one.
	Held   func() error
	Unlock func() error
}

// Discarder is a Storage that can free a part of a file.
type Discarder interface {
	// Discard frees the memory and the disk space of n bytes of a file from off on. A later read returns zeros, or the
	// previous bytes if the system cannot free them.
	Discard(name string, off, n int64)
}

// File is a file being written. After Close no method may be called. A File that is not synced is not durable.
type File interface {
	io.Writer
	Sync() error
	Close() error
	Name() string // as given to Create
}

// ReadFile is a file open for reading. ReadAt may be called from several goroutines, Read may not. Code that needs
// io.Seeker reads through io.NewSectionReader(f, 0, f.Size()).
type ReadFile interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes, when it was opened
}

// Entry is one file of a listing.
type Entry struct {
	Name string
	Size int64 // bytes
	// Changed is when an object of an object store was written last, by the store's clock, in Unix seconds; 0 of a file
	Changed int64
}

// LockName is the file of the writer's lock. It is empty after its holder released it; a killed holder leaves its name
// in it.
const LockName = "LOCK"

// leasesDir is the folder of leases in an object store.
const leasesDir = "leases/"

// LeaseName returns the name of the lease with a number.
func LeaseName(epoch int64) string { return fmt.Sprintf("%s%012d", leasesDir, epoch) }

// IsLease reports whether a name is that of a lease.
func IsLease(name string) bool { return strings.HasPrefix(name, leasesDir) }

// LockedError reports that another writer holds the lake's lock.
type LockedError struct {
	Name   string // the lock's file
	Holder string // text that the holder wrote, like `pid 4711 on host n1`; "" if it is not readable
}

// Error names the holder and what to do.
func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "another process"
	}
	return fmt.Sprintf("lock %s: held by %s; %s", e.Name, holder, problem.HintOf(e))
}

// Diagnosis implements problem.Diagnosed.
func (e *LockedError) Diagnosis() (problem.Class, string) {
	return problem.Retryable,
		"wait for that run to end, or end it, then start again (the lock ends with the process; its file may remain)"
}

// SyncTree makes the names in folders durable, and the names of these folders and of those above them, the deepest
// first (STO-3).
func SyncTree(st Storage, dirs ...string) error {
	all := make(map[string]bool)
	for _, dir := range dirs {
		for ; dir != "" && dir != "."; dir = path.Dir(dir) {
			all[dir] = true
		}
		all[""] = true
	}
	for _, dir := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(b, "/"), strings.Count(a, "/")), cmp.Compare(len(b), len(a)),
			strings.Compare(a, b))
	}) {
		if err := st.SyncDir(dir); err != nil {
			return fmt.Errorf("folder %q: %w", dir, err)
		}
	}
	return nil
}

// LostLockError reports that the file of a lock is not the one that its holder locked.
type LostLockError struct{ Name string }

// Error names the file.
func (e *LostLockError) Error() string {
	return fmt.Sprintf("lock %s: the file was removed or replaced during this run; %s", e.Name, problem.HintOf(e))
}

// Diagnosis implements problem.Diagnosed.
func (e *LostLockError) Diagnosis() (problem.Class, string) {
	return problem.Retryable, "nothing was committed: start it again, and never remove the lock's file: the lock " +
		"ends with its process"
}

// checkName rejects names that could leave the root or that file systems could interpret differently.
func checkName(op, name string) error {
	if name == "." || !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return nil
}

// checkDir is checkName for a folder: the root is the empty name.
func checkDir(op, dir string) error {
	if dir == "" {
		return nil
	}
	return checkName(op, dir)
}

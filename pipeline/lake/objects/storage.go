package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Options of a storage over a store. The zero value is usable.
type Options struct {
	CacheBytes int // size of the cache of object parts; 0 = 256 MiB
	// Lease is the validity of a lease without renewal; 0 = writers take no lease
	Lease time.Duration
}

const (
	// partBytes is the smallest read from the store, and the unit of the cache (OBJECTS-4).
	partBytes = 1 << 20
	// mostParts is the largest number of parts in one read from the store.
	mostParts = 4
	// cacheBytes is the default size of the cache.
	cacheBytes = 256 << 20
	// tempPrefix is the folder of the lake's temporary files.
	tempPrefix = "tmp/"
	// runsPrefix is the folder of shared runs, and rowsPrefix begins the names of their sorted rows there.
	runsPrefix, rowsPrefix = "runs/", "rows-"
	// tries is the number of attempts of a request while the store is busy.
	tries = 8
)

// Storage is a storage.Chain over a Store.
type Storage struct {
	*reader
	scratch storage.Storage
	lease   time.Duration
}

// New returns the storage over a store. The lock and temporary files are in scratch.
func New(store Store, scratch storage.Storage, o Options) (*Storage, error) {
	if o.CacheBytes == 0 {
		o.CacheBytes = cacheBytes
	}
	r, err := newReader(store, o.CacheBytes)
	if err != nil {
		return nil, err
	}
	return &Storage{r, scratch, o.Lease}, nil
}

// local reports whether a name is in the scratch folder.
func local(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// exact reports whether an object has the sorted rows of a scan task. Every bucket reads another part of it, which its
// reader asks for at once (OBJECTS-4).
func exact(name string) bool {
	return strings.HasPrefix(name, runsPrefix) && strings.HasPrefix(path.Base(name), rowsPrefix)
}

// unsynced is a scratch file. It need not survive a crash, so it is never synced.
type unsynced struct{ storage.File }

// Sync does nothing.
func (unsynced) Sync() error { return nil }

// Create makes a temporary file. Other names are created by Rename and CreateOnly.
func (s *Storage) Create(name string) (storage.File, error) {
	if !local(name) {
		return nil, &fs.PathError{Op: "create in the object store", Path: name, Err: errors.ErrUnsupported}
	}
	f, err := s.scratch.Create(name)
	if err != nil {
		return nil, err
	}
	return unsynced{f}, nil
}

// Open opens an object for reading, or a temporary file.
func (s *Storage) Open(name string) (storage.ReadFile, error) {
	if local(name) {
		return s.scratch.Open(name)
	}
	if !fs.ValidPath(name) || name == "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f := &file{reader: s.reader, name: name, keep: strings.Contains(name, "/"), exact: exact(name)}
	if f.exact {
		var err error
		f.size, err = s.Stat(name)
		return f, err
	}
	first, err := f.part(0)
	if err != nil {
		return nil, err
	}
	f.size = first.size
	if !strings.Contains(name, "/") { // it can be replaced, so it must be read in one request (OBJECTS-3)
		if int64(len(first.bytes)) < first.size {
			return nil, fmt.Errorf("read %s of the object store: has %d bytes", name, first.size)
		}
		f.content = first.bytes
	}
	return f, nil
}

// Rename stores a temporary file under another name (OBJECTS-2).
func (s *Storage) Rename(from, to string) error {
	if !local(from) {
		return &fs.PathError{Op: "rename in the object store", Path: from, Err: errors.ErrUnsupported}
	}
	if local(to) {
		return s.scratch.Rename(from, to)
	}
	f, err := s.scratch.Open(from)
	if err != nil {
		return err
	}
	err = s.store.Put(context.Background(), to, io.NewSectionReader(f, 0, f.Size()))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return s.scratch.Remove(from)
}

// CreateOnly implements storage.Chain. It retries while the store is busy.
func (s *Storage) CreateOnly(name string, content []byte) error {
	var err error
	for range tries {
		if err = s.store.Create(context.Background(), name, content); !errors.Is(err, ErrBusy) {
			break
		}
	}
	return err
}

// Remove deletes an object or a temporary file.
func (s *Storage) Remove(name string) error {
	if local(name) {
		return s.scratch.Remove(name)
	}
	return s.store.Delete(context.Background(), name)
}

// Delete implements storage.Chain.
func (s *Storage) Delete(ctx context.Context, name string) error { return s.store.Delete(ctx, name) }

// Stat implements storage.Chain.
func (s *Storage) Stat(name string) (int64, error) {
	o, err := s.store.Stat(context.Background(), name)
	return o.Size, err
}

// Mark implements storage.Chain.
func (s *Storage) Mark(prefix string) (string, error) {
	name := prefix + strings.ToLower(rand.Text())
	return name, s.store.Put(context.Background(), name, io.NewSectionReader(strings.NewReader(""), 0, 0))
}

// Prune removes empty folders of the scratch folder. An object store has none.
func (s *Storage) Prune(own func(dir string) bool) error { return s.scratch.Prune(own) }

// SyncDir does nothing: everything that the store confirmed is durable.
func (s *Storage) SyncDir(string) error { return nil }

// Lock takes the lock of the scratch folder, which separates processes of one machine, and then the lease, which
// separates machines. The lease is not a guarantee: only the commit itself excludes other writers (LEASE-5).
func (s *Storage) Lock() (storage.Lock, error) {
	lock, err := s.scratch.Lock()
	if err != nil || s.lease == 0 {
		return lock, err
	}
	l, err := s.takeLease()
	if err != nil {
		return storage.Lock{}, errors.Join(err, lock.Unlock())
	}
	return storage.Lock{Held: lock.Held, Unlock: func() error { return errors.Join(l.end(), lock.Unlock()) }}, nil
}

// List returns objects and temporary files.
func (s *Storage) List(prefix string) ([]storage.Entry, error) {
	var out []storage.Entry
	if !local(prefix) {
		err := s.store.List(context.Background(), prefix, func(o Object) {
			if !local(o.Name) {
				out = append(out, storage.Entry{Name: o.Name, Size: o.Size, Changed: o.Changed})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if local(prefix) || strings.HasPrefix(tempPrefix, prefix) {
		temporary, err := s.scratch.List(max(prefix, tempPrefix))
		if err != nil {
			return nil, err
		}
		out = append(out, temporary...)
	}
	slices.SortFunc(out, func(a, b storage.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

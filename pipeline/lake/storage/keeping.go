package storage

import (
	"container/list"
	"errors"
	"io/fs"
	"sync"
	"time"
)

// Keeping is a storage for a process that reads one state of the lake in several requests. The files that Open returned
// and whose names keep accepts stay open after their last use, for once to twice the time after, the last most of them.
// Open returns such a file if its name no longer exists: it was removed between two requests (STO-11).
func Keeping(st Storage, most int, after time.Duration, keep func(name string) bool) Storage {
	return &keeping{Storage: st, most: most, after: after, keep: keep, files: make(map[string]*keptFile)}
}

type keeping struct {
	Storage
	most  int
	after time.Duration
	keep  func(name string) bool

	mu    sync.Mutex
	files map[string]*keptFile
	idle  list.List // of *keptFile, the least recently used first
	ticks int       // how often expire was called
	timed bool      // expire will be called: a file is idle
}

// keptFile is an open file.
type keptFile struct {
	ReadFile
	name  string
	users int
	place *list.Element // in idle, while it is not in use
	since int           // ticks at the last use
	old   bool          // the name was opened again since
}

// Open opens a file, or returns one that is still open.
func (k *keeping) Open(name string) (ReadFile, error) {
	f, err := k.Storage.Open(name)
	if !k.keep(name) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.files[name]
	if err != nil {
		if kept == nil {
			return nil, err
		}
		return k.lend(kept), nil
	}
	if kept != nil {
		k.forget(kept)
	}
	kept = &keptFile{ReadFile: f, name: name}
	k.files[name] = kept
	return k.lend(kept), nil
}

// lend returns a file for one user. The caller holds mu.
func (k *keeping) lend(f *keptFile) ReadFile {
	if f.place != nil {
		k.idle.Remove(f.place)
		f.place = nil
	}
	f.users++
	return &lentFile{keptFile: f, from: k}
}

// forget closes a file as soon as it is not in use. An error of closing does not affect what was read. The caller holds
// mu.
func (k *keeping) forget(f *keptFile) {
	delete(k.files, f.name)
	f.old = true
	if f.place != nil {
		k.idle.Remove(f.place)
		_ = f.ReadFile.Close()
	}
}

// lentFile is one opening of a file. Read has a position of its own.
type lentFile struct {
	*keptFile
	from   *keeping
	at     int64
	closed bool
}

// Read implements ReadFile.
func (f *lentFile) Read(b []byte) (int, error) {
	return ReadNext(f, &f.at, b)
}

// Close implements ReadFile.
func (f *lentFile) Close() error {
	k := f.from
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	f.closed = true
	if f.users--; f.users > 0 {
		return nil
	}
	if f.old {
		return f.ReadFile.Close()
	}
	f.since = k.ticks
	f.place = k.idle.PushBack(f.keptFile)
	for k.idle.Len() > k.most {
		k.forget(k.idle.Front().Value.(*keptFile))
	}
	k.await()
	return nil
}

// await has expire called while a file is idle. The caller holds mu.
func (k *keeping) await() {
	if !k.timed && k.idle.Len() > 0 {
		k.timed = true
		time.AfterFunc(k.after, k.expire)
	}
}

// expire forgets the files that were not used since it was called before.
func (k *keeping) expire() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at := k.idle.Front(); at != nil && at.Value.(*keptFile).since < k.ticks; at = k.idle.Front() {
		k.forget(at.Value.(*keptFile))
	}
	k.ticks++
	k.timed = false
	k.await()
}

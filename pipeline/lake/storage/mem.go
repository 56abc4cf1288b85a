package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Mem is a Storage in memory that distinguishes synced from unsynced data (STO-3), so that a test can kill the process
// (Killed) or cut the power (PowerCut) at any point and examine the remaining data.
type Mem struct {
	mu     sync.Mutex
	live   tree            // what a reader sees
	safe   tree            // what survives a power failure
	locked map[*inode]bool // files LOCK that have a holder
	stay   map[string]bool // folders that Mkdir made: they stay when they are empty
}

// tree is the names of a storage. The root folder always exists and is not in dirs.
type tree struct {
	files map[string]*inode
	dirs  map[string]bool
}

// inode is a file's content. Content is only appended, so the synced part is a length.
type inode struct {
	data   []byte
	synced int
}

func newTree() tree { return tree{make(map[string]*inode), make(map[string]bool)} }

// NewMem returns an empty storage.
func NewMem() *Mem { return &Mem{live: newTree(), safe: newTree(), stay: make(map[string]bool)} }

// Killed returns the storage after the process was killed: everything written. Unsynced data stays unsynced: a later
// power failure can still lose it. Open files and the lock are not kept.
func (m *Mem) Killed() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	copies := make(map[*inode]*inode)
	return &Mem{live: m.live.clone(copies), safe: m.safe.clone(copies), stay: maps.Clone(m.stay)}
}

// clone copies a tree; a file shared by two trees is shared by their copies.
func (t tree) clone(copies map[*inode]*inode) tree {
	out := tree{make(map[string]*inode, len(t.files)), maps.Clone(t.dirs)}
	for name, node := range t.files {
		if copies[node] == nil {
			copies[node] = &inode{slices.Clone(node.data), node.synced}
		}
		out.files[name] = copies[node]
	}
	return out
}

// PowerCut returns the storage after a power failure. If pick is nil, only synced data remains. Otherwise pick(n), a
// number from 0 to n-1, decides for each unsynced change whether it remains (0), and how many of a file's unsynced
// bytes are lost.
func (m *Mem) PowerCut(pick func(n int) int) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	if pick == nil {
		pick = func(n int) int { return n - 1 }
	}
	out := NewMem()
	out.stay = maps.Clone(m.stay)
	for _, dir := range union(m.live.dirs, m.safe.dirs) {
		has := m.safe.dirs[dir]
		if m.live.dirs[dir] != has && pick(2) == 0 {
			has = !has
		}
		if has && (path.Dir(dir) == "." || out.live.dirs[path.Dir(dir)]) {
			out.live.dirs[dir] = true
		}
	}
	for _, name := range union(m.live.files, m.safe.files) {
		node := m.safe.files[name]
		if live := m.live.files[name]; live != node && pick(2) == 0 {
			node = live
		}
		if node == nil || path.Dir(name) != "." && !out.live.dirs[path.Dir(name)] {
			continue
		}
		size := node.synced
		if loose := len(node.data) - node.synced; loose > 0 {
			size = len(node.data) - pick(loose+1)
		}
		out.live.files[name] = &inode{slices.Clone(node.data[:size]), size}
	}
	out.safe = tree{maps.Clone(out.live.files), maps.Clone(out.live.dirs)}
	return out
}

// union returns the sorted names of two maps.
func union[V any](a, b map[string]V) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}

type memFile struct {
	storage *Mem
	node    *inode
	name    string
	closed  bool
}

func (f *memFile) Name() string { return f.name }

func (f *memFile) Write(p []byte) (int, error) {
	f.storage.mu.Lock()
	defer f.storage.mu.Unlock()
	if f.closed {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrClosed}
	}
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *memFile) Sync() error {
	f.storage.mu.Lock()
	defer f.storage.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "sync", Path: f.name, Err: fs.ErrClosed}
	}
	f.node.synced = len(f.node.data)
	return nil
}

func (f *memFile) Close() error {
	f.storage.mu.Lock()
	defer f.storage.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	f.closed = true
	return nil
}

type memReadFile struct{ *bytes.Reader }

func (memReadFile) Close() error { return nil }

// Create creates a file.
func (m *Mem) Create(name string) (File, error) {
	if err := checkName("create", name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live.files[name] != nil || m.live.dirs[name] {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	m.live.mkdirs(name)
	node := new(inode)
	m.live.files[name] = node
	return &memFile{storage: m, node: node, name: name}, nil
}

func (t tree) mkdirs(name string) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		t.dirs[dir] = true
	}
}

// Open opens a file; it reads what was written until now.
func (m *Mem) Open(name string) (ReadFile, error) {
	if err := checkName("open", name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.live.files[name]
	if node == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return memReadFile{bytes.NewReader(node.data[:len(node.data):len(node.data)])}, nil
}

// Rename renames a file.
func (m *Mem) Rename(from, to string) error {
	if err := errors.Join(checkName("rename", from), checkName("rename", to)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	node := m.live.files[from]
	if node == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	m.live.mkdirs(to)
	delete(m.live.files, from)
	m.live.files[to] = node
	m.removeEmpty(path.Dir(from))
	return nil
}

// Remove removes a file.
func (m *Mem) Remove(name string) error {
	if err := checkName("remove", name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(m.live.files, name)
	m.removeEmpty(path.Dir(name))
	return nil
}

func (m *Mem) removeEmpty(dir string) {
	for ; dir != "." && !m.stay[dir] && m.live.empty(dir); dir = path.Dir(dir) {
		delete(m.live.dirs, dir)
	}
}

func (t tree) empty(dir string) bool {
	for name := range t.files {
		if strings.HasPrefix(name, dir+"/") {
			return false
		}
	}
	for name := range t.dirs {
		if strings.HasPrefix(name, dir+"/") {
			return false
		}
	}
	return true
}

// Prune removes empty folders.
func (m *Mem) Prune(own func(dir string) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dirs := slices.Sorted(maps.Keys(m.live.dirs))
	for _, dir := range slices.Backward(dirs) {
		if m.live.dirs[dir] && own(dir) {
			m.removeEmpty(dir)
		}
	}
	return nil
}

// SyncDir makes the names in one folder durable: files and folders directly in it, not below.
func (m *Mem) SyncDir(dir string) error {
	if err := checkDir("sync", dir); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if dir == "" {
		dir = "."
	}
	for dir != "." && !m.live.dirs[dir] {
		dir = path.Dir(dir)
	}
	syncNames(m.live.files, m.safe.files, dir)
	syncNames(m.live.dirs, m.safe.dirs, dir)
	return nil
}

func syncNames[V any](live, safe map[string]V, dir string) {
	maps.DeleteFunc(safe, func(name string, _ V) bool {
		_, found := live[name]
		return !found && path.Dir(name) == dir
	})
	for name, v := range live {
		if path.Dir(name) == dir {
			safe[name] = v
		}
	}
}

// List lists the files.
func (m *Mem) List(prefix string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Entry
	for _, name := range slices.Sorted(maps.Keys(m.live.files)) {
		if strings.HasPrefix(name, prefix) {
			out = append(out, Entry{Name: name, Size: int64(len(m.live.files[name].data))})
		}
	}
	return out, nil
}

// IsDir reports whether there is a folder (Folders).
func (m *Mem) IsDir(name string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name != "." && !m.live.dirs[name] && m.live.files[name] == nil {
		return false, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return m.live.files[name] == nil, nil
}

// Mkdir makes a folder in one that exists. It stays when it is empty.
func (m *Mem) Mkdir(name string, _ fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch dir := path.Dir(name); {
	case m.live.dirs[name] || m.live.files[name] != nil:
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	case dir != "." && !m.live.dirs[dir]:
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrNotExist}
	}
	m.live.dirs[name], m.stay[name] = true, true
	return nil
}

// Lock is LockIn for the root.
func (m *Mem) Lock() (Lock, error) { return m.LockIn("") }

// LockIn takes the lock of the file LOCK of a folder, as it is now.
func (m *Mem) LockIn(dir string) (Lock, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := path.Join(dir, LockName)
	if m.live.files[name] == nil {
		m.live.files[name] = new(inode)
	}
	node := m.live.files[name]
	if m.locked[node] {
		return Lock{}, &LockedError{Name: name, Holder: "this process"}
	}
	if m.locked == nil {
		m.locked = make(map[*inode]bool)
	}
	m.locked[node] = true
	return Lock{Held: func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.live.files[name] != node {
			return &LostLockError{Name: name}
		}
		return nil
	}, Unlock: func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locked, node)
		return nil
	}}, nil
}

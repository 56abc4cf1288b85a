package storage

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// smallBytes is the size up to which a file is copied into memory when it is opened: HEAD, and small manifests.
const smallBytes = 4 << 10

// Sparing is Dir for a process with many readers. The files that Open returned share a limited number of file
// descriptors, however many files are in use (STO-9). A file is opened again for each read, and closed when another one
// needs its place. Between two reads a mapping of the file into memory keeps its content: a file that was removed or
// replaced is read from the mapping (STO-6).
//
// If the system cannot map a file, that file keeps its descriptor until it is closed, as with Dir, and does not count.
func Sparing(root string, most int) Storage {
	p := &pool{most: max(1, most), held: make(map[fileID]*held)}
	p.free.L = &p.mu
	return &sparing{&dirStorage{root: filepath.Clean(root)}, p}
}

type sparing struct {
	*dirStorage
	pool *pool
}

// Open opens a file, keeps its content and leaves the descriptor in the pool.
func (s *sparing) Open(name string) (ReadFile, error) {
	if err := checkName("open", name); err != nil {
		return nil, err
	}
	f, err := s.pool.open(s.path(name))
	if err != nil {
		return nil, err
	}
	if f.size <= smallBytes {
		defer s.pool.drop(f)
		text := make([]byte, f.size)
		if n, err := f.ReadAt(text, 0); n < len(text) {
			return nil, fmt.Errorf("read %s: %w", f.path, err)
		}
		return &sparingFile{pool: s.pool, held: &held{path: f.path, size: f.size, text: text}, name: name}, nil
	}
	kept, err := s.pool.keep(f)
	if err != nil { // it cannot be mapped
		s.pool.leave()
		return dirReadFile{f.File, f.size}, nil
	}
	return &sparingFile{pool: s.pool, held: kept, name: name}, nil
}

// fileID identifies a file of the system, independent of its names.
type fileID struct{ device, number uint64 }

// held is the content of a file in use. A mapping prevents the system from reusing the file's inode.
type held struct {
	key    fileID // of a mapping
	path   string
	size   int64
	text   []byte      // a copy of a small file, or the mapping
	mapped bool        // text is the mapping; several sparingFiles may share it
	users  int         // of a mapping: sparingFiles that are not closed; guarded by the pool
	gone   atomic.Bool // the path no longer leads to this file
}

// openFile is a descriptor of the pool.
type openFile struct {
	*os.File
	path string
	size int64
	key  fileID
}

// pool bounds the open descriptors and knows the files in use.
type pool struct {
	most int

	mu   sync.Mutex
	free sync.Cond // a place became free
	n    int       // descriptors that are open or are being opened
	idle list.List // unused *openFile, the least recently used first
	held map[fileID]*held
}

// open opens a path. It waits while all places are used by files that are being read.
func (p *pool) open(path string) (*openFile, error) {
	p.enter()
	f, err := os.Open(path)
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		p.clear()
		f, err = os.Open(path)
	}
	if err != nil {
		p.leave()
		return nil, err
	}
	out := &openFile{File: f, path: path}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	var stat unix.Stat_t
	if err == nil {
		err = unix.Fstat(int(f.Fd()), &stat)
	}
	if err != nil {
		p.drop(out)
		return nil, err
	}
	out.size, out.key = info.Size(), fileID{uint64(stat.Dev), stat.Ino}
	return out, nil
}

// enter takes a place for a descriptor: a free one, or that of the least recently used file.
func (p *pool) enter() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.n >= p.most && p.idle.Len() == 0 {
		p.free.Wait()
	}
	if p.n >= p.most {
		p.closeIdle(p.idle.Front())
	}
	p.n++
}

// leave frees a place.
func (p *pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n--
	p.free.Signal()
}

// drop closes a descriptor and frees its place. Nothing was written, so an error of closing does not matter.
func (p *pool) drop(f *openFile) {
	_ = f.Close()
	p.leave()
}

// closeIdle closes an idle descriptor. The caller holds mu.
func (p *pool) closeIdle(e *list.Element) {
	_ = p.idle.Remove(e).(*openFile).Close() // nothing was written
	p.n--
	p.free.Signal()
}

// clear closes every idle descriptor, because the process has reached the system's limit.
func (p *pool) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.idle.Len() > 0 {
		p.closeIdle(p.idle.Front())
	}
}

// keep maps a file that was opened, or shares its mapping, and leaves the descriptor idle.
func (p *pool) keep(f *openFile) (*held, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.held[f.key]
	if h == nil {
		text, err := unix.Mmap(int(f.Fd()), 0, int(f.size), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return nil, err
		}
		h = &held{key: f.key, path: f.path, size: f.size, text: text, mapped: true}
		p.held[f.key] = h
	}
	h.users++
	p.idle.PushBack(f)
	p.free.Signal()
	return h, nil
}

// release releases a mapping when its last user is gone.
func (p *pool) release(h *held) error {
	if !h.mapped {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.users--; h.users > 0 {
		return nil
	}
	delete(p.held, h.key)
	for e := p.idle.Front(); e != nil; {
		next := e.Next()
		if e.Value.(*openFile).key == h.key {
			p.closeIdle(e)
		}
		e = next
	}
	return unix.Munmap(h.text)
}

// take returns a descriptor of a file for one read, or nil if the path no longer leads to the file or cannot be opened.
func (p *pool) take(h *held) *openFile {
	p.mu.Lock()
	for e := p.idle.Back(); e != nil; e = e.Prev() {
		if f := e.Value.(*openFile); f.key == h.key {
			p.idle.Remove(e)
			p.mu.Unlock()
			return f
		}
	}
	p.mu.Unlock()
	if h.gone.Load() {
		return nil
	}
	f, err := p.open(h.path)
	if err != nil {
		h.gone.Store(errors.Is(err, fs.ErrNotExist))
		return nil
	}
	if f.key != h.key || f.size != h.size {
		p.drop(f)
		h.gone.Store(true)
		return nil
	}
	return f
}

// give returns a descriptor to the pool after a read.
func (p *pool) give(f *openFile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle.PushBack(f)
	p.free.Signal()
}

// readAt reads a part of a file.
func (p *pool) readAt(h *held, dst []byte, off int64) (int, error) {
	if h.mapped && len(dst) > 0 && off < h.size {
		if f := p.take(h); f != nil {
			defer p.give(f)
			return f.ReadAt(dst, off)
		}
	}
	if off < 0 {
		return 0, fmt.Errorf("read %s: negative offset %d", h.path, off)
	}
	if off >= h.size {
		return 0, io.EOF
	}
	n, err := copyGuarded(dst, h.text[off:])
	if err != nil {
		return 0, fmt.Errorf("read %s, which was removed, at byte %d: %w", h.path, off, err)
	}
	if n < len(dst) {
		return n, io.EOF
	}
	return n, nil
}

// copyGuarded copies from a mapping. A part that the disk cannot deliver, or that was cut off, is an error: without
// the guard the system
// ends the process.
func copyGuarded(dst, src []byte) (n int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			fault, ok := p.(interface {
				error
				Addr() uintptr
			})
			if !ok {
				panic(p)
			}
			n, err = 0, fmt.Errorf("%w: %w", unix.EIO, fault)
		}
	}()
	return copy(dst, src), nil
}

// sparingFile is one opening of a held file.
type sparingFile struct {
	pool *pool
	held *held
	name string
	at   int64 // of Read

	mu     sync.RWMutex // held for reading while the content is read: Close waits
	closed bool
}

// Size implements ReadFile.
func (f *sparingFile) Size() int64 { return f.held.size }

// Read implements ReadFile.
func (f *sparingFile) Read(b []byte) (int, error) {
	return ReadNext(f, &f.at, b)
}

// ReadAt implements ReadFile.
func (f *sparingFile) ReadAt(b []byte, off int64) (int, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrClosed}
	}
	return f.pool.readAt(f.held, b, off)
}

// Close implements ReadFile.
func (f *sparingFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	f.closed = true
	return f.pool.release(f.held)
}

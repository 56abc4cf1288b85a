package objects

import (
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// file is an object opened for reading.
type file struct {
	reader  *reader
	name    string
	tag     string // of the version to read; "" = any
	keep    bool   // cache parts: the object never changes, or its tag identifies the version (OBJECTS-3, FOLDER-2)
	exact   bool   // each read is one request, and nothing is cached
	size    int64
	content []byte // content of a replaceable object; nil = it is read in parts
	at      int64  // position of Read
	closed  atomic.Bool

	follows atomic.Int64 // index of the part after the latest request
	ask     atomic.Int64 // number of parts in that request
}

// Size implements storage.ReadFile.
func (f *file) Size() int64 { return f.size }

// Close implements storage.ReadFile.
func (f *file) Close() error {
	if f.closed.Swap(true) {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	return nil
}

// Read implements storage.ReadFile.
func (f *file) Read(b []byte) (int, error) {
	return storage.ReadNext(f, &f.at, b)
}

// ReadAt implements storage.ReadFile.
func (f *file) ReadAt(b []byte, off int64) (int, error) {
	if f.closed.Load() {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrClosed}
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrInvalid}
	}
	if f.exact {
		got, _, err := f.reader.get(f.name, f.tag, off, min(int64(len(b)), max(0, f.size-off)))
		if err == nil && len(got) < len(b) {
			err = io.EOF
		}
		return copy(b, got), err
	}
	n := 0
	for n < len(b) {
		at := off + int64(n)
		if at >= f.size {
			return n, io.EOF
		}
		content := f.content
		if content == nil {
			p, err := f.part(at / partBytes)
			if err != nil {
				return n, err
			}
			content, at = p.bytes, at%partBytes
		}
		if at >= int64(len(content)) {
			return n, fmt.Errorf("read %s of the object store: %w", f.name, io.ErrUnexpectedEOF)
		}
		n += copy(b[n:], content[at:])
	}
	return n, nil
}

// part returns a part of the object, from the cache or from the store. Sequential requests become larger (OBJECTS-4).
func (f *file) part(index int64) (part, error) {
	if f.keep {
		if p, found := f.reader.parts.GetIfPresent(partKey{f.name, f.tag, index}); found {
			return p, nil
		}
	}
	ask := int64(1)
	if index > 0 && f.follows.Load() == index {
		ask = min(2*max(1, f.ask.Load()), mostParts)
	}
	f.follows.Store(index + ask)
	f.ask.Store(ask)
	got, size, err := f.reader.get(f.name, f.tag, index*partBytes, ask*partBytes)
	if err != nil {
		return part{}, err
	}
	if want := max(0, min(ask*partBytes, size-index*partBytes)); int64(len(got)) != want {
		return part{}, fmt.Errorf("read %s of the object store from byte %d on: %d bytes came, want %d", f.name,
			index*partBytes, len(got), want)
	}
	first := part{got[:min(len(got), partBytes)], size}
	if !f.keep {
		return first, nil
	}
	for i := int64(0); i == 0 || i*partBytes < int64(len(got)); i++ {
		piece := got[i*partBytes : min((i+1)*partBytes, int64(len(got)))]
		f.reader.parts.Set(partKey{f.name, f.tag, index + i}, part{piece, size})
	}
	return first, nil
}

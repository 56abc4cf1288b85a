package cache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/singleflight"
)

// Cache keeps files that cost something to make, and whose bytes their tag names. The oldest go when all together are
// too large. It may be used from several goroutines, and belongs to one process.
type Cache struct {
	dir     string
	max     int64 // bytes of all files
	filling singleflight.Group
}

// New makes an empty cache of at most so many bytes, or of the one file that was asked for last. What is in the folder
// is removed.
func New(dir string, most int64) (*Cache, error) {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("create the response cache: %w", err)
	}
	return &Cache{dir: dir, max: most}, nil
}

// Open opens the file of a tag, hexadecimal digits, which write makes if it is not there. A caller that asks for it
// meanwhile waits and gets the same file. The caller closes the file. Errors: those of write and of the folder.
func (s *Cache) Open(tag string, write func(io.Writer) error) (*os.File, error) {
	if tag == "" || strings.ContainsFunc(tag, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdef", r)
	}) {
		return nil, fmt.Errorf("open a kept file: tag %q is not of hexadecimal digits", tag)
	}
	name := filepath.Join(s.dir, tag)
	for range 3 { // a file may be cleared away between its making and its opening
		f, err := os.Open(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if _, err, _ = s.filling.Do(tag, func() (any, error) { return nil, s.make(name, write) }); err != nil {
			return nil, fmt.Errorf("keep a file: %w", err)
		}
	}
	return nil, fmt.Errorf("open a kept file: the cache of %d bytes is too small for the open files", s.max)
}

// make writes a file, whole or not at all, and makes room for it.
func (s *Cache) make(name string, write func(io.Writer) error) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, ".new-")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return s.clear(filepath.Base(name))
}

// clear removes the oldest files until the rest is small enough; keep stays.
func (s *Cache) clear(keep string) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	sum := int64(0)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || strings.HasPrefix(e.Name(), ".") {
			continue // cleared by another, or still being written
		}
		files, sum = append(files, info), sum+info.Size()
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if sum <= s.max {
			break
		}
		if f.Name() == keep {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sum -= f.Size()
	}
	return nil
}

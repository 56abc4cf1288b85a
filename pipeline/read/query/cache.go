package query

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

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Cache stores files that are expensive to make and whose content is determined by their tag. It deletes the oldest
// files when the total is too large. It is safe for concurrent use; only one process may use its folder.
type Cache struct {
	dir     string
	max     int64 // bytes of all files
	filling singleflight.Group
}

// NewCache makes an empty cache of at most most bytes; it always keeps the newest file. It removes the content of the
// folder.
func NewCache(dir string, most int64) (*Cache, error) {
	if err := errors.Join(os.RemoveAll(dir), storage.MakeDir(dir, 0o700, storage.Unsynced)); err != nil {
		return nil, fmt.Errorf("create the response cache: %w", err)
	}
	return &Cache{dir: dir, max: most}, nil
}

// Open opens the file of a tag, which consists of hexadecimal digits. If there is none, write makes it, and concurrent
// callers wait for the same file. The caller closes the file. Errors: those of write and of the folder.
func (s *Cache) Open(tag string, write func(io.Writer) error) (*os.File, error) {
	if tag == "" || strings.ContainsFunc(tag, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdef", r)
	}) {
		return nil, fmt.Errorf("open a kept file: tag %q is not of hexadecimal digits", tag)
	}
	name := filepath.Join(s.dir, tag)
	for range 3 { // a file may be deleted between its creation and its opening
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

// make writes a file completely or not at all, and then deletes old files.
func (s *Cache) make(name string, write func(io.Writer) error) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	err := storage.ReplaceFile(name, storage.ReplaceOptions{Temporary: ".new-*"},
		func(f *os.File) error { return write(f) })
	if err != nil {
		return err
	}
	return s.clear(filepath.Base(name))
}

// clear deletes the oldest files until the total is small enough. It does not delete keep.
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
			continue // deleted by another call, or still being written
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

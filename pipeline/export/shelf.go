package export

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/singleflight"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Tag names the bytes that Write gives: the same tag, the same bytes. It is of the committed state, the books, the request, and of
// program, which says by what version of the program they are written. It serves as an ETag, without the quotes.
func (r *Request) Tag(snap *lake.Snapshot, program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q %q %q %t", program, snap.Hash, r.Table, r.Format, r.Cycle, r.Split)
	fmt.Fprintf(&b, " %q %q %t %q %q", r.Scope.Customer, r.Scope.Partner, r.Scope.Direct, r.Scope.Seller, r.Scope.Named)
	if r.Partners.Books != nil {
		b.WriteString(hex.EncodeToString(r.Partners.Books.Hash[:]))
	}
	return string(lake.HashBytes([]byte(b.String())))
}

// Shelf keeps finished exports in a folder for those who come back for a part of one (HTTP's Range): a first download is streamed and
// kept nowhere; who resumes gets a file, made once. The oldest files go when all together are too large. It may be used from several
// goroutines, and belongs to one process.
type Shelf struct {
	dir    string
	most   int64 // bytes of all files
	making singleflight.Group
}

// NewShelf makes an empty shelf of at most so many bytes, or of the one file that was asked for last. What is in the folder is removed.
func NewShelf(dir string, most int64) (*Shelf, error) {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, fmt.Errorf("make the shelf of exports: %w", err)
	}
	return &Shelf{dir: dir, most: most}, nil
}

// Open opens the export of a tag (Request.Tag), which write makes if it is not there. Who asks for it meanwhile waits and gets the same
// file; who closes it is the caller. Errors: those of write and of the folder.
func (s *Shelf) Open(tag string, write func(io.Writer) error) (*os.File, error) {
	if tag == "" || strings.ContainsFunc(tag, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) {
		return nil, fmt.Errorf("open a kept export: tag %q is not one of Request.Tag", tag)
	}
	name := filepath.Join(s.dir, tag)
	for range 3 { // a file may be cleared away between its making and its opening
		f, err := os.Open(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if _, err, _ = s.making.Do(tag, func() (any, error) { return nil, s.make(name, write) }); err != nil {
			return nil, fmt.Errorf("keep an export: %w", err)
		}
	}
	return nil, fmt.Errorf("open a kept export: the shelf of %d bytes is too small for those who ask", s.most)
}

// make writes a file, whole or not at all, and makes room for it.
func (s *Shelf) make(name string, write func(io.Writer) error) error {
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
func (s *Shelf) clear(keep string) error {
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
		if sum <= s.most {
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

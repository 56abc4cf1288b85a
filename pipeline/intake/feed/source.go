package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// format is how a file's name says its records are written and packed.
type format struct {
	kind   string // csv, ndjson, parquet
	packed string // empty, gz, zst
}

// formats are the endings of §2.
var formats = [...]struct {
	ending string
	format format
}{
	{".csv", format{"csv", ""}},
	{".csv.gz", format{"csv", "gz"}},
	{".csv.zst", format{"csv", "zst"}},
	{".ndjson", format{"ndjson", ""}},
	{".ndjson.gz", format{"ndjson", "gz"}},
	{".ndjson.zst", format{"ndjson", "zst"}},
	{".parquet", format{"parquet", ""}},
}

// formatOf finds a file's format by the end of its name.
func formatOf(name string) (format, bool) {
	base := path.Base(name)
	for _, f := range formats {
		if strings.HasSuffix(base, f.ending) && len(base) > len(f.ending) {
			return f.format, true
		}
	}
	return format{}, false
}

// stored is a feed file as it is in the inbox. It counts what is read and keeps the first error of the environment,
// so that a failing disk is not taken for a broken file. It is closed when its last holder releases it.
type stored struct {
	file fs.File
	name string
	size int64
	read atomic.Int64
	held atomic.Int32

	mu     sync.Mutex
	failed error
}

func openStored(fsys fs.FS, name string) (*stored, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read inbox/%s: %w", name, err), f.Close())
	}
	s := &stored{file: f, name: name, size: info.Size()}
	s.held.Store(1)
	return s, nil
}

func (s *stored) letGo() error {
	if s.held.Add(-1) > 0 {
		return nil
	}
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close inbox/%s: %w", s.name, err)
	}
	return nil
}

// note keeps the first error that is not the end of the file.
func (s *stored) note(err error) {
	if err == nil || err == io.EOF {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

// Read is io.Reader, for the text formats.
func (s *stored) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	s.read.Add(int64(n))
	s.note(err)
	return n, err
}

// ReadAt is io.ReaderAt, for Parquet. An offset outside the file is the file's fault, not the disk's.
func (s *stored) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.file.(io.ReaderAt).ReadAt(p, off)
	s.note(err)
	return n, err
}

// Seek is io.Seeker; Parquet only asks where the end is.
func (s *stored) Seek(offset int64, whence int) (int64, error) {
	at, err := s.file.(io.Seeker).Seek(offset, whence)
	s.note(err)
	return at, err
}

// blame is the error to report when reading stopped with what: the environment's where that failed, else the file's.
func (s *stored) blame(what *FileError) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return fmt.Errorf("read inbox/%s: %w", s.name, s.failed)
	}
	what.File = s.name
	return what
}

// zstdWindow is the largest window a zstd file may ask for, as the zstd command's own limit.
const zstdWindow = 128 << 20

// unpack gives the text of a file, without a byte order mark, and what to close after it.
func (s *stored) unpack(packed string) (*bufio.Reader, func(), error) {
	var text io.Reader = s
	done := func() {}
	switch packed {
	case "gz":
		z, err := gzip.NewReader(bufio.NewReaderSize(s, 64<<10))
		if err != nil {
			return nil, nil, s.unpackError(packed, err)
		}
		text, done = z, func() { _ = z.Close() } // closing only puts its decoder away
	case "zst":
		z, err := zstd.NewReader(s, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, nil, s.unpackError(packed, err)
		}
		text, done = z, z.Close
	}
	r := bufio.NewReaderSize(text, 64<<10)
	mark, err := r.Peek(3)
	if err != nil && err != io.EOF {
		done()
		return nil, nil, s.unpackError(packed, err)
	}
	if len(mark) == 0 {
		done()
		return nil, nil, s.blame(&FileError{Text: "the file is empty"})
	}
	if bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = r.Discard(3) // cannot fail: it was peeked
	}
	return r, done, nil
}

// unpackError is the file's error when its text cannot be read on.
func (s *stored) unpackError(packed string, err error) error {
	name := map[string]string{"gz": "gzip", "zst": "zstd", "": "text"}[packed]
	e := &FileError{Text: fmt.Sprintf("the %s stream is broken: %v", name, err)}
	switch {
	case err == io.EOF:
		e.Text = "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Text = fmt.Sprintf("the %s stream is truncated", name)
		e.Hint = "the file is incomplete; send it again"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		e.Text = "the zstd stream needs a window over 128 MiB"
		e.Hint = "compress it without --long, or with --long=27 at most"
	}
	return s.blame(e)
}

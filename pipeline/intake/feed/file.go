package feed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"github.com/tollbook/tollbook/schemas/visible"
)

// Format is the format and compression of a file, according to its name.
type Format struct {
	Kind   string // csv, ndjson, parquet
	Packed string // empty, gz, zst
}

// formats are the endings of §2.
var formats = [...]struct {
	ending string
	format Format
}{
	{".csv", Format{"csv", ""}},
	{".csv.gz", Format{"csv", "gz"}},
	{".csv.zst", Format{"csv", "zst"}},
	{".ndjson", Format{"ndjson", ""}},
	{".ndjson.gz", Format{"ndjson", "gz"}},
	{".ndjson.zst", Format{"ndjson", "zst"}},
	{".parquet", Format{"parquet", ""}},
}

// FormatOf returns a file's format by the end of its name.
func FormatOf(name string) (Format, bool) {
	base := path.Base(name)
	for _, f := range formats {
		if strings.HasSuffix(base, f.ending) && len(base) > len(f.ending) {
			return f.format, true
		}
	}
	return Format{}, false
}

// TextFile is a feed file of the inbox. It counts what is read and keeps the first error of the environment, so that a
// failing disk is not reported as a broken file.
type TextFile struct {
	file fs.File
	name string
	size int64
	left int64 // bytes that Read may still return; < 0 = all
	read atomic.Int64

	mu     sync.Mutex
	failed error
}

// OpenFile opens a file of the inbox, fsys being that folder.
func OpenFile(fsys fs.FS, name string) (*TextFile, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read inbox/%s: %w", name, err), f.Close())
	}
	return &TextFile{file: f, name: name, size: info.Size(), left: -1}, nil
}

// Close closes the file.
func (s *TextFile) Close() error {
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close inbox/%s: %w", s.name, err)
	}
	return nil
}

// note keeps the first error that is not the end of the file.
func (s *TextFile) note(err error) {
	if err == nil || err == io.EOF {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

// Name returns the file's path below inbox/.
func (s *TextFile) Name() string { return s.name }

// Size returns the file's stored length in bytes.
func (s *TextFile) Size() int64 { return s.size }

// BytesRead returns the number of bytes that Read has returned.
func (s *TextFile) BytesRead() int64 { return s.read.Load() }

// RandomAccess reports whether ReadAt and Seek can be called, which depends on the file system.
func (s *TextFile) RandomAccess() bool {
	_, ok := s.file.(interface {
		io.ReaderAt
		io.Seeker
	})
	return ok
}

// Read is io.Reader, for the text formats.
func (s *TextFile) Read(p []byte) (int, error) {
	if s.left >= 0 && int64(len(p)) > s.left {
		if p = p[:s.left]; s.left == 0 {
			return 0, io.EOF
		}
	}
	n, err := s.file.Read(p)
	if s.left >= 0 {
		s.left -= int64(n)
	}
	s.read.Add(int64(n))
	s.note(err)
	return n, err
}

// Only makes Read continue at offset from and end at offset to.
func (s *TextFile) Only(from, to int64) error {
	if !s.RandomAccess() {
		return fmt.Errorf("read inbox/%s: files of this file system cannot be read in ranges", s.name)
	}
	if _, err := s.Seek(from, io.SeekStart); err != nil {
		return fmt.Errorf("read inbox/%s: %w", s.name, err)
	}
	s.left = max(0, to-from)
	return nil
}

// ReadAt is io.ReaderAt, for Parquet. An offset outside the file is the file's fault, not the disk's.
func (s *TextFile) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > s.size {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.file.(io.ReaderAt).ReadAt(p, off)
	s.note(err)
	return n, err
}

// Seek is io.Seeker. Parquet uses it only to find the end.
func (s *TextFile) Seek(offset int64, whence int) (int64, error) {
	at, err := s.file.(io.Seeker).Seek(offset, whence)
	s.note(err)
	return at, err
}

// Blame returns the error to report when reading stopped with what: the environment's if it failed, else the file's.
func (s *TextFile) Blame(what *FormError) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return fmt.Errorf("read inbox/%s: %w", s.name, s.failed)
	}
	what.File = s.name
	return what
}

// zstdWindow is the largest window that a zstd file may request, the same limit as in the zstd command.
const zstdWindow = 128 << 20

// Unpack returns the text of a file, without byte order marks, and a function that releases its resources. With
// readAhead, a packed file is unpacked in its own goroutine.
func (s *TextFile) Unpack(packed string, readAhead bool) (*bufio.Reader, func(), error) {
	text, done, err := Unpacked(s, packed)
	if err != nil {
		return nil, nil, s.UnpackError(packed, err)
	}
	if readAhead && packed != "" {
		a, close := newAhead(text), done
		text, done = a, func() { a.close(); close() }
	}
	kind, _ := KindOfName(s.name)
	r, encoding, err := BeginText(text, kind == "csv")
	switch {
	case err != nil && err != io.EOF:
		err = s.UnpackError(packed, err)
	case err == io.EOF:
		err = s.Blame(&FormError{Text: "the file is empty"})
	case encoding != "":
		err = s.Blame(&FormError{Line: 1, Text: "the file is " + encoding, Hint: "save the file as UTF-8"})
	default:
		return r, done, nil
	}
	done()
	return nil, nil, err
}

// Unpacked returns the text of a gzip (gz) or zstd (zst) stream, or of one that is not packed, and a function that
// releases its resources.
func Unpacked(r io.Reader, packed string) (io.Reader, func(), error) {
	switch packed {
	case "gz":
		z, err := newGzipText(r)
		return z, func() { _ = z.Close() }, err // only returns the decoder to its pool
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
		return &zstdText{Decoder: z}, z.Close, err
	}
	return r, func() {}, nil
}

// BeginText returns a text without its byte order marks; in CSV, also those before its first row (TEXT-2). encoding
// names UTF-16. The error is io.EOF if the text is empty, or the first one of reading if no text precedes it.
func BeginText(text io.Reader, isCSV bool) (r *bufio.Reader, encoding string, err error) {
	r = bufio.NewReaderSize(text, beginBytes)
	head, err := r.Peek(beginBytes)
	if len(head) == 0 {
		return nil, "", err
	}
	if encoding = visible.UTF16(string(head[:min(2, len(head))])); encoding != "" {
		return nil, encoding, nil
	}
	clean := strings.TrimLeft(string(head), visible.Mark)
	if isCSV {
		clean = visible.Unmarked(clean)
	}
	n := len(head) - copy(head[len(head)-len(clean):], clean)
	_, _ = r.Discard(n) // cannot fail: it was peeked
	return r, "", nil
}

// beginBytes is the number of bytes within which the header of a text ends, if marks before its first row are removed.
const beginBytes = 64 << 10

// UnpackError returns the file's error when the rest of its text cannot be read.
func (s *TextFile) UnpackError(packed string, err error) error {
	name := map[string]string{"gz": "gzip", "zst": "zstd", "": "text"}[packed]
	e := &FormError{Text: fmt.Sprintf("the %s stream is broken: %v", name, err)}
	switch {
	case err == io.EOF:
		e.Text = "the file is empty"
	case errors.Is(err, errAfterEnd):
		e.Text = fmt.Sprintf("the %s stream is complete, and other bytes follow its end", name)
		e.Hint = "remove the bytes after its end, or pack the file again"
	case packed == "zst" && errors.Is(err, io.ErrUnexpectedEOF): // up to three bytes may be those after the end
		e.Text = "the zstd stream is truncated, or a few bytes follow its end"
		e.Hint = "pack the file again and send it again"
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Text = fmt.Sprintf("the %s stream is truncated", name)
		e.Hint = "the file is incomplete; send it again"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		e.Text = "the zstd stream needs a window over 128 MiB"
		e.Hint = "compress it without --long, or with --long=27 at most"
	}
	return s.Blame(e)
}

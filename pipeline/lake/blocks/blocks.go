package blocks

import (
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// blockBytes is the length of a block of a data file; the last may be shorter.
const blockBytes = 64 << 10

// blockDigits is how many hexadecimal digits a block's checksum takes in FileEntry.Blocks.
const blockDigits = 8

// Sums makes FileEntry.Blocks of what is written to it.
type Sums struct {
	crc  uint32
	n    int // bytes of the block so far
	text []byte
}

// Add takes the next bytes of the file.
func (s *Sums) Add(p []byte) {
	table := crc32.MakeTable(crc32.Castagnoli)
	for len(p) > 0 {
		part := p[:min(len(p), blockBytes-s.n)]
		s.crc, s.n = crc32.Update(s.crc, table, part), s.n+len(part)
		if p = p[len(part):]; s.n == blockBytes {
			s.end()
		}
	}
}

func (s *Sums) end() {
	s.text = fmt.Appendf(s.text, "%0*x", blockDigits, s.crc)
	s.crc, s.n = 0, 0
}

// String is the checksums of all that was written; nothing is written after it.
func (s *Sums) String() string {
	if s.n > 0 {
		s.end()
	}
	return string(s.text)
}

// checkedFile is a data file whose blocks are checked when a byte of them is first read (LAKE-13). ReadAt may be called
// from several goroutines, as storage.ReadFile says.
type checkedFile struct {
	storage.ReadFile
	entry  manifest.FileEntry
	by     string // the manifest that names it
	whole  []atomic.Bool
	blocks *sync.Pool // of *[blockBytes]byte
	at     int64      // of Read
}

// Check wraps a file that an entry names, so that what is read of it is checked; by is the manifest that names it. One
// of a build that wrote no checksums is left as it is. memory is shared by all files of a lake: what parts of blocks
// are checked with. Error: a *lakeerr.CorruptError where the entry has not one checksum per block.
func Check(f storage.ReadFile, e manifest.FileEntry, by string, memory *sync.Pool) (storage.ReadFile, error) {
	if e.Blocks == "" {
		return f, nil
	}
	n := (e.Bytes + blockBytes - 1) / blockBytes
	if int64(len(e.Blocks)) != n*blockDigits {
		return nil, &lakeerr.CorruptError{Name: by,
			Detail: fmt.Sprintf("%d digits of checksums for the %d blocks of %s", len(e.Blocks), n, e.Path),
			Hint:   lakeerr.HintRestore}
	}
	return &checkedFile{ReadFile: f, entry: e, by: by, whole: make([]atomic.Bool, n), blocks: memory}, nil
}

// Read implements io.Reader.
func (f *checkedFile) Read(p []byte) (int, error) {
	if f.at >= f.entry.Bytes {
		return 0, io.EOF
	}
	n, err := f.ReadAt(p[:min(int64(len(p)), f.entry.Bytes-f.at)], f.at)
	f.at += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt. Nothing of a block that is not what was written is returned.
func (f *checkedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.ReadFile.ReadAt(p, off)
	if n == 0 || err != nil && err != io.EOF {
		return n, err
	}
	for b := off / blockBytes; b*blockBytes < off+int64(n); b++ {
		if f.whole[b].Load() {
			continue
		}
		if wrong := f.check(p[:n], off, b); wrong != nil {
			return 0, wrong
		}
		f.whole[b].Store(true)
	}
	return n, err
}

// check checks block b, part of which was read into p from off on. What p does not hold of it is read, and what it
// holds taken from there.
func (f *checkedFile) check(p []byte, off, b int64) error {
	from, to := b*blockBytes, min((b+1)*blockBytes, f.entry.Bytes)
	if off <= from && to <= off+int64(len(p)) {
		return f.compare(p[from-off:to-off], b)
	}
	memory, ok := f.blocks.Get().(*[blockBytes]byte)
	if !ok {
		memory = new([blockBytes]byte)
	}
	defer f.blocks.Put(memory)
	block := memory[:to-from]
	if n, err := f.ReadFile.ReadAt(block, from); n < len(block) {
		return fmt.Errorf("read bytes %d to %d of %s of the lake: %w", from, to, f.entry.Path, err)
	}
	if err := f.compare(block, b); err != nil {
		return err
	}
	if from < off {
		copy(p, block[off-from:])
	} else {
		copy(p[from-off:], block)
	}
	return nil
}

func (f *checkedFile) compare(block []byte, b int64) error {
	want, err := strconv.ParseUint(f.entry.Blocks[b*blockDigits:(b+1)*blockDigits], 16, 32)
	if got := crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)); err == nil && got == uint32(want) {
		return nil
	}
	detail := fmt.Sprintf("bytes %d to %d are not what was written, by the checksum that %s has of them", b*blockBytes,
		b*blockBytes+int64(len(block)), f.by)
	return &lakeerr.CorruptError{Name: f.entry.Path, Detail: detail, Hint: lakeerr.HintRestore}
}

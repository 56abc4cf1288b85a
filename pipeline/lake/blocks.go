package lake

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// blockBytes is the length of a block of a data file; the last may be shorter.
const blockBytes = 64 << 10

// blockDigits is the number of hexadecimal digits of a block's checksum in FileEntry.Blocks.
const blockDigits = 8

// A file with at least this many complete blocks before its end contains their checksums.
const (
	tableBlocks = 16
	sumBytes    = 4 // of a checksum in the file, little-endian
)

// BlockSums computes the checksums of a file's bytes.
type BlockSums struct {
	crc  uint32
	n    int      // bytes of the block so far
	sums []uint32 // of complete blocks
	in   int      // number of checksums that are in the file
	at   int64    // their offset in the file
}

// Add adds the next bytes of the file.
func (s *BlockSums) Add(p []byte) {
	table := crc32.MakeTable(crc32.Castagnoli)
	for len(p) > 0 {
		part := p[:min(len(p), blockBytes-s.n)]
		s.crc, s.n = crc32.Update(s.crc, table, part), s.n+len(part)
		if p = p[len(part):]; s.n == blockBytes {
			s.end()
		}
	}
}

func (s *BlockSums) end() {
	s.sums = append(s.sums, s.crc)
	s.crc, s.n = 0, 0
}

// Table returns the checksums of the complete blocks so far, which the caller must write next. It returns nil if there
// are few, or if it was called before.
func (s *BlockSums) Table() []byte {
	if s.in > 0 || len(s.sums) < tableBlocks {
		return nil
	}
	s.in, s.at = len(s.sums), int64(len(s.sums))*blockBytes+int64(s.n)
	table := make([]byte, 0, s.in*sumBytes)
	for _, sum := range s.sums {
		table = binary.LittleEndian.AppendUint32(table, sum)
	}
	return table
}

// End returns FileEntry.Blocks and FileEntry.BlocksAt of all bytes. Nothing may be written afterwards.
func (s *BlockSums) End() (blocks string, at int64) {
	if s.n > 0 {
		s.end()
	}
	text := make([]byte, 0, (len(s.sums)-s.in)*blockDigits)
	for _, sum := range s.sums[s.in:] {
		text = fmt.Appendf(text, "%0*x", blockDigits, sum)
	}
	return string(text), s.at
}

// checkedFile is a data file whose blocks are checked when they are first read (LAKE-13). ReadAt may be called from
// several goroutines, as storage.ReadFile requires.
type checkedFile struct {
	storage.ReadFile
	entry  FileEntry
	by     string // the manifest that names it
	whole  []atomic.Bool
	blocks *sync.Pool // of *[blockBytes]byte
	at     int64      // position of Read
	in     int64      // number of blocks whose checksums are in the file

	mu    sync.Mutex
	table []byte // the checksums in the file, once read
}

// checkBlocks wraps the file of an entry so that everything that is read is checked; by is the manifest that names it.
// memory provides buffers for checking parts of blocks and is shared by all files of a lake. It returns a
// *CorruptError unless there is one checksum per block.
func checkBlocks(f storage.ReadFile, e FileEntry, by string, memory *sync.Pool) (storage.ReadFile, error) {
	n, in := (e.Bytes+blockBytes-1)/blockBytes, e.BlocksAt/blockBytes
	if in < 0 || e.BlocksAt+in*sumBytes > e.Bytes {
		return nil, &CorruptError{Name: by,
			Detail: fmt.Sprintf("checksums of %d blocks at byte %d of %s, which has %d", in, e.BlocksAt, e.Path,
				e.Bytes),
			Hint: HintRestore}
	}
	if int64(len(e.Blocks)) != (n-in)*blockDigits {
		return nil, &CorruptError{Name: by,
			Detail: fmt.Sprintf("%d digits of checksums for %d blocks of %s", len(e.Blocks), n-in, e.Path),
			Hint:   HintRestore}
	}
	return &checkedFile{ReadFile: f, entry: e, by: by, whole: make([]atomic.Bool, n), blocks: memory, in: in}, nil
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

// ReadAt implements io.ReaderAt. It returns no byte of a damaged block.
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

// check checks block b, a part of which was read into p from off on. It reads the rest of the block, and uses the bytes
// of p for that part.
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
	want, err := f.sum(b)
	if err != nil {
		return err
	}
	if crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)) == want {
		return nil
	}
	return f.damaged(b*blockBytes, int64(len(block)))
}

// damaged returns the error of bytes that differ from what was written.
func (f *checkedFile) damaged(from, bytes int64) error {
	detail := fmt.Sprintf("bytes %d to %d are not what was written, by the checksum that %s has of them", from,
		from+bytes, f.by)
	return &CorruptError{Name: f.entry.Path, Detail: detail, Hint: HintRestore}
}

// sum returns the stored checksum of a block. Checksums in the file are in blocks whose checksums are in the list.
func (f *checkedFile) sum(b int64) (uint32, error) {
	if b >= f.in {
		at := (b - f.in) * blockDigits
		sum, err := strconv.ParseUint(f.entry.Blocks[at:at+blockDigits], 16, 32)
		if err != nil {
			return 0, f.damaged(b*blockBytes, min(blockBytes, f.entry.Bytes-b*blockBytes))
		}
		return uint32(sum), nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.table == nil {
		table := make([]byte, f.in*sumBytes)
		if n, err := f.ReadAt(table, f.entry.BlocksAt); n < len(table) {
			return 0, fmt.Errorf("read the checksums of %s of the lake: %w", f.entry.Path, err)
		}
		f.table = table
	}
	return binary.LittleEndian.Uint32(f.table[b*sumBytes:]), nil
}

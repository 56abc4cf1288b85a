package rows

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

const (
	defaultLimit = 32 << 20 // bytes of records in memory
	maxRuns      = 96       // files that are open at once
	writeBuffer  = 256 << 10
	readBuffer   = 64 << 10
	prefixBytes  = 8
)

// Temp creates, opens and removes temporary files: a transaction of the lake.
type Temp interface {
	CreateTemp(label string) (storage.File, error)
	OpenTemp(name string) (storage.ReadFile, error)
	RemoveTemp(name string) error
}

// Sorter takes records and returns them in order. It is for one goroutine.
type Sorter struct {
	temp  Temp
	limit int
	chunk []byte // records: key length, value length, key, value
	marks []mark // of the records in chunk
	runs  []run
}

// mark is the position of a record in the chunk, with the beginning of its key.
type mark struct {
	prefix uint64
	at     uint32
}

// run is a file of sorted records.
type run struct {
	name string
	data storage.ReadFile
}

// NewSorter returns an empty sorter. limit is the size in bytes of the records in memory; 0 means 32 MiB.
func NewSorter(temp Temp, limit int) *Sorter {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Sorter{temp: temp, limit: limit}
}

// Add adds a record. It copies key and value.
func (s *Sorter) Add(key, value []byte) error {
	if len(s.chunk) > 0 && len(s.chunk)+len(key)+len(value) > s.limit {
		if err := s.spill(); err != nil {
			return fmt.Errorf("sort records: %w", err)
		}
	}
	s.marks = append(s.marks, mark{prefixOf(key), uint32(len(s.chunk))})
	s.chunk = appendRecord(s.chunk, key, value)
	return nil
}

func appendRecord(dst, key, value []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(append(dst, key...), value...)
}

// prefixOf returns the beginning of a key as a number that sorts like the key.
func prefixOf(key []byte) uint64 {
	var b [prefixBytes]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// record returns the record of the chunk at an offset.
func (s *Sorter) record(at uint32) (key, value []byte) {
	b := s.chunk[at:]
	keySize, n := binary.Uvarint(b)
	valueSize, m := binary.Uvarint(b[n:])
	b = b[n+m:]
	return b[:keySize:keySize], b[keySize : keySize+valueSize : keySize+valueSize]
}

// sort orders the marks of the chunk.
func (s *Sorter) sort() {
	slices.SortFunc(s.marks, func(a, b mark) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		x, _ := s.record(a.at)
		y, _ := s.record(b.at)
		return cmp.Or(bytes.Compare(x, y), cmp.Compare(a.at, b.at))
	})
}

// spill writes the chunk as a run, and joins the runs if there are too many.
func (s *Sorter) spill() error {
	s.sort()
	err := s.write(&SortedReader{cursors: []*sortCursor{{memory: s}}})
	s.chunk, s.marks = s.chunk[:0], s.marks[:0]
	if err != nil || len(s.runs) < maxRuns {
		return err
	}
	r := &SortedReader{}
	for i := range s.runs {
		r.cursors = append(r.cursors, s.runs[i].cursor(i))
	}
	old := s.runs
	s.runs = nil
	return errors.Join(s.write(r), s.drop(old))
}

// write writes the records of a reader as a run.
func (s *Sorter) write(r *SortedReader) (err error) {
	f, err := s.temp.CreateTemp("records")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, writeBuffer)
	var b []byte
	for {
		key, value, ok, err := r.Next()
		if err != nil {
			return errors.Join(err, f.Close())
		}
		if !ok {
			break
		}
		b = appendRecord(b[:0], key, value)
		if _, err := out.Write(b); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		return err
	}
	data, err := s.temp.OpenTemp(f.Name())
	if err != nil {
		return err
	}
	s.runs = append(s.runs, run{f.Name(), data})
	return nil
}

// Read returns a reader of all records that were added. It may be called again, also after adding more records. A
// reader is valid until a record is added.
func (s *Sorter) Read() *SortedReader {
	s.sort()
	r := &SortedReader{}
	for i := range s.runs {
		r.cursors = append(r.cursors, s.runs[i].cursor(i))
	}
	r.cursors = append(r.cursors, &sortCursor{memory: s, place: len(s.runs)})
	return r
}

// Close deletes the files and clears the records.
func (s *Sorter) Close() error {
	old := s.runs
	s.chunk, s.marks, s.runs = nil, nil, nil
	return s.drop(old)
}

func (s *Sorter) drop(runs []run) error {
	var errs []error
	for i := range runs {
		errs = append(errs, runs[i].data.Close(), s.temp.RemoveTemp(runs[i].name))
	}
	return errors.Join(errs...)
}

func (r *run) cursor(place int) *sortCursor {
	section := io.NewSectionReader(r.data, 0, r.data.Size())
	return &sortCursor{file: bufio.NewReaderSize(section, readBuffer), place: place}
}

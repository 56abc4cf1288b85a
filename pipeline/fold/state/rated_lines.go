package state

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// memoryRows bounds the rows that are held in memory, and the rows that unused batches have room for.
const memoryRows = 1 << 17

// RatedBatch is a row group of lines.
type RatedBatch = parquet.Columns[tables.Line]

// RatedLines holds the kept lines of a task by file key. One worker uses it for one task after the other. A nil
// *RatedLines keeps nothing.
type RatedLines struct {
	wanted func(lake.FileKey) bool
	txn    *lake.SubTxn
	days   map[lake.FileKey]*day
	rows   int // in memory
	unused []*RatedBatch
	room   int // capacity of unused, in rows
	spills []*spill
}

// day is the lines of one key.
type day struct {
	groups []group
	rows   int64
	sums   []lake.ColumnSum
	ended  bool
}

// group is a row group: a batch, or a frame of a temporary file.
type group struct {
	batch *RatedBatch
	spill *spill
	at    int64
}

// spill is a temporary file. It is written until its first frame is read.
type spill struct {
	out    storage.File
	frames *parquet.FrameWriter
	bytes  int64
	in     storage.ReadFile
	at     *io.SectionReader
	read   *parquet.FrameReader
}

// NewRatedLines keeps lines of the keys that are wanted.
func NewRatedLines(txn *lake.SubTxn, wanted func(lake.FileKey) bool) *RatedLines {
	return &RatedLines{txn: txn, wanted: wanted, days: make(map[lake.FileKey]*day)}
}

// Keeps reports whether the lines of a key must be added here instead of being written to a file of the lake.
func (l *RatedLines) Keeps(key lake.FileKey) bool { return l != nil && l.wanted(key) }

// Add takes over a row group of a key and returns an empty batch for the next one.
func (l *RatedLines) Add(key lake.FileKey, b *RatedBatch) (*RatedBatch, error) {
	d := l.days[key]
	if d == nil {
		d = &day{}
		l.days[key] = d
	}
	d.rows += int64(b.N)
	if l.rows+b.N > memoryRows {
		g, err := l.write(b)
		d.groups = append(d.groups, g)
		b.Reset()
		return b, err
	}
	d.groups = append(d.groups, group{batch: b})
	l.rows += b.N
	return l.empty(), nil
}

// End ends the lines of a key, with the sums of its file. It does nothing if no rows were added.
func (l *RatedLines) End(key lake.FileKey, sums []lake.ColumnSum) {
	if d := l.days[key]; d != nil {
		d.sums, d.ended = sums, true
	}
}

// Files returns an entry without a path for the lines of each key of a cycle: they are in no file yet.
func (l *RatedLines) Files(cycle lake.Cycle) (files []lake.FileEntry) {
	if l == nil {
		return nil
	}
	for key, d := range l.days {
		if key.Cycle == cycle && d.ended {
			files = append(files, lake.FileEntry{FileKey: key, Rows: d.rows, Sums: d.sums})
		}
	}
	slices.SortFunc(files, func(a, b lake.FileEntry) int { return a.Day.Compare(b.Day) })
	return files
}

// Select returns the selected files of a cycle in a state, followed by the selected entries of Files.
func (l *RatedLines) Select(in lake.FileSet, cycle lake.Cycle, wanted func(lake.FileKey) bool) ([]lake.FileEntry,
	error) {
	files, err := in.Select(cycle, wanted)
	if err != nil {
		return nil, err
	}
	for _, e := range l.Files(cycle) {
		if wanted(e.FileKey) {
			files = append(files, e)
		}
	}
	return files, nil
}

// IsRated reports whether an entry is one of Files.
func IsRated(e lake.FileEntry) bool { return e.Path == "" && e.Table == tables.Lines().Name }

// Left returns an error if lines were not read: they would never be written.
func (l *RatedLines) Left() error {
	for key := range l.days {
		return fmt.Errorf("the lines of %v were rated and not paid: a fault of the program", key)
	}
	return nil
}

// Close ends a task: it discards all lines and deletes the temporary files.
func (l *RatedLines) Close() error {
	clear(l.days)
	l.rows = 0
	return l.drop()
}

// empty returns an empty batch.
func (l *RatedLines) empty() *RatedBatch {
	n := len(l.unused)
	if n == 0 {
		return parquet.NewColumns(tables.Lines())
	}
	b := l.unused[n-1]
	l.unused, l.room = l.unused[:n-1], l.room-roomOf(b)
	return b
}

// release returns a batch that was read to the unused ones.
func (l *RatedLines) release(b *RatedBatch) {
	l.rows -= b.N
	if l.room+roomOf(b) > memoryRows {
		return
	}
	b.Reset()
	l.unused, l.room = append(l.unused, b), l.room+roomOf(b)
}

func roomOf(b *RatedBatch) int { return cap(b.Col(tables.LineTier.Of()).Codes) }

// Write implements io.Writer for frames.
func (s *spill) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.bytes += int64(n)
	return n, err
}

// write appends a batch to the temporary file that is being written.
func (l *RatedLines) write(b *RatedBatch) (group, error) {
	n := len(l.spills)
	if n == 0 || l.spills[n-1].in != nil {
		out, err := l.txn.CreateTemp("rated")
		if err != nil {
			return group{}, err
		}
		s := &spill{out: out}
		s.frames = parquet.NewFrameWriter(s)
		l.spills, n = append(l.spills, s), n+1
	}
	s := l.spills[n-1]
	g := group{spill: s, at: s.bytes}
	return g, s.frames.Write(b.Any())
}

// load reads a batch of a temporary file. It is valid until the next one of the file is read.
func (l *RatedLines) load(g group) (*RatedBatch, error) {
	s := g.spill
	if s.in == nil {
		err := s.out.Close()
		if err == nil {
			s.in, err = l.txn.OpenTemp(s.out.Name())
		}
		if err != nil {
			return nil, err
		}
		s.at = io.NewSectionReader(s.in, 0, s.in.Size())
		s.read = parquet.NewFrameReader(s.at, tables.Lines().Table)
	}
	if _, err := s.at.Seek(g.at, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := s.read.Next()
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return parquet.As[tables.Line](b), nil
}

// drop deletes the temporary files.
func (l *RatedLines) drop() (err error) {
	for _, s := range l.spills {
		var closed error
		if s.in != nil {
			closed = s.in.Close()
		} else {
			closed = s.out.Close()
		}
		err = errors.Join(err, closed, l.txn.RemoveTemp(s.out.Name()))
	}
	l.spills = nil
	return err
}

// RatedReader reads the lines of a key, one row group at a time.
type RatedReader struct {
	lines *RatedLines
	key   lake.FileKey
	rest  []group
	takes bool        // whether the lines are removed
	given *RatedBatch // in memory, to be released
}

// Open removes the lines of a key and returns a reader of them. The caller may change what it reads.
func (l *RatedLines) Open(key lake.FileKey) *RatedReader {
	r := l.Look(key)
	r.takes = true
	delete(l.days, key)
	return r
}

// Look reads the lines of a key without removing them. The caller must not change them.
func (l *RatedLines) Look(key lake.FileKey) *RatedReader {
	r := &RatedReader{lines: l, key: key}
	if d := l.days[key]; d != nil {
		r.rest = d.groups
	}
	return r
}

// Next returns the next row group, valid until the next call; nil at the end. No column is constant.
func (r *RatedReader) Next() (*RatedBatch, error) {
	if r.given != nil {
		r.lines.release(r.given)
		r.given = nil
	}
	if len(r.rest) == 0 {
		return nil, nil
	}
	b := r.rest[0].batch
	if b == nil {
		var err error
		if b, err = r.lines.load(r.rest[0]); err != nil {
			return nil, fmt.Errorf("read the rated lines of %v: %w", r.key, err)
		}
	} else if r.takes {
		r.given = b
	}
	r.rest = r.rest[1:]
	b.Spread()
	return b, nil
}

// Each visits the lines that are left, as rows.EachRow does those of a file.
func (r *RatedReader) Each(visit func(c *RatedBatch, i int) error) error {
	for {
		c, err := r.Next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			if err := visit(c, i); err != nil {
				return err
			}
		}
	}
}

// Close implements io.Closer. It does nothing: Lines.Close deletes the temporary files.
func (r *RatedReader) Close() error { return nil }

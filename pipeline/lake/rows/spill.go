package rows

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ExportRows is Limits.Rows for exports of a complete table: about 60 MiB of lines.
const ExportRows = 1 << 17

// Limits bound the resources of a reader. The zero value means the defaults.
type Limits struct {
	Rows    int64  // decoded rows in memory; default 524,288: about 250 MiB of lines
	Files   int    // open files; default 512
	Workers int    // files opened concurrently, and parts merged concurrently if not all files fit; default 1
	Scratch string // folder for data that does not fit in memory; default the system's
}

func (l Limits) withDefaults() Limits {
	if l.Rows <= 0 {
		l.Rows = 8 << 16
	}
	if l.Files <= 0 {
		l.Files = 512
	}
	l.Workers = max(1, l.Workers)
	return l
}

// share returns the limits of one of several workers.
func (l Limits) share() Limits {
	l.Rows, l.Files = l.Rows/int64(l.Workers), l.Files/l.Workers
	return l
}

// input is one sorted file that is not open yet.
type input struct {
	name  string
	group int64 // rows that are decoded at once
	open  func() (*cursor, error)
}

// merger merges many sorted files into one order, in passes if its limits require it.
type merger struct {
	limits Limits
	def    *tables.Table
	order  *order
	cols   tables.List[tables.Any]
	folder *storage.ScratchFolder // of scratch files; nil = none yet
	passes int
}

// merge returns the rows of all inputs in order.
func (m *merger) merge(ctx context.Context, inputs []input) (*merged, error) {
	for !m.limits.fit(inputs) {
		next, err := m.pass(ctx, inputs)
		if err != nil {
			return nil, errors.Join(err, m.clear())
		}
		inputs = next
	}
	cursors, err := openAll(inputs, m.limits.Workers)
	if err != nil {
		return nil, errors.Join(err, m.clear())
	}
	return newRowsBy(m.limits.Workers, m.order, cursors, m.clear)
}

// fit reports whether all inputs may be open at once. Two always may.
func (l Limits) fit(inputs []input) bool {
	rows := int64(0)
	for _, in := range inputs {
		rows += in.group
	}
	return len(inputs) <= 2 || rows <= l.Rows && len(inputs) <= l.Files
}

// pass merges groups of neighbouring inputs, as large as the limits allow, each into one scratch file of small frames.
func (m *merger) pass(ctx context.Context, inputs []input) ([]input, error) {
	if m.folder == nil {
		var err error
		if m.folder, err = storage.NewScratch(m.limits.Scratch, "merge"); err != nil {
			return nil, err
		}
	}
	share := m.limits.share()
	var stretches [][]input
	for len(inputs) > 0 {
		n := 1
		for n < len(inputs) && share.fit(inputs[:n+1]) {
			n++
		}
		stretches, inputs = append(stretches, inputs[:n]), inputs[n:]
	}
	m.passes++
	rows := min(max(16, m.limits.Rows/int64(len(stretches)+1)), 1<<13)
	out := make([]input, len(stretches))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(m.limits.Workers)
	for i, s := range stretches {
		group.Go(func() (err error) {
			out[i], err = m.spill(ctx, s, filepath.Join(m.folder.Path, fmt.Sprintf("%02d-%06d.frames", m.passes, i)),
				rows)
			return err
		})
	}
	return out, group.Wait()
}

// spill merges inputs into a scratch file with frames of the given size.
func (m *merger) spill(ctx context.Context, inputs []input, name string, group int64) (in input, err error) {
	cursors, err := openAll(inputs, 1)
	if err != nil {
		return in, err
	}
	rows, err := newRows(m.order, cursors, nil)
	if err != nil {
		return in, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	f, err := os.Create(name)
	if err != nil {
		return in, fmt.Errorf("write scratch space: %w", err)
	}
	if err := m.copyRows(ctx, rows, f, group); err != nil {
		return in, errors.Join(fmt.Errorf("write scratch space: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return in, fmt.Errorf("write scratch space: %w", err)
	}
	return input{name: name, group: group, open: func() (*cursor, error) { return m.openFrames(name) }}, nil
}

func (m *merger) copyRows(ctx context.Context, rows *merged, f *os.File, group int64) error {
	buffer := bufio.NewWriterSize(f, scratchBuffer)
	w := parquet.NewFrameWriter(buffer)
	cols, want := parquet.NewColumns(tables.Untyped(m.def)), m.order.with(m.cols)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.fill(cols, int(group), want); err != nil {
			return err
		}
		if cols.N == 0 {
			return buffer.Flush()
		}
		fillConstant(cols, want)
		if err := w.Write(cols); err != nil {
			return err
		}
	}
}

// scratchBuffer is the buffer size for writing and reading a scratch file.
const scratchBuffer = 256 << 10

// fillConstant makes every column that is not wanted an empty constant; nil = all are wanted.
func fillConstant(dst *parquet.Columns[tables.Any], want tables.List[tables.Any]) {
	for _, col := range tables.Untyped(dst.Def).All() {
		if want == nil || slices.Contains(want, col) {
			continue
		}
		switch c := dst.Col(col); dst.Def.Columns[col].Type {
		case tables.Word:
			c.SetWord("")
		case tables.Text:
			c.SetText("")
		case tables.Small:
			c.SetSmall(0)
		case tables.Amount, tables.Quantity, tables.Cost:
			c.SetDec(0, 0)
		case tables.Time, tables.MaybeTime, tables.Whole:
			c.SetInt(0)
		}
	}
}

// scratchFile is a file of scratch space. It has a descriptor only while it is read: many concurrent readers would need
// more descriptors than a process may have.
type scratchFile struct {
	name string
	size int64
}

// Size is the file's length in bytes.
func (f scratchFile) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt.
func (f scratchFile) ReadAt(p []byte, off int64) (n int, err error) {
	file, err := os.Open(f.name)
	if err != nil {
		return 0, fmt.Errorf("read scratch space: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return file.ReadAt(p, off)
}

// Close does nothing: no descriptor is open.
func (f scratchFile) Close() error { return nil }

func openScratch(name string) (scratchFile, error) {
	info, err := os.Stat(name)
	if err != nil {
		return scratchFile{}, fmt.Errorf("read scratch space: %w", err)
	}
	return scratchFile{name, info.Size()}, nil
}

// opening returns how each of a number of files is read. Pieces are small enough to have all files open at once.
func (m *merger) opening(files int, where Filter[tables.Any]) (opening, error) {
	decoder, err := parquet.NewDecoder()
	piece := min(max(minPiece, m.limits.Rows/int64(max(1, files))), maxPiece)
	return opening{def: m.def, order: m.order, cols: m.cols, where: where, piece: piece, decoder: decoder}, err
}

// openScratchTable opens a scratch file of Parquet.
func openScratchTable(name string, o opening) (*cursor, error) {
	f, err := openScratch(name)
	if err != nil {
		return nil, err
	}
	return openCursor(name, f, o)
}

// openFrames opens a scratch file of frames.
func (m *merger) openFrames(name string) (*cursor, error) {
	f, err := openScratch(name)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(io.NewSectionReader(f, 0, f.size), scratchBuffer)
	return &cursor{name: name, file: f, order: m.order, groups: parquet.NewFrameReader(buffered, m.def)}, nil
}

// clear removes the scratch files.
func (m *merger) clear() error {
	if m.folder == nil {
		return nil
	}
	folder := m.folder
	m.folder = nil
	return folder.Close()
}

// openAll opens every input, or none if there is an error.
func openAll(inputs []input, workers int) ([]*cursor, error) {
	cursors := make([]*cursor, len(inputs))
	err := atOnce(workers, len(inputs), func(i int) error {
		c, err := inputs[i].open()
		if err == nil {
			cursors[i] = c
		}
		return err
	})
	if err == nil {
		return cursors, nil
	}
	for _, c := range cursors {
		if c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return nil, err
}

// atOnce calls do for 0 to n-1 in several workers. It returns the error of the smallest i that has one; calls after an
// error may be skipped.
func atOnce(workers, n int, do func(i int) error) error {
	if workers <= 1 {
		for i := range n {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range n {
		group.Go(func() error {
			errs[i] = do(i)
			return nil
		})
	}
	_ = group.Wait() // errs has them
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

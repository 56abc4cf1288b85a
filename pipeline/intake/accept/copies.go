package accept

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Runs that are stored in files can be in an object store, where a task that merges reads its bucket of each run. It
// copies what it needs to a temporary file first: with one request for what is together in a run, however often the
// rows are then read, and in whatever pieces (SORT-7).

const (
	// copyBytes is the largest request of a copy.
	copyBytes = 4 << 20
	// aheadBytes is the size up to which a copy takes along what follows in the bucket: its other days.
	aheadBytes = 1 << 20
)

// original is a segment of a stored run.
type original struct {
	run     *Run
	segment int
}

// copied is where the copy of a segment is.
type copied struct {
	file io.ReaderAt
	off  int64
}

// copyFile is a temporary file of copies.
type copyFile struct {
	storage.ReadFile
	name string
}

// fetch copies the segments of stored runs that can have rows of a range of a part, unless there are copies, and
// compares them with their checksums (SORT-5).
func (b *Buffers) fetch(runs []*Run, part RunPart, in Range) error {
	w := copier{buffers: b}
	for _, r := range runs {
		from, to := r.within(part, in)
		for i := from; i < to && r.stored; {
			if b.has(r, i) {
				i++
				continue
			}
			end := b.together(r, i, to)
			if err := w.copy(r, i, end); err != nil {
				return errors.Join(err, w.drop())
			}
			i = end
		}
	}
	return w.finish()
}

// together returns the end of the segments from one on that are copied with it: those before to, and small ones of the
// bucket that follow. They are next to each other in the file; Without leaves gaps.
func (b *Buffers) together(r *Run, from, to int) (end int) {
	first, last := &r.segments[from], &r.segments[from]
	for end = from + 1; end < len(r.segments) && !b.has(r, end); end++ {
		s := &r.segments[end]
		ahead := s.part>>DayBits == first.part>>DayBits && s.off+s.size-first.off <= aheadBytes
		if s.off != last.off+last.size || end >= to && !ahead {
			break
		}
		last = s
	}
	return end
}

func (b *Buffers) has(r *Run, i int) bool {
	_, has := b.copies[original{r, i}]
	return has
}

// Drop deletes all copies.
func (b *Buffers) Drop() error {
	var errs []error
	for _, f := range b.files {
		errs = append(errs, f.Close(), b.Temp.RemoveTemp(f.name))
	}
	b.files, b.copies = nil, nil
	return errors.Join(errs...)
}

// copier writes a file of copies.
type copier struct {
	buffers *Buffers
	out     storage.File // nil = nothing is copied
	list    []original   // in the order of the file
	buf     []byte
}

// copy copies the segments [from, to) of a run.
func (w *copier) copy(r *Run, from, to int) (err error) {
	if w.out == nil {
		if w.out, err = w.buffers.Temp.CreateTemp("merge"); err != nil {
			return err
		}
	}
	for i := from; i < to; i++ {
		w.list = append(w.list, original{r, i})
	}
	off, end := r.segments[from].off, r.segments[to-1].off+r.segments[to-1].size
	for off < end {
		n := int(min(end-off, copyBytes))
		w.buf = slices.Grow(w.buf[:0], n)[:n]
		if got, err := r.data.ReadAt(w.buf, off); got < n {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
		if _, err := w.out.Write(w.buf); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// drop deletes the file after an error.
func (w *copier) drop() error {
	if w.out == nil {
		return nil
	}
	return errors.Join(w.out.Close(), w.buffers.Temp.RemoveTemp(w.out.Name()))
}

// finish makes the copies known.
func (w *copier) finish() error {
	if w.out == nil {
		return nil
	}
	if err := w.out.Close(); err != nil {
		return err
	}
	b := w.buffers
	f, err := b.Temp.OpenTemp(w.out.Name())
	if err != nil {
		return err
	}
	b.files = append(b.files, copyFile{f, w.out.Name()})
	if b.copies == nil {
		b.copies = make(map[original]copied)
	}
	off := int64(0)
	for _, o := range w.list {
		s := &o.run.segments[o.segment]
		sum, err := Checksum(f, off, s.size)
		if err != nil {
			return err
		}
		if sum != s.sum {
			return errors.New("its rows are damaged: their checksum is not that of the file's end")
		}
		b.copies[o] = copied{f, off}
		off += s.size
	}
	return nil
}

// copyReader reads the rows of a run from copies.
type copyReader struct {
	run    *Run
	copies map[original]copied
}

// ReadAt implements io.ReaderAt for bytes of segments that have copies.
func (c *copyReader) ReadAt(b []byte, off int64) (n int, err error) {
	i, found := slices.BinarySearchFunc(c.run.segments, off,
		func(s segment, off int64) int { return cmp.Compare(s.off, off) })
	if !found {
		i--
	}
	for ; n < len(b) && err == nil; i++ {
		s, from := &c.run.segments[i], c.copies[original{c.run, i}]
		at := off + int64(n) - s.off
		var got int
		got, err = from.file.ReadAt(b[n:min(int64(len(b)), int64(n)+s.size-at)], from.off+at)
		n += got
	}
	return n, err
}

package feed

import (
	"context"
	"fmt"
	"sync"
)

// textBuffer is the read size of a text in bytes.
const textBuffer = 32 << 10

// textReader is the common part of the readers of the text formats.
type textReader struct {
	src    *TextFile
	packed string
	spec   *Spec
	opts   ReadOptions
	done   func() // closes the decompressor
	rows   *Builder
	pool   textPool
	next   int64 // number of the next row
	final  error // the error that ended the reading; further calls return it again
	closed bool
}

// ready returns an error if there are no further batches.
func (r *textReader) ready(ctx context.Context) error {
	if r.closed {
		return fmt.Errorf("read inbox/%s: the reader is closed", r.src.Name())
	}
	if r.final != nil {
		return r.final
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read inbox/%s: %w", r.src.Name(), err)
	}
	return nil
}

// batch returns the rows so far as a batch.
func (r *textReader) batch(raw *texts) *Batch {
	b := r.rows.Batch(r.next, raw)
	r.next += b.Rows.NumRows()
	return b
}

// Progress returns how much of the stored file has been read.
func (r *textReader) Progress() (read, total int64) { return r.src.BytesRead(), r.src.Size() }

// Close stops reading.
func (r *textReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.done()
	r.rows.Release()
	return r.src.Close()
}

// texts is the raw text of a batch's records: one buffer and the position of each record in it.
type texts struct {
	buffer []byte
	ends   []span
	pool   *textPool // nil if the buffer is shared
}

type span struct{ from, to int }

// AppendRaw is Raw: it appends the text of a record.
func (t *texts) AppendRaw(dst []byte, i int) []byte {
	at := t.ends[i]
	return append(dst, t.buffer[at.from:at.to]...)
}

// Release is Raw: it keeps the buffer for the next batch.
func (t *texts) Release() {
	if t.pool != nil {
		t.pool.put(t)
	}
}

// textPool keeps the buffers of released batches for later batches of the same reader.
type textPool struct {
	mu   sync.Mutex
	free []*texts
}

func (p *textPool) get() *texts {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		t := p.free[n-1]
		p.free = p.free[:n-1]
		return t
	}
	return &texts{pool: p}
}

// put returns a buffer to the pool. Two are enough if batches are released in order.
func (p *textPool) put(t *texts) {
	t.buffer, t.ends = t.buffer[:0], t.ends[:0]
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < 2 {
		p.free = append(p.free, t)
	}
}

func byteSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

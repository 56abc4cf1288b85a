package feed

import (
	"context"
)

// aheadReader calls Next of another reader in its own goroutine, one batch in advance.
type aheadReader struct {
	Reader
	batches chan parsed
	stop    context.CancelFunc // nil before the first batch
	last    error              // the error that ended the reading
	closed  bool
}

// parsed is what Next returned.
type parsed struct {
	batch *Batch
	err   error
}

// Next returns the next batch. The context of the first call applies to the complete reading.
func (r *aheadReader) Next(ctx context.Context) (*Batch, error) {
	if r.closed {
		return r.Reader.Next(ctx) // it reports that it is closed
	}
	if r.last != nil {
		return nil, r.last
	}
	if r.stop == nil {
		ctx, r.stop = context.WithCancel(ctx)
		r.batches = make(chan parsed, 1)
		go r.parse(ctx)
	}
	p := <-r.batches // parse ends with an error when the context does
	r.last = p.err
	return p.batch, p.err
}

// parse reads batches until the first error.
func (r *aheadReader) parse(ctx context.Context) {
	defer close(r.batches)
	for {
		b, err := r.Reader.Next(ctx)
		r.batches <- parsed{b, err}
		if err != nil {
			return
		}
	}
}

// Close stops reading. Batches that were returned stay valid; the others are released.
func (r *aheadReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.stop != nil {
		r.stop()
		for p := range r.batches {
			if p.batch != nil {
				p.batch.Release()
			}
		}
	}
	return r.Reader.Close()
}

package feed

import "io"

// ahead reads a stream in its own goroutine, a few blocks in advance, so that unpacking a file and parsing it use two
// cores.
type ahead struct {
	filled chan block
	empty  chan []byte
	stop   chan struct{}
	ended  chan struct{} // closed when the goroutine reads no more
	now    block
	rest   []byte // of now
}

// block is a part of the stream. Its error occurred after its bytes.
type block struct {
	bytes []byte
	err   error
}

const (
	blockSize   = 256 << 10
	aheadBlocks = 4
)

func newAhead(from io.Reader) *ahead {
	a := &ahead{filled: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks),
		stop: make(chan struct{}), ended: make(chan struct{})}
	for range aheadBlocks {
		a.empty <- make([]byte, blockSize)
	}
	go a.fill(from)
	return a
}

// fill reads until the stream or its reader ends. A block is full unless it is the last.
func (a *ahead) fill(from io.Reader) {
	defer close(a.ended)
	for {
		var buf []byte
		select {
		case buf = <-a.empty:
		case <-a.stop:
			return
		}
		b := block{bytes: buf[:0]}
		for b.err == nil && len(b.bytes) < len(buf) {
			var n int
			n, b.err = from.Read(buf[len(b.bytes):])
			b.bytes = buf[:len(b.bytes)+n]
		}
		a.filled <- b // does not block: there are no more blocks than its capacity
		if b.err != nil {
			return
		}
	}
}

// Read is io.Reader. The error of the stream is returned after all of its bytes, and again by every further call.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.bytes != nil {
			a.empty <- a.now.bytes[:blockSize] // does not block, as above
		}
		a.now = <-a.filled
		a.rest = a.now.bytes
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// close stops reading and waits until the stream is no longer used.
func (a *ahead) close() {
	close(a.stop)
	<-a.ended
}

package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// Texts with at least piecesFrom stored bytes are parsed in pieces of about pieceBytes.
const (
	piecesFrom = 256 << 10
	pieceBytes = 2 << 20
	maxParsers = 4
)

// sequential is a reader of a text format that can pass its text to a pieceReader and continue with the rest of it.
type sequential interface {
	Reader
	// rest returns the unread text. line is the number of lines before it.
	rest() (text io.Reader, line int)
	// resume continues with a text that begins with record number row, after the given number of lines.
	resume(text io.Reader, row int64, line int)
	// cut returns the length of the beginning of a text that seems to consist of complete records, 0 if there is none.
	// The text begins with a record.
	cut(text []byte) int
	// parser returns a parser of pieces for another goroutine.
	parser() pieceParser
}

// pieceParser parses pieces of a text.
type pieceParser interface {
	// parse returns the batches of a piece, without row numbers. A piece is sound if it ends with a record and nothing
	// in it makes the complete file fail. It returns no batches if the piece is not sound.
	parse(text []byte) (batches []*Batch, sound bool)
	release()
}

// pieceReader parses a text in several goroutines. One goroutine cuts the text at line ends, guessing which of them end
// a record; parsers parse a piece each; Next returns their batches in order. If a piece is not sound, because of a
// wrong guess or an error of the file, the sequential reader reads the rest from the beginning of that piece and
// determines rows and errors.
type pieceReader struct {
	sequential
	name    string // of the file below inbox/
	from    io.Reader
	size    int // of a piece
	parsers int

	order   chan *piece // in the order of the text
	work    chan *piece
	stop    chan struct{}
	running sync.WaitGroup
	tail    []byte // text that was read but is not yet in a piece
	failed  error  // the error that ended the text

	started, handed, closed bool
	now                     []*Batch // of the piece that is being returned
	waiting                 *piece
	row                     int64 // of the next batch
	line                    int   // lines before the next piece
}

// piece is a part of the text.
type piece struct {
	text    []byte
	batches []*Batch
	sound   bool
	done    chan struct{} // closed once it is parsed or skipped
}

func newPieceReader(r sequential, name string, row int64, opts *ReadOptions) *pieceReader {
	p := &pieceReader{sequential: r, name: name, size: min(pieceBytes, opts.BatchBytes), row: row,
		parsers: max(2, min(maxParsers, runtime.GOMAXPROCS(0)))}
	if opts.PieceBytes > 0 {
		p.size = opts.PieceBytes
	}
	p.from, p.line = r.rest()
	return p
}

// start starts the goroutines.
func (p *pieceReader) start() {
	p.started = true
	p.order, p.work = make(chan *piece, p.parsers+1), make(chan *piece, p.parsers+1)
	p.stop = make(chan struct{})
	p.running.Go(p.split)
	for range p.parsers {
		p.running.Go(p.parseAll)
	}
}

// split cuts the text into pieces until it ends or the reading stops.
func (p *pieceReader) split() {
	defer close(p.work)
	defer close(p.order)
	for p.failed == nil {
		p.fill()
		at := len(p.tail)
		if p.failed == nil {
			if at = p.cut(p.tail); at == 0 {
				return // the sequential reader reads the rest
			}
		} else if !errors.Is(p.failed, io.EOF) || at == 0 {
			return
		}
		next := &piece{text: p.tail[:at:at], done: make(chan struct{})}
		select {
		case p.order <- next:
			p.tail = p.tail[at:]
		case <-p.stop:
			return
		}
		p.work <- next // does not block: it has the capacity of order
	}
}

// fill reads the text for the next piece into new memory; earlier pieces keep theirs.
func (p *pieceReader) fill() {
	text := make([]byte, max(p.size, 2*len(p.tail)))
	n := copy(text, p.tail)
	for n < len(text) && p.failed == nil {
		var read int
		read, p.failed = p.from.Read(text[n:])
		n += read
	}
	p.tail = text[:n]
}

// parseAll parses pieces until there are no more.
func (p *pieceReader) parseAll() {
	parser := p.parser()
	defer parser.release()
	for next := range p.work {
		select {
		case <-p.stop:
		default:
			next.batches, next.sound = parser.parse(next.text)
		}
		close(next.done)
	}
}

// Next gives the next batch.
func (p *pieceReader) Next(ctx context.Context) (*Batch, error) {
	if !p.started && !p.closed {
		p.start()
	}
	for !p.handed && !p.closed {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read inbox/%s: %w", p.name, err)
		}
		if len(p.now) > 0 {
			b := p.now[0]
			p.now = p.now[1:]
			b.First = p.row
			p.row += int64(b.Len())
			return b, nil
		}
		p.advance(ctx)
	}
	return p.sequential.Next(ctx)
}

// advance makes the next piece current, or passes the rest to the sequential reader.
func (p *pieceReader) advance(ctx context.Context) {
	if p.waiting == nil {
		select {
		case p.waiting = <-p.order: // nil at the end
		case <-ctx.Done():
			return
		}
	}
	if p.waiting != nil {
		select {
		case <-p.waiting.done:
		case <-ctx.Done():
			return
		}
	}
	next := p.waiting
	p.waiting = nil
	if next != nil && next.sound {
		p.now = next.batches
		p.line += bytes.Count(next.text, []byte{'\n'})
		return
	}
	var texts []io.Reader
	if next != nil {
		texts = append(texts, bytes.NewReader(next.text))
	}
	for _, later := range p.halt() {
		texts = append(texts, bytes.NewReader(later.text))
	}
	texts = append(texts, bytes.NewReader(p.tail))
	if p.failed != nil {
		texts = append(texts, ended{p.failed})
	} else {
		texts = append(texts, p.from)
	}
	p.handed = true
	p.resume(io.MultiReader(texts...), p.row, p.line)
}

// halt ends the goroutines and returns the remaining pieces, without batches.
func (p *pieceReader) halt() []*piece {
	close(p.stop)
	p.running.Wait()
	var left []*piece
	for later := range p.order {
		releaseAll(later.batches)
		left = append(left, later)
	}
	return left
}

// Close stops reading.
func (p *pieceReader) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if p.started && !p.handed {
		p.halt()
		releaseAll(p.now)
		if p.waiting != nil {
			releaseAll(p.waiting.batches)
		}
	}
	return p.sequential.Close()
}

func releaseAll(batches []*Batch) {
	for _, b := range batches {
		b.Release()
	}
}

// ended is an empty stream that ends with an error.
type ended struct{ err error }

// Read is io.Reader.
func (e ended) Read([]byte) (int, error) { return 0, e.err }

// pieceRows builds the batches of one piece; they share its text.
type pieceRows struct {
	*Builder
	text *texts
	most int // rows of a batch
	list []*Batch
}

// begin starts a piece.
func (r *pieceRows) begin(text []byte) { r.text, r.list = &texts{buffer: text}, nil }

// end stores the position of the record that was added last.
func (r *pieceRows) end(at span) {
	r.text.ends = append(r.text.ends, at)
	if r.Rows == r.most {
		r.flush()
	}
}

// flush makes a batch of the rows so far. It starts new dictionaries, because another parser has the piece before.
func (r *pieceRows) flush() {
	if r.Rows == 0 {
		return
	}
	r.list = append(r.list, r.Batch(0, r.text))
	r.text = &texts{buffer: r.text.buffer}
	r.NewWords()
}

// finish returns the batches of the piece; none if it is not sound.
func (r *pieceRows) finish(sound bool) ([]*Batch, bool) {
	r.flush()
	if !sound {
		releaseAll(r.list)
		return nil, false
	}
	return r.list, true
}

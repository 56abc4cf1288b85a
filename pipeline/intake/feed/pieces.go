package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
)

// A text of at least piecesFrom bytes as it is stored is parsed in pieces. Each piece is about pieceBytes long.
const (
	piecesFrom = 256 << 10
	pieceBytes = 2 << 20
	maxParsers = 4
)

// sequential is a reader of a text format that can hand its text over to a pieceReader and take the rest of it back.
type sequential interface {
	feedrows.Reader
	// rest is the text that was not read yet. line counts the lines before it.
	rest() (text io.Reader, line int)
	// resume continues with a text that begins with a record, whose row number is given, after so many lines.
	resume(text io.Reader, row int64, line int)
	// cut is the length of the beginning of a text that seems to be whole records, 0 if there is none. The text begins
	// with a record.
	cut(text []byte) int
	// parser parses pieces in a goroutine of its own.
	parser() pieceParser
}

// pieceParser parses pieces of a text.
type pieceParser interface {
	// parse gives the batches of a piece, without row numbers. A piece is sound if every record ends in it, and nothing
	// in it makes the whole file fail; one that is not has no batches.
	parse(text []byte) (batches []*feedrows.Batch, sound bool)
	release()
}

// pieceReader parses a text in several goroutines. One goroutine cuts the text at ends of lines, guessing which of them
// end a record, parsers parse a piece each, and Next returns their batches in order. At the first piece that is not
// sound, by a wrong guess or by an error of the file, the sequential reader takes the rest from the beginning of that
// piece: rows and errors are its own.
type pieceReader struct {
	sequential
	name    string // of the file below inbox/
	from    io.Reader
	size    int // of a piece
	parsers int

	order   chan *piece // as they are in the text
	work    chan *piece
	stop    chan struct{}
	running sync.WaitGroup
	tail    []byte // of the text, read and in no piece
	failed  error  // how the text ended

	started, handed, closed bool
	now                     []*feedrows.Batch // of the piece that is being returned
	waiting                 *piece
	row                     int64 // of the next batch
	line                    int   // lines before the next piece
}

// piece is a part of the text.
type piece struct {
	text    []byte
	batches []*feedrows.Batch
	sound   bool
	done    chan struct{} // closed once it is parsed, or will never be
}

func newPieceReader(r sequential, name string, row int64, opts *feedrows.Options) *pieceReader {
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
				return // the rest is not cut
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
		p.work <- next // has room: it takes as many as order
	}
}

// fill reads what a piece needs. The memory of the pieces before is theirs.
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
func (p *pieceReader) Next(ctx context.Context) (*feedrows.Batch, error) {
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

// advance makes the next piece the present one, or hands the rest over to the sequential reader.
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

// halt ends the goroutines and gives the pieces that were not returned, without batches.
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

// Close ends the reading.
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

func releaseAll(batches []*feedrows.Batch) {
	for _, b := range batches {
		b.Release()
	}
}

// ended is a stream at whose end an error is.
type ended struct{ err error }

// Read is io.Reader.
func (e ended) Read([]byte) (int, error) { return 0, e.err }

// pieceRows builds the batches of one piece, whose text is theirs.
type pieceRows struct {
	*feedrows.Builder
	text *texts
	most int // rows of a batch
	list []*feedrows.Batch
}

// begin starts a piece.
func (r *pieceRows) begin(text []byte) { r.text, r.list = &texts{buffer: text}, nil }

// end notes where the record is that was added last.
func (r *pieceRows) end(at span) {
	r.text.ends = append(r.text.ends, at)
	if r.Rows == r.most {
		r.flush()
	}
}

// flush makes a batch of the rows so far. Its dictionaries are its own: another parser has the piece before.
func (r *pieceRows) flush() {
	if r.Rows == 0 {
		return
	}
	r.list = append(r.list, r.Batch(0, r.text))
	r.text = &texts{buffer: r.text.buffer}
	r.NewWords()
}

// finish gives the batches of the piece, none if it is not sound.
func (r *pieceRows) finish(sound bool) ([]*feedrows.Batch, bool) {
	r.flush()
	if !sound {
		releaseAll(r.list)
		return nil, false
	}
	return r.list, true
}

package feed

import (
	"bufio"
	"bytes"
	"io"
)

func (r *ndjsonReader) rest() (io.Reader, int) { return r.text, r.line }

func (r *ndjsonReader) resume(text io.Reader, row int64, line int) {
	r.text, r.next, r.line = bufio.NewReaderSize(text, textBuffer), row, line
}

func (r *ndjsonReader) cut(text []byte) int { return bytes.LastIndexByte(text, '\n') + 1 }

// ndjsonPieces parses pieces of an NDJSON file.
type ndjsonPieces struct {
	*ndjsonReader
	out pieceRows
}

func (r *ndjsonReader) parser() pieceParser {
	p := &ndjsonPieces{ndjsonReader: newNDJSON(r.src, r.packed, r.spec, r.opts)}
	p.out = pieceRows{Builder: p.rows, most: r.opts.BatchRows}
	return p
}

func (p *ndjsonPieces) release() { p.rows.Release() }

func (p *ndjsonPieces) parse(text []byte) ([]*Batch, bool) {
	p.out.begin(text)
	for from := 0; from < len(text); {
		to := len(text)
		if n := bytes.IndexByte(text[from:], '\n'); n >= 0 {
			to = from + n + 1
		}
		line := chomp(text[from:to])
		if len(line) > p.opts.MaxRecord {
			return p.out.finish(false)
		}
		if len(line) > 0 {
			if p.addObject(line) != nil {
				return p.out.finish(false)
			}
			p.out.end(span{from, from + len(line)})
		}
		from = to
	}
	return p.out.finish(true)
}

package feed

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
)

func (r *csvReader) rest() (io.Reader, int) {
	read := bytes.NewReader(bytes.Clone(r.tee.kept.buffer))
	if r.tee.err != nil {
		return io.MultiReader(read, ended{r.tee.err}), r.line - 1
	}
	return io.MultiReader(read, r.tee.from), r.line - 1
}

func (r *csvReader) resume(text io.Reader, row int64, line int) {
	r.read(text)
	r.next, r.line = row, line+1
}

// cut cuts at the last line end outside of quotes, which it finds by counting quotes. If quotes are wrong, counting can
// fail; then it cuts at the last line end. A blank line belongs to the record after it.
func (r *csvReader) cut(text []byte) int {
	quotes := bytes.Count(text, []byte{'"'})
	last := 0
	for end := len(text); ; {
		at := bytes.LastIndexByte(text[:end], '\n')
		if at < 0 {
			return last
		}
		quotes -= bytes.Count(text[at:end], []byte{'"'})
		if line := chomp(text[:at+1]); len(line) > 0 && line[len(line)-1] != '\n' {
			if quotes%2 == 0 {
				return at + 1
			}
			last = max(last, at+1)
		}
		end = at
	}
}

// csvPieces parses pieces of a CSV file.
type csvPieces struct {
	csvReader // of the header alone
	out       pieceRows
}

func (r *csvReader) parser() pieceParser {
	p := &csvPieces{csvReader: csvReader{textReader: textReader{src: r.src, packed: r.packed, spec: r.spec,
		opts: r.opts}, names: r.names, fields: r.fields, values: make([][]byte, len(r.spec.Columns))}}
	p.rows = r.rows.Another(r.opts.BatchRows, r.opts.Memory)
	p.out = pieceRows{Builder: p.rows, most: r.opts.BatchRows}
	return p
}

func (p *csvPieces) release() { p.rows.Release() }

func (p *csvPieces) parse(text []byte) ([]*Batch, bool) {
	p.csv = NewCSV(bytes.NewReader(text), p.opts.MaxRecord+len("\r\n"))
	p.csv.ReuseRecord, p.csv.FieldsPerRecord = true, len(p.fields)
	p.out.begin(text)
	for {
		start := int(p.csv.InputOffset())
		record, err := p.csv.Read()
		if err == io.EOF {
			return p.out.finish(true)
		}
		end := int(p.csv.InputOffset())
		if end-start > p.opts.MaxRecord || !p.own(err, text[start:end], end == len(text)) {
			return p.out.finish(false)
		}
		at := span{start + blankLines(text[start:end]), start + len(chomp(text[start:end]))}
		if err != nil {
			p.addFaulty(err, len(record))
		} else {
			p.addRecord(record, text[at.from:at.to])
		}
		p.out.end(at)
	}
}

// own reports whether an error concerns only the record, and not the file or a wrong cut. last means that the piece
// ends with the record.
func (p *csvPieces) own(err error, text []byte, last bool) bool {
	var parse *csv.ParseError
	switch {
	case err == nil:
		return true
	case !errors.As(err, &parse):
		return false
	case errors.Is(err, csv.ErrQuote):
		return !last && p.quoteAcrossLines(text) == nil
	}
	return true
}

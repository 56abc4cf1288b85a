package load

import "strings"

// Mark is a place in a file that the context names: line and column are counted from 1, the column in bytes.
type Mark struct{ Line, Column int32 }

// cell is one cell of a record with the place of its first character, a quote included.
type cell struct {
	Text string
	Mark
}

// csvReader reads RFC 4180 records from a text in memory. Lines end in LF or CRLF; empty lines are no records.
//
// encoding/csv is not used, because problems must name the place of every cell and the line on which a quote was
// opened, and because one wrong quote must not hide the problems before it.
type csvReader struct {
	text string
	at   int // next byte
	line int32
	head int // offset of the current line's first byte
}

// csvError reports text that is not CSV. If it is fatal, nothing after it can be read.
type csvError struct {
	Mark
	what  string
	fatal bool
}

// next reads a record into cells, which it may reuse. ok is false at the end of the text. With an error that is not
// fatal the record is lost and the next one can be read.
func (r *csvReader) next(cells []cell) (record []cell, ok bool, err *csvError) {
	record = cells[:0]
	for r.skipLineEnd() {
	}
	if r.at >= len(r.text) {
		return record, false, nil
	}
	for {
		c, err := r.cell()
		if err != nil {
			return record, true, err
		}
		record = append(record, c)
		if r.at >= len(r.text) || r.skipLineEnd() {
			return record, true, nil
		}
		r.at++ // the comma
		if r.at >= len(r.text) {
			return append(record, cell{Mark: r.here()}), true, nil
		}
	}
}

func (r *csvReader) here() Mark { return Mark{r.line, int32(r.at - r.head + 1)} }

// skipLineEnd skips one LF or CRLF and reports whether there was one.
func (r *csvReader) skipLineEnd() bool {
	switch {
	case strings.HasPrefix(r.text[r.at:], "\n"):
		r.at++
	case strings.HasPrefix(r.text[r.at:], "\r\n"):
		r.at += 2
	default:
		return false
	}
	r.line++
	r.head = r.at
	return true
}

// cell reads one cell and stops at the comma, at the end of the line or at the end of the text.
func (r *csvReader) cell() (cell, *csvError) {
	c := cell{Mark: r.here()}
	if r.at < len(r.text) && r.text[r.at] == '"' {
		return r.quoted()
	}
	rest := r.text[r.at:]
	end := strings.IndexAny(rest, ",\n")
	if end < 0 {
		end = len(rest)
	}
	c.Text = rest[:end]
	if end < len(rest) && rest[end] == '\n' {
		c.Text = strings.TrimSuffix(c.Text, "\r")
	}
	if i := strings.IndexByte(c.Text, '"'); i >= 0 {
		r.at += i
		at := r.here()
		r.skipLine()
		return c, &csvError{Mark: at, what: "a quote in a cell that is not quoted"}
	}
	r.at += len(c.Text)
	return c, nil
}

// skipLine advances to the start of the next line.
func (r *csvReader) skipLine() {
	end := strings.IndexByte(r.text[r.at:], '\n')
	if end < 0 {
		r.at = len(r.text)
		return
	}
	r.at += end
	r.skipLineEnd()
}

// quoted reads a cell that begins with a quote; "" within it is one quote.
func (r *csvReader) quoted() (cell, *csvError) {
	c := cell{Mark: r.here()}
	r.at++
	var b strings.Builder
	start := r.at
	for {
		i := strings.IndexAny(r.text[r.at:], "\"\n")
		if i < 0 {
			return c, &csvError{Mark: c.Mark, what: "the quote opened here is never closed", fatal: true}
		}
		r.at += i + 1
		if r.text[r.at-1] == '\n' {
			r.line++
			r.head = r.at
			continue
		}
		if strings.HasPrefix(r.text[r.at:], `"`) {
			b.WriteString(r.text[start:r.at])
			r.at++
			start = r.at
			continue
		}
		break
	}
	c.Text = r.text[start : r.at-1]
	if b.Len() > 0 {
		b.WriteString(c.Text)
		c.Text = b.String()
	}
	rest := r.text[r.at:]
	if rest == "" || rest[0] == ',' || rest[0] == '\n' || strings.HasPrefix(rest, "\r\n") {
		return c, nil
	}
	return c, &csvError{Mark: r.here(), what: "text after the closing quote", fatal: true}
}

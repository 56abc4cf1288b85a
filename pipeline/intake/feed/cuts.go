package feed

import (
	"bytes"
	"io"
	"io/fs"
)

// DefaultBytes is the largest size of a range in bytes. A range with a longer record exceeds it.
const DefaultBytes = 256 << 20

// Range is a part of a text file that one task reads. Its JSON is part of the plans and tasks of shared runs.
type Range struct {
	From int64 `json:"from"` // offset in the file; 0 = with the header and the byte order mark
	To   int64 `json:"to"`   // offset in the file after its last byte
	Row  int64 `json:"row"`  // number of its first record
	Line int   `json:"line"` // line ends before it
}

// Cutter finds the ranges of a file that is written to it. New makes one; a nil Cutter finds none.
type Cutter struct {
	name     string
	quotes   bool  // a quoted field can contain line ends
	header   int64 // records that are not rows
	size     int64 // of the file
	each     int64 // distance in bytes between the offsets after which the file is cut
	cut      int64 // next offset after which the file is cut
	ranges   []Range
	open     Range  // the unfinished range
	mark     []byte // the first bytes of the file: a byte order mark or not
	state    state
	at       int64 // offset of the next byte to be written
	begin    int64 // offset of the current record
	last     byte  // the byte before at
	records  int64 // complete records so far
	newlines int
}

// state is the position of a Cutter within a record.
type state byte

const (
	outside   state = iota // of quotes
	quoted                 // in a quoted field
	closed                 // after a quote in a quoted field: its end, or the first half of a quote written twice
	closedCR               // after the closing quote and \r
	skipped                // after a wrong quote: encoding/csv skips the rest of the line
	byteOrder = "\ufeff"
)

// NewCutter returns the Cutter that divides a file of the given size into ranges of about each bytes (0 =
// DefaultBytes), or nil if the file is not divided (CUT-2).
func NewCutter(name string, size, each int64) *Cutter {
	f, _ := FormatOf(name)
	if each <= 0 {
		each = DefaultBytes
	}
	if f.Packed != "" || f.Kind != "csv" && f.Kind != "ndjson" || size <= each {
		return nil
	}
	n := (size + each - 1) / each
	c := &Cutter{name: name, size: size, each: (size + n - 1) / n, open: Range{Row: 1}}
	c.cut = c.each
	if f.Kind == "csv" {
		c.quotes, c.header = true, 1
	}
	return c
}

// Ranges returns the ranges of the file after it was written; none if there is only one, or if the written size differs
// from the given one. If nothing was written, because the file's hash was known, Ranges reads the file itself. If that
// fails, the file has no ranges, and the later reader of its rows reports the error.
func (c *Cutter) Ranges(fsys fs.FS) []Range {
	if c == nil {
		return nil
	}
	if len(c.mark) == 0 {
		f, err := fsys.Open(c.name)
		if err != nil {
			return nil
		}
		defer f.Close()
		if _, err := io.Copy(c, f); err != nil {
			return nil
		}
	}
	if len(c.ranges) == 0 || c.at != c.size {
		return nil
	}
	c.open.To = c.size
	return append(c.ranges[:len(c.ranges):len(c.ranges)], c.open)
}

// Write implements io.Writer.
func (c *Cutter) Write(p []byte) (int, error) {
	n := len(p)
	if c == nil {
		return n, nil
	}
	if need := min(len(byteOrder)-len(c.mark), len(p)); need > 0 {
		c.mark, p = append(c.mark, p[:need]...), p[need:]
		if len(c.mark) < len(byteOrder) {
			return n, nil
		}
		if string(c.mark) == byteOrder {
			c.at, c.begin = int64(len(c.mark)), int64(len(c.mark))
		} else {
			c.scan(c.mark)
		}
	}
	c.scan(p)
	return n, nil
}

// scan follows the records through a block of the file.
func (c *Cutter) scan(p []byte) {
	quote, end := -1, -1 // places of the next quote and of the next line end, if they are not before i
	for i := 0; i < len(p); {
		if end < i {
			end = index(p, i, '\n')
		}
		if c.quotes && quote < i {
			quote = index(p, i, '"')
		}
		switch c.state {
		case outside:
			if c.quotes && quote < end {
				c.state = skipped
				mark := c.records <= c.header && c.before(p, quote) == byteOrder[len(byteOrder)-1] // readers remove it
				if c.at+int64(quote) == c.begin || c.before(p, quote) == ',' || mark {
					c.state = quoted
				}
				i = quote + 1
				continue
			}
			i = end
			if end < len(p) {
				blank := c.at + int64(end) - c.begin
				i = c.end(end, blank == 0 || blank == 1 && c.before(p, end) == '\r')
			}
		case quoted:
			if end < quote {
				c.newlines += bytes.Count(p[i:quote], []byte{'\n'})
			}
			i = quote
			if i+2 < len(p) && p[i+1] == ',' && p[i+2] == '"' { // the next field is quoted too
				i += 3
			} else if i < len(p) {
				c.state = closed
				i++
			}
		case skipped:
			if i = end; i < len(p) {
				i = c.end(i, false)
			}
		default:
			i = c.afterQuote(p, i)
		}
	}
	c.at += int64(len(p))
	if len(p) > 0 {
		c.last = p[len(p)-1]
	}
}

// afterQuote handles the byte after the closing quote of a field, or after the \r that follows the quote.
func (c *Cutter) afterQuote(p []byte, i int) int {
	switch b := p[i]; {
	case b == '\n':
		return c.end(i, false)
	case c.state == closedCR:
		c.state = skipped
		return i
	case b == '"':
		c.state = quoted
	case b == ',':
		c.state = outside
	case b == '\r':
		c.state = closedCR
	default:
		c.state = skipped
		return i
	}
	return i + 1
}

// end ends the record or blank line whose line ends at i, and returns where the next one begins. The file can be cut
// after a record.
func (c *Cutter) end(i int, blank bool) int {
	c.state = outside
	c.newlines++
	c.begin = c.at + int64(i) + 1
	if blank {
		return i + 1
	}
	c.records++
	if c.begin >= c.cut && c.begin < c.size && c.records > c.header {
		c.open.To = c.begin
		c.ranges = append(c.ranges, c.open)
		c.open = Range{From: c.begin, Row: c.records - c.header + 1, Line: c.newlines}
		c.cut = (c.begin/c.each + 1) * c.each
	}
	return i + 1
}

// before is the byte before p[i].
func (c *Cutter) before(p []byte, i int) byte {
	if i == 0 {
		return c.last
	}
	return p[i-1]
}

// index returns the first index of b in p at or after from; len(p) = not found.
func index(p []byte, from int, b byte) int {
	if n := bytes.IndexByte(p[from:], b); n >= 0 {
		return from + n
	}
	return len(p)
}

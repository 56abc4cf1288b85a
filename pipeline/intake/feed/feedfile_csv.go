package feed

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// MaxRecord is the size of the largest record in bytes (§3.21): a line, a row, an object, or a text value of Parquet.
const MaxRecord = 1 << 20

// ParquetHint says what to do about a Parquet file that is broken.
const ParquetHint = "the file is incomplete, or its writer breaks the format: send it again, written in version 1 " +
	"of the format (DuckDB: parquet_version v1)"

// ErrTooLong is the reason why a file with a record above MaxRecord cannot be read.
var ErrTooLong = errors.New("longer than 1 MiB")

// CSV reads the records of a text, and at most a block more than a record may have: a quote that is never closed would
// make everything after it one record.
type CSV struct {
	*csv.Reader
	text *limited
	line int // of the last record
}

// NewCSV returns a reader of records of at most most bytes, line ends and blank lines before them included.
func NewCSV(text io.Reader, most int) *CSV {
	in := &limited{from: text, most: int64(most)}
	return &CSV{Reader: csv.NewReader(bufio.NewReaderSize(in, 32<<10)), text: in}
}

// Read returns the next record. Its error wraps ErrTooLong if that is too long; no further one can be read then.
func (c *CSV) Read() ([]string, error) {
	c.text.start = c.InputOffset()
	record, err := c.Reader.Read()
	if errors.Is(err, ErrTooLong) || c.InputOffset()-c.text.start > c.text.most {
		return nil, fmt.Errorf("the record after line %d is %w; a quote may not be closed", c.line, ErrTooLong)
	}
	if err == nil {
		c.line, _ = c.FieldPos(len(record) - 1)
	}
	return record, err
}

// limited ends a text in which a record is too long.
type limited struct {
	from              io.Reader
	read, start, most int64 // start is the offset at which the current record begins
}

// Read is io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.read-l.start > l.most {
		return 0, ErrTooLong
	}
	n, err := l.from.Read(p)
	l.read += int64(n)
	return n, err
}

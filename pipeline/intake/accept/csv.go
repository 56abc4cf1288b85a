package accept

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// csvRecords are the rows of a CSV file.
type csvRecords struct {
	text   *feed.OpenedText
	csv    *feed.CSV
	header []string
	cells  []string // of the last row
}

func openCSV(fsys fs.FS, name string) (records, error) {
	text, err := feed.OpenText(fsys, name)
	if err != nil {
		return nil, err
	}
	c := &csvRecords{text: text, csv: feed.NewCSV(text, feed.MaxRecord)}
	c.csv.FieldsPerRecord, c.csv.ReuseRecord = -1, true
	first, err := c.read()
	if err != nil {
		return nil, errors.Join(text.Blame(err), text.Close())
	}
	c.header = slices.Clone(first)
	return c, nil
}

// read reads a record, all of whose texts are UTF-8 (TEXT-3).
func (c *csvRecords) read() ([]string, error) {
	cells, err := c.csv.Read()
	for i, text := range cells {
		if err == nil && !utf8.ValidString(text) {
			line, column := c.csv.FieldPos(i)
			err = fmt.Errorf("line %d, column %d: %q is not UTF-8", line, column, text)
		}
	}
	return cells, err
}

func (c *csvRecords) names() []string { return c.header }

func (c *csvRecords) float(int) bool { return false }

func (c *csvRecords) next(context.Context, *books.CostRow) (fields int, err error) {
	c.cells, err = c.read()
	if err != nil && !isEnd(err) {
		err = c.text.Blame(err)
	}
	return len(c.cells), err
}

func (c *csvRecords) fill(row *books.CostRow) (nulls int64) {
	for i, text := range c.cells {
		if text == nullWord {
			text = ""
			nulls++
		}
		row.Cells[i] = text
	}
	return nulls
}

func (c *csvRecords) raw() []string { return c.cells }

func (c *csvRecords) null(int) bool { return true }

func (c *csvRecords) late() func(int) string { return nil }

func (c *csvRecords) cost(int) (v money.Cost, ok bool) { return v, false }

func (c *csvRecords) instant(int) (t period.Instant, local, ok bool) { return t, false, false }

func (c *csvRecords) close() error { return c.text.Close() }

// rawOf formats a row as a line of CSV.
func rawOf(cells []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(cells) // a strings.Builder does not fail
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

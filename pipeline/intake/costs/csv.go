package costs

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
)

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// csvRecords are the rows of a CSV file.
type csvRecords struct {
	text   *feedfile.OpenedText
	csv    *csv.Reader
	header []string
}

func openCSV(fsys fs.FS, name string) (records, error) {
	text, err := feedfile.OpenText(fsys, name)
	if err != nil {
		return nil, err
	}
	c := &csvRecords{text: text, csv: csv.NewReader(text)}
	c.csv.FieldsPerRecord, c.csv.ReuseRecord = -1, true
	first, err := c.csv.Read()
	if err != nil {
		return nil, errors.Join(text.Blame(err), text.Close())
	}
	c.header = slices.Clone(first)
	return c, nil
}

func (c *csvRecords) names() []string { return c.header }

func (c *csvRecords) float(int) bool { return false }

func (c *csvRecords) next() ([]string, error) {
	cells, err := c.csv.Read()
	if err != nil && !isEnd(err) {
		return nil, c.text.Blame(err)
	}
	return cells, err
}

func (c *csvRecords) close() error { return c.text.Close() }

// rawOf is a row as a line of CSV.
func rawOf(cells []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(cells) // a strings.Builder does not fail
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

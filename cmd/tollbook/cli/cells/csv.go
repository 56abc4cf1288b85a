package cells

import (
	"encoding/csv"
	"io"

	"github.com/tollbook/tollbook/pipeline/out/spreadsheet"
)

// CSV writes a small table as CSV, either with unchanged values for programs or for a spreadsheet program (package
// spreadsheet).
type CSV struct {
	out   *csv.Writer
	excel bool
}

// NewCSV returns a CSV whose header row is already written.
func NewCSV(w io.Writer, excel bool, header []string) (*CSV, error) {
	if excel {
		if _, err := io.WriteString(w, spreadsheet.BOM); err != nil {
			return nil, err
		}
	}
	c := &CSV{out: csv.NewWriter(w), excel: excel}
	return c, c.out.Write(header)
}

// Add writes a row: the first columns are texts, the others numbers.
func (c *CSV) Add(texts, numbers []string) error {
	row := make([]string, 0, len(texts)+len(numbers))
	for _, text := range texts {
		if c.excel {
			text = spreadsheet.Text(text)
		}
		row = append(row, text)
	}
	for _, number := range numbers {
		if c.excel {
			number = spreadsheet.Number(number)
		}
		row = append(row, number)
	}
	return c.out.Write(row)
}

// End writes the buffered rows and returns the first error of all writes.
func (c *CSV) End() error {
	c.out.Flush()
	return c.out.Error()
}

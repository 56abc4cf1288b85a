package cli

import (
	"encoding/csv"
	"io"

	"github.com/tollbook/tollbook/pipeline/out/document"
)

// CellsCSV writes a small table as CellsCSV, either with unchanged values for programs or for a spreadsheet program
// (package document).
type CellsCSV struct {
	out   *csv.Writer
	excel bool
}

// NewCellsCSV returns a CellsCSV whose header row is already written.
func NewCellsCSV(w io.Writer, excel bool, header []string) (*CellsCSV, error) {
	if excel {
		if _, err := io.WriteString(w, document.BOM); err != nil {
			return nil, err
		}
	}
	c := &CellsCSV{out: csv.NewWriter(w), excel: excel}
	return c, c.out.Write(header)
}

// Add writes a row: the first columns are texts, the others numbers.
func (c *CellsCSV) Add(texts, numbers []string) error {
	row := make([]string, 0, len(texts)+len(numbers))
	for _, text := range texts {
		if c.excel {
			text = document.SheetText(text)
		}
		row = append(row, text)
	}
	for _, number := range numbers {
		if c.excel {
			number = document.SheetNumber(number)
		}
		row = append(row, number)
	}
	return c.out.Write(row)
}

// End writes the buffered rows and returns the first error of all writes.
func (c *CellsCSV) End() error {
	c.out.Flush()
	return c.out.Error()
}

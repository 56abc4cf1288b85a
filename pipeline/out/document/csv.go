package document

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/spreadsheet"
)

// writeCSV writes all parts as one table (DOC-7); excel says for a spreadsheet program (DOC-9).
func writeCSV(w io.Writer, pg *page, excel bool) error {
	if excel {
		if _, err := io.WriteString(w, spreadsheet.BOM); err != nil {
			return err
		}
	}
	at := map[string]int{}
	header := []string{"part"}
	for _, p := range pg.parts {
		if p.where&inData == 0 {
			continue
		}
		for i := range p.cols {
			if _, ok := at[p.cols[i].name]; !ok && p.cols[i].name != "" {
				at[p.cols[i].name] = len(header)
				header = append(header, p.cols[i].name)
			}
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, p := range pg.parts {
		if p.where&inData == 0 {
			continue
		}
		record := make([]string, len(header))
		record[0] = p.name
		for row := range p.rows {
			for i := range p.cols {
				if p.cols[i].name == "" {
					continue
				}
				value := dataCell(&row[i], &p.cols[i])
				if excel {
					value = excelCell(&row[i], &p.cols[i])
				}
				record[at[p.cols[i].name]] = value
			}
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// dataCell is a cell of the CSV. A sign's + and - are words that no spreadsheet takes for more.
func dataCell(c *cell, col *column) string {
	text := c.plain(col.kind)
	if col.kind != words || text == "+" || text == "-" {
		return text
	}
	return harmless(text)
}

// excelCell is a cell of the CSV for a spreadsheet program.
func excelCell(c *cell, col *column) string {
	text := c.plain(col.kind)
	switch col.kind {
	case words:
		return spreadsheet.Text(text)
	case instant:
		return text
	}
	return spreadsheet.Number(text)
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula (DOC-6).
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

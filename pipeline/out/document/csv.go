package document

import (
	"encoding/csv"
	"io"
	"strings"
)

// WriteCSV writes all parts as one table (DOC-7); with excel for a spreadsheet program (DOC-9).
func WriteCSV(w io.Writer, pg *Page, excel bool) error {
	if excel {
		if _, err := io.WriteString(w, BOM); err != nil {
			return err
		}
	}
	at := map[string]int{}
	header := []string{"part"}
	for _, p := range pg.Parts {
		if p.Where&InData == 0 {
			continue
		}
		for i := range p.Cols {
			if _, ok := at[p.Cols[i].Name]; !ok && p.Cols[i].Name != "" {
				at[p.Cols[i].Name] = len(header)
				header = append(header, p.Cols[i].Name)
			}
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, p := range pg.Parts {
		if p.Where&InData == 0 {
			continue
		}
		record := make([]string, len(header))
		record[0] = p.Name
		for row := range p.Rows {
			for i := range p.Cols {
				if p.Cols[i].Name == "" {
					continue
				}
				value := dataCell(&row[i], &p.Cols[i])
				if excel {
					value = excelCell(&row[i], &p.Cols[i])
				}
				record[at[p.Cols[i].Name]] = value
			}
			if err := out.Write(record); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// dataCell returns a cell of the CSV. The signs + and - alone are safe: no spreadsheet reads them as formulas.
func dataCell(c *PageCell, col *PageColumn) string {
	text := c.plain(col.Kind)
	if col.Kind != Words && col.Kind != Named || text == "+" || text == "-" {
		return text
	}
	return harmless(text)
}

// excelCell returns a cell of the CSV for a spreadsheet program.
func excelCell(c *PageCell, col *PageColumn) string {
	text := c.plain(col.Kind)
	switch col.Kind {
	case Words, Named:
		return SheetText(text)
	case Instant:
		return text
	}
	return SheetNumber(text)
}

// harmless puts an apostrophe before a text that a spreadsheet would read as a formula (DOC-6).
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

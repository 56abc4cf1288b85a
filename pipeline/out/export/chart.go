package export

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/xuri/excelize/v2"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Chart is the chart of a workbook: stacked columns.
type Chart struct {
	Title   string
	Format  string     // number format of the amounts in a spreadsheet program
	By      string     // heading of the bars
	Bars    []string   // names, from left to right
	Parts   []string   // names of the parts of each bar
	Amounts [][]string // decimals, by bar and part
}

// The names of a workbook's chart sheet, and its size in pixels.
const (
	chartSheet  = "chart"
	chartWidth  = 960
	chartHeight = 480
)

// Charted writes a table in memory as an XLSX workbook: a sheet with its rows, and one with the chart and its amounts.
func Charted(cols *parquet.Columns[tables.Any], chart *Chart, w io.Writer) (err error) {
	out, err := newXLSX(&Request{Table: cols.Def.Name}, cols.Def, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.write(cols); err != nil {
		return err
	}
	if err := chart.draw(out.file); err != nil {
		return fmt.Errorf("draw the chart: %w", err)
	}
	types := out.file.ContentTypes.Defaults // the library lists them in any order (EXPORT-2)
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
	return out.end()
}

// draw adds the sheet of the chart to a workbook.
func (c *Chart) draw(file *excelize.File) error {
	if _, err := file.NewSheet(chartSheet); err != nil {
		return err
	}
	style, err := file.NewStyle(&excelize.Style{CustomNumFmt: &c.Format})
	if err != nil {
		return err
	}
	header := []any{c.By}
	for _, name := range c.Parts {
		header = append(header, fitting([]byte(name)))
	}
	if err := file.SetSheetRow(chartSheet, "A1", &header); err != nil {
		return err
	}
	for i, bar := range c.Bars {
		row := []any{fitting([]byte(bar))}
		for _, amount := range c.Amounts[i] {
			row = append(row, number([]byte(amount)))
		}
		if err := file.SetSheetRow(chartSheet, fmt.Sprintf("A%d", i+2), &row); err != nil {
			return err
		}
	}
	end, err := excelize.CoordinatesToCellName(len(c.Parts)+1, len(c.Bars)+1)
	if err != nil {
		return err
	}
	if err := file.SetCellStyle(chartSheet, "B2", end, style); err != nil {
		return err
	}
	return c.place(file)
}

// place adds the chart itself, to the right of the amounts.
func (c *Chart) place(file *excelize.File) error {
	var series []excelize.ChartSeries
	for i := range c.Parts {
		column, err := excelize.ColumnNumberToName(i + 2)
		if err != nil {
			return err
		}
		series = append(series, excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$1", chartSheet, column),
			Categories: fmt.Sprintf("%s!$A$2:$A$%d", chartSheet, len(c.Bars)+1),
			Values:     fmt.Sprintf("%s!$%s$2:$%[2]s$%d", chartSheet, column, len(c.Bars)+1),
		})
	}
	at, err := excelize.CoordinatesToCellName(len(c.Parts)+3, 1)
	if err != nil {
		return err
	}
	legend := excelize.ChartLegend{Position: "bottom"}
	if len(c.Parts) == 1 {
		legend.Position = "none"
	}
	return file.AddChart(chartSheet, at, &excelize.Chart{Type: excelize.ColStacked, Series: series,
		Title: []excelize.RichTextRun{{Text: c.Title}}, Legend: legend,
		Dimension: excelize.ChartDimension{Width: chartWidth, Height: chartHeight},
		YAxis: excelize.ChartAxis{MajorGridLines: true,
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: c.Format}}})
}

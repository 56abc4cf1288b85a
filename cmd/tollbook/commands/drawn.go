package commands

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/table"
)

// series returns the amounts of the chart.
func (s *shownAnswer) series(f *queryFlags) (*query.Series, error) {
	series, err := s.Series(f.value, f.by)
	if wrong := new(query.SeriesError); errors.As(err, &wrong) {
		return nil, &cli.UsageError{What: wrong.Error(), Hint: problem.HintOf(wrong)}
	}
	return series, err
}

// title returns the title of a chart: the query and its amount.
func (s *shownAnswer) title(series *query.Series) string {
	return s.Question.Name + ": " + strings.ReplaceAll(series.Value, "_", " ")
}

// seriesName names the column whose values are the bars.
func seriesName(series *query.Series) string {
	return shownName(table.Column{Name: series.By})
}

// svg draws the answer.
func (s *shownAnswer) svg(w io.Writer, series *query.Series) error {
	graph := &document.ChartGraph{Title: s.title(series), About: s.about(), Currency: s.currency().Code,
		Digits: s.currency().Digits, Each: seriesName(series), Bars: series.Bars, Parts: series.Parts,
		Amounts: series.Amounts}
	_, err := io.WriteString(w, graph.SVG())
	return err
}

// xlsx writes the rows, and the chart on a sheet of its own.
func (s *shownAnswer) xlsx(w io.Writer, series *query.Series) error {
	chart := &export.Chart{Title: s.title(series), By: seriesName(series), Bars: series.Bars,
		Format: document.NumberFormat(s.currency().Digits)}
	for _, name := range series.Parts {
		if name == "" {
			name = series.Value
		}
		chart.Parts = append(chart.Parts, name)
	}
	for _, bar := range series.Amounts {
		var texts []string
		for _, amount := range bar {
			texts = append(texts, amount.String())
		}
		chart.Amounts = append(chart.Amounts, texts)
	}
	cols, err := s.columns()
	if err != nil {
		return err
	}
	return export.Charted(cols, chart, w)
}

// columns returns the rows as a table in which keys are texts.
func (s *shownAnswer) columns() (*parquet.Columns[table.Any], error) {
	def := &table.Table{Name: s.Question.Name, Columns: slices.Clone(s.Question.Columns())}
	def.Exported = len(def.Columns)
	for i := range s.Question.Keys {
		def.Columns[i].Type = table.Text
	}
	cols := parquet.NewColumns(table.Untyped(def))
	for _, row := range s.Rows {
		texts := slices.Clone(row.Keys)
		for _, sum := range row.Sums {
			texts = append(texts, sum.String())
		}
		for i, text := range texts {
			if err := export.AppendText(cols.Col(table.ColumnOf[table.Any](i)), def.Columns[i].Type, text); err != nil {
				return nil, fmt.Errorf("column %s: %w", def.Columns[i].Name, err)
			}
		}
		cols.N++
	}
	return cols, nil
}

package document

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
)

// Format is the output format of a document.
type Format string

// The formats.
const (
	Table Format = "table" // text for a terminal
	JSON  Format = "json"
	CSV   Format = "csv"
	XLSX  Format = "xlsx"
	HTML  Format = "html"
)

// Formats are all formats.
func Formats() []Format { return []Format{Table, JSON, CSV, XLSX, HTML} }

// ParseFormat reads a format's name.
func ParseFormat(text string) (Format, error) {
	if f := Format(text); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("format %q: it is one of %s", text, strings.Join(names, ", "))
}

// Options are options of a writer. The zero value is valid.
type Options struct {
	Excel bool // CSV: for a spreadsheet program
	Most  int  // HTML: how many customers, resellers or objects a table lists; 0 = maxListed, negative = all
}

// maxListed is how many customers, resellers or objects a table of the HTML lists by default.
const maxListed = 300

func (o Options) most() int {
	if o.Most == 0 {
		return maxListed
	}
	return o.Most
}

// SumError reports that two sums of a document that must be equal differ. Nothing of it was written.
type SumError struct {
	Document string // `statement of partner north for 2026-09`
	What     string // the sum, `owed`
	Stated   string
	Counted  string // from the rows
}

// Error names the sum and both values.
func (e *SumError) Error() string {
	return fmt.Sprintf("%s: %s is %s, its rows add up to %s", e.Document, e.What, e.Stated, e.Counted)
}

// sums compares sums of one document and keeps the first error.
type sums struct {
	document string
	err      error
}

// same checks that a stated sum is the one counted.
func (s *sums) same(what string, stated, counted money.AmountTotal) {
	if s.err == nil && stated != counted {
		s.err = &SumError{Document: s.document, What: what, Stated: stated.String(), Counted: counted.String()}
	}
}

// of adds up amounts.
func (s *sums) of(amounts ...money.AmountTotal) (sum money.AmountTotal) {
	for _, a := range amounts {
		s.add(&sum, a)
	}
	return sum
}

func (s *sums) add(to *money.AmountTotal, a money.AmountTotal) {
	if err := to.AddTotal(a); err != nil && s.err == nil {
		s.err = fmt.Errorf("%s: %w", s.document, err)
	}
}

// total converts an amount to a sum. Every amount is within a sum's range.
func total(a money.Amount) (t money.AmountTotal) {
	_ = t.Add(a)
	return t
}

// negated returns −t.
func negated(t money.AmountTotal) money.AmountTotal {
	hi, lo := t.Raw()
	lo = -lo
	hi = ^hi
	if lo == 0 {
		hi++
	}
	n, _ := money.AmountTotalFromRaw(hi, lo) // the range is symmetric
	return n
}

// checkUsage checks days and the sum of the consumption that the chart shows.
func (s *sums) checkUsage(h *PageHeader, list []ChartUsage, want money.AmountTotal) {
	if len(list) == 0 {
		return
	}
	var sum money.AmountTotal
	for i := range list {
		if s.err == nil && list[i].Day > h.Cycle.Last() {
			s.err = fmt.Errorf("%s: consumption of %s, after the cycle", s.document, list[i].Day)
		}
		s.add(&sum, list[i].Amount)
	}
	s.same("consumption by day", want, sum)
}

// there returns the list, or an empty one instead of nil.
func there[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// writers has the sources of the formats of one document.
type writers struct {
	json  any          // JSON
	pages func() *Page // everything else
}

// write writes a document that was checked.
func (d *writers) write(w io.Writer, f Format, o Options) error {
	switch f {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(d.json)
	case CSV:
		return WriteCSV(w, d.pages(), o.Excel)
	case XLSX:
		return WriteXLSX(w, d.pages().Translated())
	case HTML:
		return WriteHTML(w, d.pages().Translated(), o.most())
	case Table:
		return WriteText(w, d.pages())
	}
	_, err := ParseFormat(string(f))
	return err
}

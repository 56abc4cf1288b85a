package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// DocumentFlags are the flags that set the format and the destination of a document.
type DocumentFlags struct {
	Format string
	Excel  bool
	Output
}

func (f *DocumentFlags) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Format, "format", "", strings.Join(documentFormats(), ", ")+" (default table)")
	cmd.Flags().BoolVar(&f.Excel, "excel", false, ExcelUsage)
	f.Output.Add(cmd, "out", OutUsage)
}

// documentFormats returns the names of the formats of a document.
func documentFormats() (out []string) {
	for _, one := range document.Formats() {
		out = append(out, string(one))
	}
	return out
}

// The usage texts of --excel and --out in all commands.
const (
	ExcelUsage = "with --format csv: for Excel and other spreadsheet programs, with ids as text and no formulas"
	OutUsage   = "file to write; - is standard output (default: standard output)"
)

// ExcelOnly returns the error of --excel with a format other than CSV.
func ExcelOnly(format string) error {
	what := "--excel is a form of CSV"
	if format != "" {
		what += ", not of " + format
	}
	return &UsageError{What: what, Hint: "add --format csv; XLSX needs no such flag"}
}

// DocumentFormat checks the flags and returns the format that they select; --json alone selects JSON.
func (a *App) DocumentFormat(f *DocumentFlags) (document.Format, error) {
	format, err := f.format(a.Flags.JSON)
	switch {
	case err != nil:
		return "", err
	case f.Excel && format != document.CSV:
		return "", ExcelOnly(string(format))
	case a.Flags.JSON && f.ToStdout() && format != document.JSON:
		return "",
			NotJSON(string(format), "leave --format out for JSON; with --out FILE, --json reports what was written")
	case format == document.XLSX && f.ToStdout() && IsTerminal(a.Out):
		return "", &UsageError{What: "XLSX on a terminal", Hint: "name a file: --out FILE"}
	}
	return format, f.Check()
}

// format returns the format that --format names; without --format it is JSON if asJSON is set, else a table.
func (f *DocumentFlags) format(asJSON bool) (document.Format, error) {
	if f.Format == "" || f.Format == string(document.Table) && asJSON {
		if asJSON {
			return document.JSON, nil
		}
		return document.Table, nil
	}
	format, err := document.ParseFormat(f.Format)
	if err != nil {
		return "", (&UsageError{What: "--" + err.Error()}).Meant(f.Format, documentFormats())
	}
	return format, nil
}

// documentResult is the JSON report of a document that was written with --out.
type documentResult struct {
	Format document.Format `json:"format"`
	Out    string          `json:"out"`
	Bytes  int64           `json:"bytes"`
}

// WriteDocument writes a document to standard output or to a file. A regular file is written completely or not at all.
func (a *App) WriteDocument(format document.Format, o *Output, write func(io.Writer) error) error {
	size, err := a.WriteOutput(o, func(to io.Writer) error {
		if IsTerminal(to) { // tables fit it
			return write(to)
		}
		w := bufio.NewWriter(to)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
	if err != nil || o.ToStdout() {
		return err
	}
	a.Bar.End()
	if a.Flags.JSON {
		return a.PrintJSON(documentResult{Format: format, Out: o.File, Bytes: size})
	}
	fmt.Fprintf(a.Err, "wrote %s: %s\n", o.File, Counted(size, "byte", "bytes"))
	return nil
}

// Compose calls read with the sources from which documents are composed, read from the live state of the lake.
func (a *App) Compose(read func(*document.Sources) error) (*workspace.Workspace, error) {
	heap.Tune(a.Env)
	w, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		s, err := a.sources(w, snap)
		if err != nil {
			return err
		}
		return read(s)
	})
	return w, err
}

// sources returns the sources from which documents are composed.
func (a *App) sources(w *workspace.Workspace, snap *lake.Snapshot) (*document.Sources, error) {
	book, err := w.PartnerBook()
	if err != nil {
		return nil, err
	}
	looks, err := w.Branding()
	return &document.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(), Partners: book,
		Limits: rows.Limits{Workers: a.Flags.Workers}, Covers: &document.Covers{Branding: looks}}, err
}

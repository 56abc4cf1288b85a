package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
)

// documentFlags say in which form a document is written, and where to.
type documentFlags struct {
	format string
	excel  bool
	output
}

func (f *documentFlags) add(cmd *cobra.Command) {
	var names []string
	for _, one := range document.Formats() {
		names = append(names, string(one))
	}
	cmd.Flags().StringVar(&f.format, "format", "", strings.Join(names, ", ")+" (default table)")
	cmd.Flags().BoolVar(&f.excel, "excel", false, excelUsage)
	f.output.add(cmd, "out", outUsage)
}

// What --excel and --out mean wherever they are.
const (
	excelUsage = "with --format csv: for Excel and other spreadsheet programs, with ids as text and no formulas"
	outUsage   = "file to write; - is standard output (default: standard output)"
)

// excelOnly is the error of --excel with another format.
func excelOnly(format string) error {
	what := "--excel is a form of CSV"
	if format != "" {
		what += ", not of " + format
	}
	return &usageError{what: what, hint: "add --format csv; XLSX needs no such flag"}
}

// documentFormat is the format that the flags ask for; --json alone asks for JSON.
func (a *app) documentFormat(f *documentFlags) (document.Format, error) {
	format, err := a.parseDocumentFormat(f)
	switch {
	case err != nil:
		return "", err
	case f.excel && format != document.CSV:
		return "", excelOnly(string(format))
	case a.flags.json && f.toStdout() && format != document.JSON:
		return "",
			notJSON(string(format), "leave --format out for JSON; with --out FILE, --json reports what was written")
	case format == document.XLSX && f.toStdout() && isTerminal(a.out):
		return "", &usageError{what: "XLSX on a terminal", hint: "name a file: --out FILE"}
	}
	return format, f.check()
}

// parseDocumentFormat is the format by its name.
func (a *app) parseDocumentFormat(f *documentFlags) (document.Format, error) {
	if f.format == "" || f.format == string(document.Table) && a.flags.json {
		if a.flags.json {
			return document.JSON, nil
		}
		return document.Table, nil
	}
	format, err := document.ParseFormat(f.format)
	if err != nil {
		return "", &usageError{what: "--" + err.Error()}
	}
	return format, nil
}

// documentResult is what was written with --out.
type documentResult struct {
	Format document.Format `json:"format"`
	Out    string          `json:"out"`
	Bytes  int64           `json:"bytes"`
}

// writeDocument writes to standard output, or complete or not at all to a file.
func (a *app) writeDocument(format document.Format, o *output, write func(io.Writer) error) error {
	size, err := a.writeOutput(o, func(to io.Writer) error {
		w := bufio.NewWriter(to)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	})
	if err != nil || o.toStdout() {
		return err
	}
	a.bar.end()
	if a.flags.json {
		return a.printJSON(documentResult{Format: format, Out: o.file, Bytes: size})
	}
	fmt.Fprintf(a.err, "wrote %s: %s\n", o.file, counted(size, "byte", "bytes"))
	return nil
}

// compose reads a state as documents are made from it.
func (a *app) compose(read func(*compose.Sources) error) (*workspace.Workspace, error) {
	tuneMemory(a.env)
	w, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		s, err := a.sources(w, snap)
		if err != nil {
			return err
		}
		return read(s)
	})
	return w, partnersWrong(err)
}

// sources is what documents are made from.
func (a *app) sources(w *workspace.Workspace, snap *lake.Snapshot) (*compose.Sources, error) {
	book, err := w.PartnerBook()
	return &compose.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(), Partners: book,
		Limits: rows.Limits{Workers: a.flags.workers}}, err
}

// partnersWrong turns an error that mended books would heal into what a check of the books would have said.
func partnersWrong(err error) error {
	var missing *settle.MissingBookError
	if !errors.As(err, &missing) {
		return err
	}
	return problem.Problems{{Pos: problem.Pos{File: "books/" + missing.Book}, Text: err.Error(),
		Hint: "put the row back: end it with valid_to instead of deleting it"}}
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
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
type documentFlags struct{ format, out string }

func (f *documentFlags) add(cmd *cobra.Command) {
	var names []string
	for _, one := range document.Formats() {
		names = append(names, string(one))
	}
	cmd.Flags().StringVar(&f.format, "format", "", strings.Join(names, ", ")+" (default table)")
	cmd.Flags().StringVar(&f.out, "out", "", "file to write (default: standard output)")
}

// documentFormat is the format that the flags ask for; --json alone asks for JSON.
func (a *app) documentFormat(f *documentFlags) (document.Format, error) {
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
	if format == document.XLSX && f.out == "" && isTerminal(a.out) {
		return "", &usageError{what: "XLSX on a terminal", hint: "name a file: --out FILE"}
	}
	return format, nil
}

// documentResult is what was written with --out.
type documentResult struct {
	Format document.Format `json:"format"`
	Out    string          `json:"out"`
	Bytes  int64           `json:"bytes"`
}

// writeDocument writes to standard output, or whole or not at all to a file.
func (a *app) writeDocument(format document.Format, out string, write func(io.Writer) error) error {
	if out == "" {
		w := bufio.NewWriter(a.out)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	}
	r := documentResult{Format: format, Out: out}
	err := writeWhole(out, func(f *os.File) error {
		w := bufio.NewWriter(f)
		err := write(w)
		if err == nil {
			err = w.Flush()
		}
		if err == nil {
			r.Bytes, err = f.Seek(0, io.SeekEnd)
		}
		return err
	})
	if err != nil {
		return err
	}
	a.bar.end()
	if a.flags.json {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.err, "wrote %s: %s\n", out, counted(r.Bytes, "byte", "bytes"))
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
	return problem.Problems{{Pos: problem.Pos{File: "books/" + missing.Book}, Text: err.Error(), Hint: "put the row back: end it with valid_to instead of deleting it"}}
}

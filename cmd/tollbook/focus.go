package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/out/focus"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// focusFormats are the formats of FOCUS data sets: CSV and Parquet.
var focusFormats = []string{"focus", "focus-parquet"}

// focusFlags are what export takes for FOCUS alone.
type focusFlags struct {
	issuer   string
	validate bool
}

// focusResult is one data set that was written.
type focusResult struct {
	Issuer string `json:"issuer"`
	Rows   int64  `json:"rows"`
	Out    string `json:"out"`
}

// exportFocus writes FOCUS data sets: one issuer's, or one of each issuer into a folder.
func (a *app) exportFocus(ctx context.Context, r *export.Request, f *focusFlags, out *output) error {
	cycle, err := cycleFlag(r.Cycle)
	switch {
	case err != nil:
		return err
	case r.Table != "lines" || r.Split:
		return &usageError{what: "--table and --split do not go with --format " + r.Format}
	case r.Excel && r.Format != "focus":
		return excelOnly(r.Format)
	case r.Excel && f.validate:
		return &usageError{what: "--validate checks a FOCUS file, and what --excel writes is none",
			hint: "leave one of them out"}
	case f.issuer == "" && out.toStdout():
		return &usageError{what: "--issuer is missing",
			hint: "say whose invoices: --issuer vendor, or all of them into a folder: --out exports/focus"}
	case r.Scope.Customer != "" && r.Scope.Partner != "":
		return &usageError{what: "--customer and --partner: FOCUS is of one account that is billed"}
	case out.toStdout() && f.validate:
		return &usageError{what: "--validate reads what was written", hint: "name a file: --out FILE"}
	case out.toStdout() && a.flags.json:
		return notJSON(r.Format, "with --out, --json reports what was written")
	case out.toStdout() && r.Format == "focus-parquet" && isTerminal(a.out):
		return &usageError{what: "a binary format on a terminal", hint: "name a file: --out FILE"}
	}
	request := focus.Request{Cycle: cycle.String(), Issuer: f.issuer, Account: r.Scope.Customer + r.Scope.Partner}
	format := "csv"
	switch {
	case r.Format == "focus-parquet":
		format = "parquet"
	case r.Excel:
		format = focus.ExcelCSV
	}
	return a.writeFocus(ctx, request, format, f.validate, out)
}

func (a *app) writeFocus(ctx context.Context, r focus.Request, format string, validate bool, out *output) error {
	tuneMemory(a.env)
	issuers := []string{r.Issuer}
	if r.Issuer == "" {
		err := a.withFocus(func(s *focus.Source) (err error) {
			issuers, err = s.Issuers(ctx, r.Cycle)
			return err
		})
		if err != nil {
			return err
		}
	}
	files, err := focusFiles(r, format, issuers, out)
	if err != nil {
		return err
	}
	var results []focusResult
	for i, issuer := range issuers {
		one := r
		one.Issuer = issuer
		rows, err := a.writeDataSet(ctx, one, format, &files[i])
		if err != nil {
			return err
		}
		results = append(results, focusResult{issuer, rows, files[i].file})
	}
	a.bar.end()
	if out.toStdout() {
		return nil
	}
	if a.flags.json && !validate {
		return a.printJSON(results)
	}
	for _, one := range results {
		fmt.Fprintf(a.err, "wrote %s: %s\n", one.Out, counted(one.Rows, "row", "rows"))
	}
	if validate {
		return a.validateFocus(ctx, r, results)
	}
	return nil
}

// focusFiles are the files of issuers, none of which exists, unless it is to be replaced: without an issuer --out is
// their folder.
func focusFiles(r focus.Request, format string, issuers []string, out *output) ([]output, error) {
	ending := map[string]string{focus.ExcelCSV: "csv"}[format]
	if ending == "" {
		ending = format
	}
	var files []output
	for _, issuer := range issuers {
		one := *out
		if r.Issuer == "" {
			one.file = filepath.Join(out.file, "focus-"+r.Cycle+"-"+url.PathEscape(issuer)+"."+ending)
		}
		if err := one.check(); err != nil {
			return nil, err
		}
		files = append(files, one)
	}
	return files, nil
}

// writeDataSet writes one issuer's data set to a file, or to standard output.
func (a *app) writeDataSet(ctx context.Context, r focus.Request, format string, out *output) (rows int64, err error) {
	_, err = a.writeOutput(out, func(w io.Writer) error {
		return a.withFocus(func(s *focus.Source) (err error) {
			if err := rewind(w); err != nil {
				return err
			}
			rows, err = focus.Write(ctx, s, r, format, w)
			return err
		})
	})
	return rows, err
}

// withFocus runs a reader over the live state.
func (a *app) withFocus(reader func(*focus.Source) error) error {
	_, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		partners, err := w.Partners()
		if err != nil {
			return err
		}
		partners.Snap, partners.Limits.Workers = snap, a.flags.workers
		return reader(&focus.Source{Reader: partners, Publisher: w.Settings.Vendor.Name})
	})
	return partnersWrong(err)
}

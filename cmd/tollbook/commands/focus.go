package commands

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/out/focus"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// focusFormats are the formats of FOCUS data sets: CSV and Parquet.
var focusFormats = []string{"focus", "focus-parquet"}

// focusFlags are the flags of export that apply only to FOCUS.
type focusFlags struct {
	issuer   string
	dir      string // folder of the data sets of all issuers
	validate bool
}

// focusResult is one data set that was written.
type focusResult struct {
	Issuer string `json:"issuer"`
	Rows   int64  `json:"rows"`
	Out    string `json:"out"`
}

// exportFocus writes the FOCUS data set of one issuer, or those of all issuers into a folder.
func exportFocus(ctx context.Context, a *cli.App, o *exportOptions) error {
	r, f, out := &o.Request, &o.focus, &o.out
	if o.reseller != "" || o.withResellers {
		return &cli.UsageError{What: "--indirect-partner and --with-resellers are not for FOCUS",
			Hint: "--partner is the account that is billed"}
	}
	if f.dir != "" {
		if f.issuer != "" || out.File != "" {
			return &cli.UsageError{What: "--dir is the folder of the data sets of all issuers",
				Hint: "leave --issuer and --out out"}
		}
		out.File = f.dir
	}
	cycle, err := cli.CycleFlag(o.cycle)
	switch {
	case err != nil:
		return err
	case r.Table != "lines" || r.Split:
		return &cli.UsageError{What: "--table and --split do not go with --format " + r.Format}
	case r.Excel && r.Format != "focus":
		return cli.ExcelOnly(r.Format)
	case r.Excel && f.validate:
		return &cli.UsageError{What: "--validate checks a FOCUS file; --excel writes another format",
			Hint: "leave one of them out"}
	case f.issuer == "" && out.ToStdout():
		return &cli.UsageError{What: "--issuer is missing",
			Hint: "name the issuer: --issuer vendor, or write all into a folder: --dir exports/focus"}
	case f.issuer == "" && slices.Contains([]string{".csv", ".parquet"}, filepath.Ext(out.File)):
		return &cli.UsageError{What: fmt.Sprintf("--issuer is missing: --out %s names one file", out.File),
			Hint: "name the issuer: --issuer vendor, or write all into a folder: --dir exports/focus"}
	case r.Scope.Customer != "" && r.Scope.Partner != "":
		return &cli.UsageError{What: "--customer and --partner: a FOCUS data set has one billed account"}
	case out.ToStdout() && f.validate:
		return &cli.UsageError{What: "--validate reads what was written", Hint: "name a file: --out FILE"}
	case out.ToStdout() && a.Flags.JSON:
		return cli.NotJSON(r.Format, "with --out, --json reports what was written")
	case out.ToStdout() && r.Format == "focus-parquet" && cli.IsTerminal(a.Out):
		return &cli.UsageError{What: "a binary format on a terminal", Hint: "name a file: --out FILE"}
	}
	request := focus.Request{Cycle: lake.CycleOf(cycle), Issuer: f.issuer,
		Account: r.Scope.Customer + r.Scope.Partner}
	format := "csv"
	switch {
	case r.Format == "focus-parquet":
		format = "parquet"
	case r.Excel:
		format = focus.ExcelCSV
	}
	return writeFocus(ctx, a, request, format, f.validate, out)
}

func writeFocus(ctx context.Context, a *cli.App, r focus.Request, format string, validate bool, out *cli.Output) error {
	heap.TuneExport(a.Env)
	issuers := []string{r.Issuer}
	if r.Issuer == "" {
		err := withFocus(a, func(s *focus.Source) (err error) {
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
		count, err := writeDataSet(ctx, a, one, format, &files[i])
		if err != nil {
			return err
		}
		results = append(results, focusResult{issuer, count, files[i].File})
	}
	a.Bar.End()
	if out.ToStdout() {
		return nil
	}
	if a.Flags.JSON && !validate {
		return a.PrintJSON(results)
	}
	for _, one := range results {
		fmt.Fprintf(a.Err, "wrote %s: %s\n", one.Out, cli.Counted(one.Rows, "row", "rows"))
	}
	if validate {
		return validateFocus(ctx, a, r, results)
	}
	return nil
}

// focusFiles returns one file per issuer. Without --issuer, out names their folder. It refuses an existing file unless
// --force is given.
func focusFiles(r focus.Request, format string, issuers []string, out *cli.Output) ([]cli.Output, error) {
	ending := map[string]string{focus.ExcelCSV: "csv"}[format]
	if ending == "" {
		ending = format
	}
	var files []cli.Output
	for _, issuer := range issuers {
		one := *out
		if r.Issuer == "" {
			name := "focus-" + r.Cycle.String() + "-" + export.ShortName(url.PathEscape(issuer)) + "." + ending
			one.File = filepath.Join(out.File, name)
		}
		if err := one.Check(); err != nil {
			return nil, err
		}
		files = append(files, one)
	}
	return files, nil
}

// writeDataSet writes one issuer's data set to a file, or to standard output.
func writeDataSet(ctx context.Context, a *cli.App, r focus.Request, format string, out *cli.Output) (count int64,
	err error) {
	_, err = cli.WriteChecked(a, out, func(w io.Writer) error {
		return withFocus(a, func(s *focus.Source) (err error) {
			if err := cli.Rewind(w); err != nil {
				return err
			}
			count, err = focus.Write(ctx, s, r, format, w)
			return err
		})
	})
	return count, err
}

// withFocus calls a reader with the live state as a source of FOCUS data sets.
func withFocus(a *cli.App, reader func(*focus.Source) error) error {
	_, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		partners, err := w.Partners()
		if err != nil {
			return err
		}
		partners.Snap = snap
		partners.Limits = rows.Limits{Rows: rows.ExportRows / 2, Workers: a.Flags.Workers}
		return reader(&focus.Source{PartnerReader: partners, Publisher: w.Settings.Vendor.Name})
	})
	return err
}

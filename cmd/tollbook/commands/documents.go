package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/schemas/period"
)

// documentsOptions are those of documents.
type documentsOptions struct {
	month, dir, format, issued string
	customers, partners        []string
	force                      bool
	cycle                      period.Cycle // parsed month
}

// NewDocuments is the command documents.
func NewDocuments(a *cli.App) *cobra.Command {
	var o documentsOptions
	cmd := &cobra.Command{
		Use:   "documents",
		Short: "Write every bill and statement of a cycle into a folder, to send",
		Long: `documents writes the bill of every customer and the statement of every partner of a cycle into a
folder, with index.html, which lists them, and index.json, which also has the SHA-256 of each file.

If branding/branding.yaml names the issuer, a document begins with a cover: letterhead with logo,
recipient, number, dates, amounts in the currency's digits, how to pay. The issuer of a bill is the
vendor, or the reseller for its resale customers; addresses, tax ids and bank details are those of
books/parties.csv. A negative amount due makes a credit note. Documents of an open cycle are drafts
without a number.

--format pdf needs Chromium or Chrome ($TOLLBOOK_BROWSER, else the first in PATH).`,
		Example: "  tollbook documents --cycle 2026-09\n" +
			"  tollbook documents --cycle 2026-09 --customer aurora,bamboo --dir /srv/outbox/2026-09\n" +
			"  tollbook documents --cycle 2026-09 --format pdf --force",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := writeDocuments(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			return a.Show(r, func() {
				fmt.Fprintf(a.Out, "wrote %s to %s\n  open %s\n", cli.Counted(int64(len(r.Documents)), "document",
					"documents"), r.Dir, filepath.Join(r.Dir, "index.html"))
			}, nil, false)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.month, "cycle", "", "the month, as 2026-09 (default: the newest)")
	flags.StringVar(&o.dir, "dir", "", "folder of the documents (default: exports/documents-<cycle> of the workspace)")
	flags.StringVar(&o.format, "format", "html", "html, pdf")
	flags.StringVar(&o.issued, "issued", "", "date of issue, as 2026-10-05 (default: issue_day of branding.yaml)")
	flags.StringSliceVar(&o.customers, "customer", nil, "only bills of these customers, by customer_id")
	flags.StringSliceVar(&o.partners, "partner", nil, "only statements of these partners, by partner_id")
	flags.BoolVar(&o.force, "force", false, "replace a folder that exists")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// documentsResult is the JSON report of the documents that were written.
type documentsResult struct {
	Dir string `json:"dir"`
	*export.Index
}

// writeDocuments writes the folder.
func writeDocuments(ctx context.Context, a *cli.App, o *documentsOptions) (result documentsResult, err error) {
	if o.cycle, err = a.CycleOrNewest(o.month); err != nil {
		return result, err
	}
	options := export.FolderOptions{Customers: o.customers, Partners: o.partners, Replace: o.force,
		Workers:  a.Flags.Workers,
		Progress: func(done, all int64) { a.Bar.Update("documents", done, all) }}
	if options.Workers == 0 {
		options.Workers = runtime.GOMAXPROCS(0)
	}
	if options.Print, err = printer(a, o.format); err != nil {
		return result, err
	}
	var issued period.Day
	if o.issued != "" {
		if issued, err = period.ParseDay(o.issued); err != nil {
			return result, &cli.UsageError{What: "--issued " + err.Error(), Hint: "write it as 2026-10-05"}
		}
	}
	result.Dir = o.dir
	if o.dir == "" {
		result.Dir = filepath.Join(a.Flags.Workspace, "exports", "documents-"+o.cycle.String())
	} else if err := cli.CheckDir(o.dir); err != nil {
		return result, err
	}
	_, err = a.Compose(func(s *document.Sources) (err error) {
		s.Covers.Issued, s.Covers.Dated = issued, o.issued != ""
		result.Index, err = export.WriteFolder(ctx, s, o.cycle, result.Dir, options)
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		return result, &cli.UsageError{What: result.Dir + " exists, and was not changed",
			Hint: "name another folder with --dir, or replace it with --force"}
	}
	if other := new(export.OtherFilesError); errors.As(err, &other) {
		return result, &cli.UsageError{What: other.Error(), Hint: "name another folder with --dir"}
	}
	a.Bar.End()
	return result, err
}

// printer returns the function that makes PDF files, or nil for HTML.
func printer(a *cli.App, format string) (func(ctx context.Context, html, pdf string) error, error) {
	switch format {
	case "html":
		return nil, nil //nolint:nilnil // nothing prints
	case "pdf":
		browser, err := cli.Browser(a)
		return func(ctx context.Context, html, pdf string) error { return cli.Print(ctx, browser, html, pdf) }, err
	}
	return nil, (&cli.UsageError{What: fmt.Sprintf("--format %q: it is one of html, pdf", format),
		Hint: "`tollbook bill` and `tollbook statement` write one document in other formats"}).Meant(format,
		[]string{"html", "pdf"})
}

package commands

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// exportResult is the JSON report of a table that was written with --out.
type exportResult struct {
	Table  string `json:"table"`
	Format string `json:"format"`
	Rows   int64  `json:"rows"`
	Out    string `json:"out"`
}

// exportOptions are those of export.
type exportOptions struct {
	export.Request
	cycle         string // --cycle
	reseller      string // --indirect-partner
	withResellers bool
	focus         focusFlags
	out           cli.Output
}

// NewExport is the command export.
func NewExport(a *cli.App) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a table of a cycle as CSV, NDJSON, Parquet, Arrow or XLSX",
		Long: `export writes one table of a cycle to standard output or to a file, which is written completely or
not at all: lines (the consumption records), statements of customers, partner_statements, incentives
of the periods that contain the cycle, accounts (changes of balances), totals and others. withdrawals,
funds, coupons, order_status and rejects cover all cycles: --cycle has no effect on them. Columns and
rows always have the same order.

--customer and --partner limit a table. A partner's lines are those of its own customers, as in the
query API. --with-resellers adds those of the customers of its resellers, and --indirect-partner
exports those of one reseller, each while the reseller bought from the partner. Arrow is an IPC
stream. In XLSX decimals of more than 15 digits are texts, and rows that do not fit a sheet continue
on the next. --split writes CSV as a tar.gz of parts of 100,000 rows.

Plain CSV is for programs and does not change a value: do not open it with a spreadsheet program,
which reads long ids as rounded numbers and text that begins with = as a formula. --excel writes CSV
for spreadsheet programs: with a byte order mark, ids as text and no formulas.

--format focus writes FOCUS 1.2 data sets as CSV, focus-parquet as Parquet: that of one --issuer, or
one per invoice issuer into the folder --dir. --customer and --partner then select the billed
account. --validate reads them back and checks every rule that the data decide, and the sums against
the statements.`,
		Example: "  tollbook export --cycle 2026-09 --table lines --format csv\n" +
			"  tollbook export --cycle 2026-09 --table statements --format parquet --out exports/statements.parquet\n" +
			"  tollbook export --cycle 2026-09 --partner north --split --out exports/north.tar.gz\n" +
			"  tollbook export --cycle 2026-09 --format focus --dir exports/focus --validate",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if slices.Contains(focusFormats, o.Format) {
				return exportFocus(cmd.Context(), a, &o)
			}
			return runExport(cmd.Context(), a, &o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.cycle, "cycle", "",
		"the month, as 2026-09; tables of all cycles, such as rejects and funds, take none")
	flags.StringVar(&o.Table, "table", "lines", strings.Join(export.Tables(), ", "))
	flags.StringVar(&o.Format, "format", "csv", strings.Join(allFormats(), ", "))
	flags.StringVar(&o.Scope.Customer, "customer", "",
		"only rows of this customer, of "+strings.Join(export.CustomerTables(), ", ")+"; FOCUS: of this billed account")
	flags.StringVar(&o.Scope.Partner, "partner", "",
		"only what is this partner's, of "+strings.Join(export.PartnerTables(), ", ")+"; FOCUS: what it is billed")
	flags.StringVar(&o.reseller, "indirect-partner", "",
		"lines: what customers consumed as this reseller's, while it bought from --partner")
	flags.BoolVar(&o.withResellers, "with-resellers", false,
		"lines: also those of the customers of the partner's resellers")
	flags.BoolVar(&o.Split, "split", false, "CSV in parts of 100,000 rows, as a tar.gz")
	flags.BoolVar(&o.Excel, "excel", false, cli.ExcelUsage)
	o.out.Add(cmd, "out", cli.OutUsage)
	flags.StringVar(&o.focus.issuer, "issuer", "",
		"FOCUS: whose invoices: vendor, or a partner_id (default: all, one file of each in --dir)")
	flags.StringVar(&o.focus.dir, "dir", "", "FOCUS: folder of the data sets of all issuers")
	flags.BoolVar(&o.focus.validate, "validate", false,
		"FOCUS: read what was written and check it against the rules of FOCUS 1.2 and the statements")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// allFormats returns the formats of tables and of FOCUS data sets.
func allFormats() []string { return append(export.Formats(), focusFormats...) }

// scope sets the partner's scope from the flags.
func (o *exportOptions) scope() error {
	if o.reseller != "" && o.Scope.Partner == "" {
		return &cli.UsageError{What: "--indirect-partner is a reseller of a partner",
			Hint: "name its distributor: --partner ID"}
	}
	customer := o.Scope.Customer
	o.Scope = export.OfPartner(o.Scope.Partner, o.reseller, o.withResellers)
	o.Scope.Customer = customer
	return nil
}

// checkExport checks the command line of an export of a table.
func checkExport(a *cli.App, o *exportOptions) error {
	if o.focus != (focusFlags{}) {
		return &cli.UsageError{What: "--issuer, --dir and --validate are for FOCUS", Hint: "add --format focus"}
	}
	if err := o.scope(); err != nil {
		return err
	}
	if o.Excel && o.Format != "csv" {
		return cli.ExcelOnly(o.Format)
	}
	if err := o.Request.Check(); err != nil {
		flag, _, _ := strings.Cut(err.Error(), ":")
		wrong := &cli.UsageError{What: "--" + err.Error()}
		switch {
		case !slices.Contains(export.Tables(), o.Table):
			return wrong.Meant(o.Table, export.Tables())
		case !slices.Contains(export.Formats(), o.Format):
			wrong.What = fmt.Sprintf("--format %q: want one of %s", o.Format, strings.Join(allFormats(), ", "))
			return wrong.Meant(o.Format, allFormats())
		}
		wrong.Hint = "leave --" + flag + " out"
		return wrong
	}
	if o.cycle != "" || !export.OfNoCycle(o.Table) {
		cycle, err := cli.CycleFlag(o.cycle)
		if err != nil {
			return err
		}
		o.Cycle = lake.CycleOf(cycle)
	}
	switch {
	case a.Flags.JSON && o.out.ToStdout() && o.Format != "ndjson":
		return cli.NotJSON(o.Format,
			"--format ndjson writes a JSON object per line; with --out FILE, --json reports what was written")
	case o.out.ToStdout() && (o.Split || !slices.Contains([]string{"csv", "ndjson"}, o.Format)) &&
		cli.IsTerminal(a.Out):
		return &cli.UsageError{What: "a binary format on a terminal", Hint: "name a file: --out FILE"}
	}
	return o.out.Check()
}

func runExport(ctx context.Context, a *cli.App, o *exportOptions) error {
	if err := checkExport(a, o); err != nil {
		return err
	}
	r := &o.Request
	heap.TuneExport(a.Env)
	r.Limits = rows.Limits{Rows: rows.ExportRows, Workers: a.Flags.Workers}
	r.Progress = func(rows int64) { a.Bar.Update("export "+r.Table+": rows", rows, 0) }
	read := func(reader func(*lake.Snapshot) error) error {
		_, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
			if r.Partners, err = w.Partners(); err != nil {
				return err
			}
			return reader(snap)
		})
		return err
	}
	var count int64
	_, err := a.WriteOutput(&o.out, func(w io.Writer) error {
		return read(func(snap *lake.Snapshot) (err error) {
			if err := cli.Rewind(w); err != nil {
				return err
			}
			count, err = export.Write(ctx, snap, r, w)
			return err
		})
	})
	if err == nil && o.cycle != "" && export.OfNoCycle(o.Table) {
		fmt.Fprintf(a.Err, "note: %s covers all cycles: --cycle has no effect\n", o.Table)
	}
	if err != nil || o.out.ToStdout() {
		return err
	}
	a.Bar.End()
	if a.Flags.JSON {
		return a.PrintJSON(exportResult{r.Table, r.Format, count, o.out.File})
	}
	fmt.Fprintf(a.Err, "wrote %s: %s\n", o.out.File, cli.Counted(count, "row", "rows"))
	return nil
}

package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/focus"
)

// NewFocus is the command focus, for FOCUS data sets of any provider. `tollbook export --format focus` writes them.
func NewFocus(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "focus",
		Short: "Check a FOCUS data set, from any provider",
		Long: "focus works on FOCUS data sets of any provider: `tollbook focus check` checks one.\n" +
			"`tollbook export --format focus` writes those of a workspace.",
		Example: "  tollbook focus check focus.csv.gz",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &cli.UsageError{
				What: "focus: name a subcommand",
				Hint: "tollbook focus check FILE; `tollbook export --format focus` writes data sets",
			}
		},
	}
	cmd.AddCommand(focusCheckCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// focusCheckOptions are those of `focus check`.
type focusCheckOptions struct {
	file                   string
	version, cycle, issuer string
	criteria               []string
}

func focusCheckCommand(a *cli.App) *cobra.Command {
	var o focusCheckOptions
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a data set against the rules of FOCUS " + focus.ModelVersion,
		Long: `check reads a FOCUS data set, CSV or Parquet, and checks every rule that the data decide. CSV can be
compressed with gzip or zstd; in CSV an empty field and the word NULL are null. No workspace is
needed.

The rules are those of FOCUS ` + focus.ModelVersion + `. Data sets of 1.0 to 1.3 can be checked: columns that were added
after the version of the data set are not required. Rules that a criterion restricts are applied if
the data set has a column that depends on the criterion, or as --criteria says.

If a rule that MUST hold is violated, the data set fails. Recommendations (SHOULD, RECOMMENDED) that
are not followed are listed separately and do not change the exit code.

--cycle also compares the file with a workspace: what it bills each account, and the number of
lines, with the statements of the cycle, for each currency. If the workspace bills cost files or
several currencies in the cycle, the criteria are those of its own data sets.`,
		Example: "  tollbook focus check focus.csv.gz\n  tollbook focus check focus.parquet --json\n" +
			"  tollbook -w sample focus check exports/focus-2026-09-vendor.csv --cycle 2026-09",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return runFocusCheck(cmd.Context(), a, &o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(
		&o.version,
		"focus-version",
		"",
		"FOCUS version of the columns: "+strings.Join(focus.ModelVersions(), ", ")+
			" (default: the lowest that has all columns of the file)",
	)
	flags.StringSliceVar(
		&o.criteria,
		"criteria",
		nil,
		"criteria that apply to the data set, such as TAGGING_SUPPORTED,REGION_SUPPORTED (default: by its columns)",
	)
	flags.StringVar(&o.cycle, "cycle", "", "compare with the statements of this month of the workspace, as 2026-09")
	flags.StringVar(
		&o.issuer,
		"issuer",
		"",
		"with --cycle: whose invoices the file has: vendor, or a partner_id (default: by its InvoiceId)",
	)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// criteriaOfCycle uses the criteria of the workspace's own data sets if the cycle has lines from cost files, which have
// no unit price, or several currencies.
func criteriaOfCycle(a *cli.App, o *focusCheckOptions) error {
	cycle, err := cli.CycleFlag(o.cycle)
	if err != nil {
		return err
	}
	return withFocus(a, func(s *focus.Source) error {
		costs, err := s.HasCosts(lake.CycleOf(cycle))
		if err != nil {
			return err
		}
		mixed, err := s.HasCurrencies(lake.CycleOf(cycle))
		if (costs || mixed) && err == nil {
			o.criteria, err = focus.SupportsOf(s, lake.CycleOf(cycle))
		}
		return err
	})
}

// focusChecked is the result of `focus check`.
type focusChecked struct {
	File       string   `json:"file"`
	Model      string   `json:"rules"`         // version of FOCUS whose rules were applied
	Version    string   `json:"focus_version"` // of the file's columns
	Criteria   []string `json:"criteria"`
	Violations int      `json:"violations"`      // mandatory rules that fail
	Advice     int      `json:"recommendations"` // recommendations that fail
	Issuer     string   `json:"issuer,omitempty"`
	focus.Summed
	Accounts []focus.AuditAccount `json:"accounts,omitempty"` // accounts that differ from the statements
	*focus.RuleReport
}

func runFocusCheck(ctx context.Context, a *cli.App, o *focusCheckOptions) error {
	if o.issuer != "" && o.cycle == "" {
		return &cli.UsageError{What: "--issuer goes with --cycle", Hint: "add --cycle, as 2026-09"}
	}
	heap.Tune(a.Env)
	if o.cycle != "" && o.criteria == nil {
		if err := criteriaOfCycle(a, o); err != nil {
			return err
		}
	}
	var c *focusChecked
	given := o.file
	err := cli.WithInput(a, given, func(file string) (err error) {
		o.file = file
		if c, err = checkRules(ctx, a, o); err != nil || o.cycle == "" {
			return err
		}
		return checkStatements(ctx, a, c, o)
	})
	if err != nil {
		return err
	}
	c.File = given
	return a.Show(c, func() { printFocusChecked(a, c) }, nil, c.Violations > 0 || len(c.Accounts) > 0)
}

// checkRules applies the rules to a file.
func checkRules(ctx context.Context, a *cli.App, o *focusCheckOptions) (c *focusChecked, err error) {
	d, err := focus.OpenData(o.file, "NULL")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	names, _ := d.Columns()
	c = &focusChecked{File: o.file, Model: focus.ModelVersion, Version: o.version, Criteria: o.criteria}
	if c.Version == "" {
		c.Version = focus.ModelVersionOf(names)
	}
	if !slices.Contains(focus.ModelVersions(), c.Version) {
		return nil, (&cli.UsageError{What: fmt.Sprintf("--focus-version %q: want one of %s", c.Version,
			strings.Join(focus.ModelVersions(), ", "))}).Meant(c.Version, focus.ModelVersions())
	}
	if err := criteriaOf(c, names); err != nil {
		return nil, err
	}
	if err := isFocus(o.file, names); err != nil {
		return nil, err
	}
	if c.RuleReport, err = focus.ValidateAs(ctx, d, c.Version, c.Criteria); err != nil {
		return nil, err
	}
	for i := range c.Results {
		switch res := &c.Results[i]; {
		case res.Outcome != focus.Failed:
		case focus.Binding(res.Keyword):
			c.Violations++
		default:
			c.Advice++
		}
	}
	return c, nil
}

// criteriaOf derives the criteria from the columns, or checks those of the command line.
func criteriaOf(c *focusChecked, names []string) (err error) {
	if c.Criteria == nil {
		c.Criteria, err = focus.Applicable(names)
		return err
	}
	known, err := focus.Criteria()
	for _, criterion := range c.Criteria {
		if err == nil && !slices.Contains(known, criterion) {
			err = &cli.UsageError{
				What: fmt.Sprintf("--criteria %q: FOCUS has no such criterion", criterion),
				Hint: "it has " + strings.Join(known, ", "),
			}
		}
	}
	return err
}

// isFocus refuses a file without any column of FOCUS, because every rule would report the same fault.
func isFocus(file string, names []string) error {
	defined, err := focus.RuleColumns()
	if err == nil && !slices.ContainsFunc(names, func(name string) bool { return slices.Contains(defined, name) }) {
		err = &focus.RuleFileError{
			Name: file,
			Err: errors.New(
				"it has no column of FOCUS: the first row must be a header such as BilledCost,BillingAccountId,…",
			),
		}
	}
	return err
}

// checkStatements compares a file with the statements of a cycle.
func checkStatements(ctx context.Context, a *cli.App, c *focusChecked, o *focusCheckOptions) error {
	cycle, err := cli.CycleFlag(o.cycle)
	if err != nil {
		return err
	}
	if c.Issuer = o.issuer; c.Issuer == "" {
		if c.Issuer, err = issuerOf(c.File); err != nil {
			return err
		}
	}
	return withFocus(a, func(s *focus.Source) error {
		sums, err := focus.CompareExport(ctx, s, focus.Request{Cycle: lake.CycleOf(cycle), Issuer: c.Issuer},
			c.File)
		if err == nil {
			c.Summed, c.Accounts = sums.Summed, sums.Differ
		}
		return err
	})
}

// issuerOf returns the issuer in the InvoiceId of the first row, which is issuer/account/cycle.
func issuerOf(file string) (issuer string, err error) {
	d, err := focus.OpenData(file, "NULL")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	names, _ := d.Columns()
	row, err := d.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if at := slices.Index(names, "InvoiceId"); err == nil && at >= 0 && strings.Count(row[at].Text, "/") == 2 {
		return row[at].Text[:strings.IndexByte(row[at].Text, '/')], nil
	}
	return "", &cli.UsageError{
		What: "--issuer is missing: InvoiceId of the first row does not name it",
		Hint: "name the issuer of the file's invoices: --issuer vendor",
	}
}

// printFocusChecked prints the result of the check for people.
func printFocusChecked(a *cli.App, c *focusChecked) {
	fmt.Fprintf(
		a.Out,
		"%s: %s, columns of FOCUS %s, checked by the rules of FOCUS %s\n",
		c.File,
		cli.Counted(c.Rows, "row", "rows"),
		c.Version,
		c.Model,
	)
	fmt.Fprintf(
		a.Out,
		"%s passed; %s; %s not followed; %d apply to no row; %d are not applied\n",
		cli.Counted(int64(c.Count(focus.Passed)), "rule", "rules"),
		cli.Counted(
			int64(c.Violations),
			"violation",
			"violations",
		),
		cli.Counted(int64(c.Advice), "recommendation", "recommendations"),
		c.Count(focus.Untried),
		c.Count(focus.NotRun),
	)
	printFailed(a, c, "violations", focus.Binding)
	printFailed(
		a, c,
		"recommendations that are not followed",
		func(keyword string) bool { return !focus.Binding(keyword) },
	)
	if c.Issuer == "" {
		return
	}
	sums := c.Currencies
	if len(sums) == 0 {
		sums = []focus.CurrencySum{{Billed: c.Billed, Expected: c.Expected}}
	}
	fmt.Fprintln(a.Out)
	for _, sum := range sums {
		in := ""
		if sum.Currency != "" {
			in = " in " + sum.Currency
		}
		fmt.Fprintf(a.Out, "statements of issuer %s%s: BilledCost %s, statements %s\n", c.Issuer, in, sum.Billed,
			sum.Expected)
	}
	if len(c.Accounts) == 0 {
		fmt.Fprintln(a.Out, "every account has the amount and the lines of its statement")
		return
	}
	printAccounts(a, c.Accounts)
}

// printAccounts prints the accounts whose amounts or lines differ between the data set and the statements.
func printAccounts(a *cli.App, list []focus.AuditAccount) {
	g := cli.NewGrid("account", ">.BilledCost", ">.statement", ">lines", ">lines of the statement")
	for _, one := range list {
		id := one.ID
		if one.Currency != "" {
			id += " in " + one.Currency
		}
		g.Add(id, one.Billed, one.Expected, one.Lines, one.Stated)
	}
	g.Print(a.Out, "  ")
}

// printFailed prints the rules that fail, then an example of each.
func printFailed(a *cli.App, c *focusChecked, title string, is func(keyword string) bool) {
	g := cli.NewGrid("rule", ">fails", ">of rows", "requires")
	var examples []string
	for i := range c.Results {
		res := &c.Results[i]
		if res.Outcome != focus.Failed || !is(res.Keyword) {
			continue
		}
		g.Add(res.Rule, res.Failures, res.Rows, res.Text)
		e, at := res.Examples[0], "data set" // a failed rule has an example
		if e.Row > 0 {
			at = fmt.Sprintf("row %d", e.Row)
		}
		examples = append(examples, fmt.Sprintf("  %s, %s: %s\n", res.Rule, at, strings.Join(e.Values, ", ")))
	}
	if len(examples) > 0 {
		fmt.Fprintf(a.Out, "\n%s\n", title)
		g.Print(a.Out, "  ")
		fmt.Fprintf(a.Out, "\n%s: the first row of each\n%s", title, strings.Join(examples, ""))
	}
}

package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// rejectsResult is the list of rejects, as JSON.
type rejectsResult struct {
	Count     int64             `json:"count"` // of all that match the flags
	Open      int64             `json:"open"`
	Corrected int64             `json:"corrected,omitempty"` // with --all
	Dismissed int64             `json:"dismissed,omitempty"` // with --all
	Reasons   map[string]int64  `json:"reasons"`             // of the open rejects
	Remedies  map[string]string `json:"remedies"`            // by reason: what to do
	Rejects   []rejectRow       `json:"rejects"`

	HeldCosts int64 `json:"held_costs,omitempty"` // rejected rows of held deliveries of cost files: rejects costs
}

// rejectRow is one record that was rejected.
type rejectRow struct {
	Feed   string             `json:"feed"`
	File   string             `json:"file"`
	Row    int64              `json:"row"`
	Column string             `json:"column"`
	Reason string             `json:"reason"`
	Value  string             `json:"value"`
	ID     string             `json:"id"`
	Raw    string             `json:"raw"`
	State  accept.RejectState `json:"state,omitempty"` // with --all

	CorrectedFile string `json:"corrected_file,omitempty"` // of the accepted record of the same identity
	CorrectedRow  int64  `json:"corrected_row,omitempty"`
	CorrectedAt   string `json:"corrected_at,omitempty"`
	DismissedBy   string `json:"dismissed_by,omitempty"`
	DismissedWhy  string `json:"dismissed_why,omitempty"`
	DismissedAt   string `json:"dismissed_at,omitempty"`

	header string // what is needed before Raw: the header of a CSV file
}

// rejectFlags are the flags of `rejects`.
type rejectFlags struct {
	reason, file string
	limit        int
	raw, all     bool
	replacement  cli.Output
}

// fits reports whether a reject matches the flags.
func (f *rejectFlags) fits(why, file string) bool {
	return (f.reason == "" || why == f.reason) && (f.file == "" || file == f.file)
}

// of describes the limits of the list, for messages.
func (f *rejectFlags) of() (text string) {
	if f.file != "" {
		text = " of " + cli.Printable(f.file)
	}
	if f.reason != "" {
		text += " with the reason " + f.reason
	}
	return text
}

// NewRejects is the command rejects.
func NewRejects(a *cli.App) *cobra.Command {
	var f rejectFlags
	cmd := &cobra.Command{
		Use:   "rejects",
		Short: "List the records that were not accepted",
		Long: `rejects lists the open rejects: records that were not accepted, with file, row, column, reason and
value, and what to do about each reason.

A reject ends when a record of its identity is accepted: from a corrected file, or by tollbook
ingest --retry-rejects after the books are corrected. tollbook rejects dismiss ends others, with a
name and a reason; tollbook rejects restore opens them again. --all also lists the ended ones, with
what ended them.

--as-replacement writes the open rejects of CSV files as one feed file to correct. A conflict of
usage gets a new id there and replaces the accepted record; other records keep their id.

The exit code is 1 while a reject that matches the flags is open.`,
		Example: "  tollbook rejects\n  tollbook rejects --reason unknown_sku --raw\n  tollbook rejects --all\n" +
			"  tollbook rejects dismiss usage/2026-09-03.csv:17 --reason 'test record of the vendor'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, ok := reason.Parse(f.reason); f.reason != "" && !ok {
				return (&cli.UsageError{What: fmt.Sprintf("--reason %q: not a reason", f.reason),
					Hint: "reasons: " + strings.Join(reasonNames(), ", ")}).Meant(f.reason, reasonNames())
			}
			replaces := cmd.Flags().Changed("as-replacement")
			if err := checkReplacement(&f, replaces); err != nil {
				return err
			}
			if f.limit < 0 {
				return &cli.UsageError{What: fmt.Sprintf("--limit %d: want 0 or more", f.limit),
					Hint: "--limit 0 lists all"}
			}
			r, err := readRejects(cmd.Context(), a, &f)
			if err != nil {
				return err
			}
			if replaces {
				return writeReplacement(a, r, &f.replacement)
			}
			if err := printRejects(a, r, &f); err != nil {
				return err
			}
			if r.Open > 0 {
				return cli.ErrNeedsAttention
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "only those of one reason")
	cmd.Flags().StringVar(&f.file, "file", "", "only those of one file, as its path below inbox/")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "list at most so many; 0 = all")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "show the raw text of each record")
	f.replacement.Add(cmd, "as-replacement",
		"write the records as a feed file to correct; conflicts replace the accepted one")
	cmd.Flags().BoolVar(&f.all, "all", false, "list the ended ones too: corrected or dismissed")
	cmd.AddCommand(dismissCommand(a), restoreCommand(a), costsCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// checkReplacement checks the flags of --as-replacement, which writes all open rejects that match.
func checkReplacement(f *rejectFlags, replaces bool) error {
	if !replaces {
		return f.replacement.Check()
	}
	f.limit = 0
	if f.all || f.replacement.ToStdout() {
		return &cli.UsageError{What: "--as-replacement FILE writes open rejects to a file",
			Hint: "leave --all out, and name a file"}
	}
	return f.replacement.Check()
}

// readRejects reads the rejects that match the flags from the live state.
func readRejects(ctx context.Context, a *cli.App, f *rejectFlags) (*rejectsResult, error) {
	var r *rejectsResult
	err := a.Read(func(snap *lake.Snapshot) (err error) {
		r = &rejectsResult{Reasons: map[string]int64{}, Remedies: map[string]string{}, Rejects: []rejectRow{}}
		list, err := rows.Rejects(ctx, snap, nil, rows.Limits{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, list.Close()) }()
		err = list.Each(func(row rows.Row[tables.Reject]) error {
			if f.fits(row.Word(tables.RejectReason), row.Word(tables.RejectFile)) {
				r.open(row, f)
			}
			return nil
		})
		if err == nil {
			r.HeldCosts, err = heldRows(snap)
		}
		if err != nil || !f.all {
			return err
		}
		return r.ended(snap, f)
	})
	return r, err
}

// open adds an open reject.
func (r *rejectsResult) open(row rows.Row[tables.Reject], f *rejectFlags) {
	why := row.Word(tables.RejectReason)
	r.Count++
	r.Open++
	r.Reasons[why]++
	if word, ok := reason.Parse(why); ok {
		r.Remedies[why] = word.Remedy()
	}
	if f.limit > 0 && r.Count > int64(f.limit) {
		return
	}
	x := rejectRow{
		Feed: row.Word(tables.RejectFeed), File: row.Word(tables.RejectFile), Row: row.Whole(tables.RejectRow),
		Column: row.Word(tables.RejectColumn),
		Reason: why, Value: string(row.Text(tables.RejectValue)), ID: string(row.Text(tables.RejectID)),
		Raw: string(row.Text(tables.RejectRaw)), header: row.Word(tables.RejectHeader),
	}
	if f.all {
		x.State = accept.OpenReject
	}
	r.Rejects = append(r.Rejects, x)
}

// ended adds the ended rejects, in order of file and row.
func (r *rejectsResult) ended(snap *lake.Snapshot, f *rejectFlags) error {
	var list []rejectRow
	for _, e := range snap.Manifest.Loose {
		if e.FileKey != accept.EndedRejectsKey() {
			continue
		}
		err := accept.EachReject(snap, e, func(x *accept.RejectRow) error {
			if f.fits(x.Reason, x.File) {
				list = append(list, endedRow(x))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(list, func(a, b rejectRow) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	for _, x := range list {
		r.Count++
		if x.State == accept.CorrectedReject {
			r.Corrected++
		} else {
			r.Dismissed++
		}
		if f.limit == 0 || r.Count <= int64(f.limit) {
			r.Rejects = append(r.Rejects, x)
		}
	}
	return nil
}

// endedRow returns an ended reject.
func endedRow(x *accept.RejectRow) rejectRow {
	out := rejectRow{Feed: x.Feed, File: x.File, Row: x.Row, Column: x.Column, Reason: x.Reason, Value: x.Value,
		ID: x.ID, Raw: string(x.Raw), State: x.End.State(), DismissedBy: x.End.By, DismissedWhy: x.End.Why}
	if c := x.End.Corrected; c.File != "" {
		out.CorrectedFile, out.CorrectedRow, out.CorrectedAt = c.File, c.Row, x.End.CorrectedAt.String()
	}
	if x.End.By != "" {
		out.DismissedAt = x.End.DismissedAt.String()
	}
	return out
}

// became describes how a reject ended.
func (x *rejectRow) became() string {
	switch x.State {
	case accept.CorrectedReject:
		return fmt.Sprintf("corrected by inbox/%s row %d", x.CorrectedFile, x.CorrectedRow)
	case accept.DismissedReject:
		return fmt.Sprintf("dismissed by %s: %s", visible.Isolated(x.DismissedBy), visible.Isolated(x.DismissedWhy))
	}
	return string(x.State)
}

func printRejects(a *cli.App, r *rejectsResult, f *rejectFlags) error {
	if a.Flags.JSON {
		return a.PrintJSON(r)
	}
	if r.Open == 0 {
		fmt.Fprintln(a.Out, "no rejects"+f.of())
	}
	if r.HeldCosts > 0 {
		fmt.Fprintf(a.Out, "%s of held deliveries of cost files: `tollbook rejects costs`\n",
			cli.Counted(r.HeldCosts, "rejected row", "rejected rows"))
	}
	if r.Count == 0 {
		return nil
	}
	g := cli.NewGrid("reason", ">records")
	for _, why := range slices.Sorted(maps.Keys(r.Reasons)) {
		g.Add(why, r.Reasons[why])
	}
	if r.Open > 0 {
		g.Print(a.Out, "  ")
	}
	fmt.Fprintln(a.Out)
	rejectRows(a, r, f)
	if rest := r.Count - int64(len(r.Rejects)); rest > 0 {
		fmt.Fprintf(a.Out,
			"\nand %d more: `tollbook rejects --limit 0`, or `tollbook export --table rejects --format csv`\n", rest)
	}
	remedies(a, r)
	return nil
}

// rejectRows prints the list.
func rejectRows(a *cli.App, r *rejectsResult, f *rejectFlags) {
	header := []string{"file", ">row", "column", "reason", "value", "id"}
	if f.all {
		header = append(header, "state")
	}
	if f.raw {
		header = append(header, "record")
	}
	g := cli.NewGrid(header...)
	for i := range r.Rejects {
		x := &r.Rejects[i]
		cells := []any{feed.ShownName(x.File), x.Row, x.Column, x.Reason,
			cli.Shown(visible.Isolated(x.Value)), cli.Shown(x.ID)}
		if f.all {
			cells = append(cells, x.became())
		}
		if f.raw {
			cells = append(cells, cli.Printable(x.Raw))
		}
		g.Add(cells...)
	}
	g.Print(a.Out, "  ")
}

// remedies prints what to do about the open rejects, by reason, in the order in which reasons are checked.
func remedies(a *cli.App, r *rejectsResult) {
	if r.Open == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\nwhat to do")
	var order []string
	reasons := make(map[string][]string) // by remedy
	for _, why := range reason.All() {
		if r.Reasons[why.String()] == 0 {
			continue
		}
		if reasons[why.Remedy()] == nil {
			order = append(order, why.Remedy())
		}
		reasons[why.Remedy()] = append(reasons[why.Remedy()], why.String())
	}
	for _, remedy := range order {
		fmt.Fprintf(a.Out, "  %s: %s\n", strings.Join(reasons[remedy], ", "), remedy)
	}
	fmt.Fprintln(a.Out, "  a record that is not to be billed: `tollbook rejects dismiss FILE:ROW --reason \"why\"`")
}

// reasonNames returns the names of all reasons.
func reasonNames() (out []string) {
	for _, r := range reason.All() {
		out = append(out, r.String())
	}
	return out
}

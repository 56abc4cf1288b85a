package commands

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/visible"
)

// dismissResult is the report of a dismissal or restore, as JSON.
type dismissResult struct {
	*run.DismissReport
	AsOf           string `json:"as_of"`
	NeedsAttention bool   `json:"look"` // a person should look: exit code 1
}

// dismissCommand is the command `rejects dismiss`.
func dismissCommand(a *cli.App) *cobra.Command {
	var d run.DismissOptions
	cmd := &cobra.Command{
		Use:   "dismiss ID...",
		Short: "End rejects that are not to be billed",
		Long: `dismiss ends open rejects because a person decided that the records are not to be billed. The lake
stores who decided it, when and why, and tollbook rejects --all shows it. The record stays counted
as rejected in its file.

ID is FILE:ROW as tollbook rejects lists them, the id of the record, or FILE for all rejects of a
file. If two files have the same name, use the hash of the file: HASH:ROW, with at least the first 8
digits.

tollbook rejects restore opens a dismissed reject again. If a record of its identity is accepted
later, a dismissed reject counts as corrected.`,
		Example: "  tollbook rejects dismiss usage/2026-09-03.csv:17 --reason 'test record of the vendor'\n" +
			"  tollbook rejects dismiss r-1001 r-1002 --reason 'sent twice' --by anna",
		Args: func(_ *cobra.Command, args []string) error { return wantNames("dismiss", args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Names = args
			if d.Why = strings.TrimSpace(d.Why); !cli.OneLine(d.Why) {
				return &cli.UsageError{What: fmt.Sprintf("--reason: want a reason, one line of up to %d bytes",
					cli.LineBytes),
					Hint: `the reason is stored with the reject: --reason "test record of the vendor"`}
			}
			return runDismiss(cmd.Context(), a, &d)
		},
	}
	cmd.Flags().StringVar(&d.Why, "reason", "", "why the records are not to be billed")
	cmd.Flags().StringVar(&d.By, "by", "", "who decides it (default: the user of the operating system)")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// restoreCommand is the command `rejects restore`.
func restoreCommand(a *cli.App) *cobra.Command {
	d := run.DismissOptions{Restore: true}
	cmd := &cobra.Command{
		Use:   "restore ID...",
		Short: "Open dismissed rejects again",
		Long: `restore reverses tollbook rejects dismiss: the rejects are open again. A reject that was corrected
does not change. The manifest and the run ledger store who did it, when and why.`,
		Example: "  tollbook rejects restore usage/2026-09-03.csv:17 --reason 'the vendor bills it after all'",
		Args:    func(_ *cobra.Command, args []string) error { return wantNames("restore", args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Names = args
			if d.Why = strings.TrimSpace(d.Why); d.Why != "" && !cli.OneLine(d.Why) {
				return &cli.UsageError{What: fmt.Sprintf("--reason: want one line of up to %d bytes", cli.LineBytes)}
			}
			return runDismiss(cmd.Context(), a, &d)
		},
	}
	cmd.Flags().StringVar(&d.Why, "reason", "", "why")
	cmd.Flags().StringVar(&d.By, "by", "", "who does it (default: the user of the operating system)")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// wantNames returns an error if no reject is named.
func wantNames(what string, args []string) error {
	if len(args) == 0 {
		return &cli.UsageError{What: fmt.Sprintf("rejects %s: which ones?", what),
			Hint: "name each by its file and row, as usage/a.csv:12; `tollbook rejects` lists them"}
	}
	for _, name := range args {
		if !cli.OneLine(name) {
			return &cli.UsageError{What: fmt.Sprintf("rejects %s %q: want a name, one line of up to %d bytes", what,
				name, cli.LineBytes)}
		}
	}
	return nil
}

// runDismiss dismisses or restores rejects and prints their new state.
func runDismiss(ctx context.Context, a *cli.App, d *run.DismissOptions) error {
	if a.Flags.Lake != "" {
		return &cli.UsageError{What: "--lake: this command writes",
			Hint: "rejects are dismissed in the lake of the workspace"}
	}
	if d.By = strings.TrimSpace(d.By); d.By == "" {
		d.By = osUser()
	}
	if !cli.OneLine(d.By) {
		return &cli.UsageError{What: fmt.Sprintf("--by: want a name, one line of up to %d bytes", cli.LineBytes)}
	}
	res, failed := a.Do(ctx, jobs.Task{Kind: jobs.Rejects, Cycle: jobs.NoCycle, Dismiss: *d})
	if res == nil || res.Dismissed == nil {
		return failed
	}
	r := res.Dismissed
	look := r.NeedsAttention()
	return a.Show(dismissResult{r, r.AsOf.String(), look}, func() { printDismiss(a, r) }, failed, look)
}

// printDismiss prints the report as text.
func printDismiss(a *cli.App, r *run.DismissReport) {
	g := cli.NewGrid("file", ">row", "reason", "id", "state")
	for _, x := range r.Rejects {
		state := string(x.State)
		switch {
		case x.State == accept.CorrectedReject:
			state = "corrected by " + x.Detail + ", as before"
		case x.Before:
			state += ", as before"
		}
		g.Add(x.File, x.Row, x.Reason, cli.Shown(x.ID), state)
	}
	g.Print(a.Out, "  ")
	if !r.Changed {
		fmt.Fprintln(a.Out, "\nNothing changed: nothing was written.")
	} else {
		fmt.Fprintf(a.Out, "\nby %s; the lake is at manifest %d\n", visible.Isolated(r.By), r.Manifest)
	}
	fmt.Fprintf(a.Out, "%s open\n", cli.Counted(r.Open, "reject is", "rejects are"))
	cli.PrintPublished(a, &r.Publication)
}

// osUser returns the name of the operating system's user, or the user ID if there is no name.
func osUser() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}

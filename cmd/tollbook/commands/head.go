package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// headResult is the JSON report of restore-head.
type headResult struct {
	Was           string `json:"was"` // previous content of HEAD; "" = it was missing
	Head          string `json:"head"`
	Manifest      int64  `json:"manifest"`
	Command       string `json:"command"` // of the run that made the manifest
	AsOf          string `json:"as_of"`
	ClosedThrough string `json:"closed_through,omitempty"`
	Files         int    `json:"files"`
	Bytes         int64  `json:"bytes"`
	Manifests     int    `json:"manifests"`
	Good          bool   `json:"good"`    // HEAD was right: nothing to do
	Written       bool   `json:"written"` // HEAD was replaced
}

// NewRestoreHead is the command restore-head.
func NewRestoreHead(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore-head",
		Short: "Restore HEAD of the lake to the newest manifest",
		Long: `restore-head repairs a lake whose file HEAD is missing, damaged or older than the lake. It finds the
newest manifest, compares every file that the manifest names with its hash, follows the chain of
manifests to the first one, and shows what HEAD will contain. With --yes it writes HEAD. It writes
nothing else and deletes nothing. An older manifest is never chosen: if the newest one is
incomplete, the command names the first wrong file and ends with exit code 3. Restore a backup then.

Exit code 1 means that HEAD is wrong and that --yes was not given.`,
		Example: "  tollbook restore-head\n  tollbook restore-head --yes\n  tollbook --lake archive/lake restore-head",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRestoreHead(cmd.Context(), a) },
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func runRestoreHead(ctx context.Context, a *cli.App) error {
	w, err := a.Open()
	if err != nil {
		return err
	}
	o, err := a.Options()
	if err != nil {
		return err
	}
	st, err := w.LakeStorage(0)
	if err != nil {
		return err
	}
	if o.Wrap != nil {
		st = o.Wrap(st)
	}
	var r headResult
	err = lake.RestoreHead(ctx, st, func(p *lake.HeadPlan) (bool, error) {
		r = headResult{Was: p.Was, Head: p.Text, Manifest: p.Manifest.Number, Command: p.Manifest.Command,
			AsOf: p.Manifest.AsOf, ClosedThrough: p.Manifest.ClosedThrough.String(), Files: p.Files, Bytes: p.Bytes,
			Manifests: p.Manifests, Good: p.Good, Written: a.Flags.Yes && !p.Good}
		return a.Flags.Yes, nil
	})
	if err != nil {
		return err
	}
	return a.Show(&r, func() { printHead(a, w.Settings.Zone, &r) }, nil, !r.Good && !r.Written)
}

func printHead(a *cli.App, zone *period.Zone, r *headResult) {
	if r.Good {
		fmt.Fprintf(a.Out, "HEAD is right: it names manifest %d, the newest. Nothing was written.\n", r.Manifest)
		return
	}
	was := "missing"
	if r.Was != "" {
		was = fmt.Sprintf("%q", r.Was)
	}
	closed := "no cycle closed"
	if r.ClosedThrough != "" {
		closed = "closed through " + r.ClosedThrough
	}
	fmt.Fprintf(a.Out, "HEAD is     %s\n", was)
	fmt.Fprintf(a.Out, "newest      manifest %d: %s, as of %s, %s\n", r.Manifest, r.Command,
		cli.Local(zone, r.AsOf), closed)
	fmt.Fprintf(a.Out, "compared    %s, %s, and a chain of %s: all unchanged\n",
		cli.Counted(int64(r.Files), "file", "files"), cli.Counted(r.Bytes, "byte", "bytes"),
		cli.Counted(int64(r.Manifests), "manifest", "manifests"))
	if r.Written {
		fmt.Fprintf(a.Out, "\nHEAD was written: %s\n`tollbook verify` counts everything again\n", r.Head)
		return
	}
	fmt.Fprintf(a.Out, "\nHEAD will be: %s\nNothing was written. `tollbook restore-head --yes` writes it.\n", r.Head)
}

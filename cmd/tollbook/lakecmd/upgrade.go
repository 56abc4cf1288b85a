package lakecmd

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/replica"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// upgradeOptions are those of upgrade.
type upgradeOptions struct {
	dryRun bool
	backup string          // folder
	steps  []manifest.Step // nil = the steps of the program
}

// upgradeResult is the JSON report of upgrade.
type upgradeResult struct {
	Lake     string   `json:"lake"`
	Manifest int64    `json:"manifest"` // number before the upgrade
	Format   int      `json:"format"`
	Program  int      `json:"program_format"`
	Steps    []string `json:"steps"` // changes of the format; none = nothing to do
	Lists    int      `json:"lists"` // lists that must be rewritten
	Files    int      `json:"files"` // data files, which do not change
	Bytes    int64    `json:"bytes"`
	Backup   string   `json:"backup,omitempty"`
	Upgraded bool     `json:"upgraded"`
}

// NewUpgrade is the command upgrade.
func NewUpgrade(a *cli.App) *cobra.Command { return newUpgrade(a, nil) }

func newUpgrade(a *cli.App, steps []manifest.Step) *cobra.Command {
	o := upgradeOptions{steps: steps}
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Convert a lake of an earlier format",
		Long: `upgrade reads the format of the lake. If it is the format of this program, there is nothing to do.
If it is an earlier one, upgrade copies the lake as it is to the folder of --backup, and commits the
same state in the format of this program: new lists and a new manifest; data files stay as they are.
Killed at any point, it leaves the lake in one of the two formats, and can be run again. Every other
command refuses a lake of another format and changes nothing.

--dry-run shows what would change and writes nothing. A lake of a later format is refused: use the
version of tollbook that wrote it. An archive is upgraded by itself, with --lake.`,
		Example: "  tollbook upgrade --dry-run\n  tollbook upgrade --backup /mnt/backup/lake-before\n" +
			"  tollbook --lake archive/lake upgrade --backup /mnt/backup/archive-before",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUpgrade(cmd.Context(), a, &o) },
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would change, and write nothing")
	cmd.Flags().StringVar(&o.backup, "backup", "", "folder for a copy of the lake as it is; required to convert it")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runUpgrade(ctx context.Context, a *cli.App, o *upgradeOptions) error {
	w, err := a.Open()
	if err != nil {
		return err
	}
	run, err := a.Options()
	if err != nil {
		return err
	}
	st, err := w.LakeStorage(0)
	if err != nil {
		return err
	}
	st = run.Disk(st)
	of := lake.Options{Log: run.Log, Stop: run.StopAt, Steps: o.steps}
	plan, err := lake.PlanUpgrade(st, of)
	if err != nil {
		return err
	}
	r := &upgradeResult{Lake: w.LakeName(), Manifest: plan.Manifest, Format: plan.Format, Program: plan.Program,
		Steps: append([]string{}, plan.Steps...), Lists: plan.Lists, Files: plan.Files, Bytes: plan.Bytes}
	if len(plan.Steps) > 0 && !o.dryRun {
		if err := checkBackupFolder(w.LakeDir(), o.backup); err != nil {
			return err
		}
		if r.Upgraded, err = lake.Upgrade(ctx, st, replica.Backup(ctx, storage.Dir(o.backup)), of); err != nil {
			return err
		}
		r.Backup = o.backup
	}
	return a.Show(r, func() { printUpgrade(a, r) }, nil, false)
}

// checkBackupFolder refuses a missing --backup, and a backup folder inside the lake.
func checkBackupFolder(lakeDir, backup string) error {
	if backup == "" {
		return &cli.UsageError{What: "--backup is missing: the lake is converted only after it was copied",
			Hint: "name a folder outside the lake: --backup /mnt/backup/lake-before; --dry-run shows what would change"}
	}
	of, err := filepath.Abs(lakeDir)
	if err != nil {
		return fmt.Errorf("find the folder of the lake: %w", err)
	}
	to, err := filepath.Abs(backup)
	if err != nil {
		return fmt.Errorf("find the folder of the backup: %w", err)
	}
	if strings.HasPrefix(to+string(filepath.Separator), of+string(filepath.Separator)) {
		return &cli.UsageError{What: fmt.Sprintf("--backup %s is in the lake", backup),
			Hint: "name a folder outside the lake"}
	}
	return nil
}

func printUpgrade(a *cli.App, r *upgradeResult) {
	fmt.Fprintf(a.Out, "lake      %s\nformat    %d; this program works with format %d\n", r.Lake, r.Format, r.Program)
	if len(r.Steps) == 0 {
		fmt.Fprintln(a.Out, "\nThe format is current: there is nothing to do.")
		return
	}
	fmt.Fprintf(a.Out, "manifest  %d, which names %s, %s\n\nsteps\n", r.Manifest,
		cli.Counted(int64(r.Files), "data file", "data files"), cli.Counted(r.Bytes, "byte", "bytes"))
	for i, step := range r.Steps {
		fmt.Fprintf(a.Out, "  %d to %d  %s\n", r.Format+i, r.Format+i+1, step)
	}
	if !r.Upgraded {
		fmt.Fprintf(a.Out, "\n%s and a manifest would be written; data files stay. Nothing was written.\n",
			cli.Counted(int64(r.Lists), "list", "lists"))
		return
	}
	fmt.Fprintf(a.Out, "\nThe lake as it was is in %s. The lake is at manifest %d, in format %d.\n"+
		"`tollbook verify` counts everything again.\n", r.Backup, r.Manifest+1, r.Program)
}

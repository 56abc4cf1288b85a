package commands

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// resetResult is the result of reset, as JSON.
type resetResult struct {
	Lake     string `json:"lake"`     // folder that was removed
	Manifest int64  `json:"manifest"` // number of the state that was removed; 0 = the lake was empty
}

// NewReset is the command reset.
func NewReset(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Start over while no month is closed",
		Long: `reset removes the lake and the run ledger of the workspace. Settings, books and the inbox stay: the
next run ingests the inbox again with the books of today. A lake with a closed month, a lake in an
object store, and one that is published are never removed.

On a terminal it asks; otherwise it requires --yes.`,
		Example: "  tollbook reset\n  tollbook -w shop reset --yes",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			r, err := reset(a)
			if err != nil {
				return err
			}
			return a.Show(r, func() {
				fmt.Fprintf(a.Out, "removed %s with %s; settings, books and inbox are as before\n", r.Lake,
					cli.Counted(r.Manifest, "run", "runs"))
			}, nil, false)
		},
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// reset removes the lake and the run ledger. The lake is renamed first: a reset that is killed has removed it or not.
func reset(a *cli.App) (r resetResult, err error) {
	w, err := cli.OpenSettings(a)
	if err != nil {
		return r, err
	}
	if w.LakeInStore() || w.Settings.ClickHouse.DSN.Set() || w.Settings.Iceberg.Warehouse != "" {
		return r, &workspace.RefusedError{What: "reset: the lake is in an object store or is published",
			Hint: "remove it there, with what was published of it"}
	}
	r.Lake = w.LakeDir()
	held, err := storage.Dir(r.Lake).Lock()
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, held.Unlock()) }()
	if r.Manifest, err = unclosed(w); err != nil {
		return r, err
	}
	if !a.Flags.Yes {
		if !cli.Asks(a) {
			return r, &cli.UsageError{What: "reset removes " + r.Lake, Hint: "confirm it with --yes"}
		}
		agreed, err := cli.Agrees(a, "Remove "+r.Lake+"? No month of it is closed.")
		if err == nil && !agreed {
			err = &workspace.RefusedError{What: "reset: nothing was removed"}
		}
		if err != nil {
			return r, err
		}
	}
	removed := r.Lake + ".removed"
	err = errors.Join(os.RemoveAll(removed), os.Rename(r.Lake, removed))
	if err == nil {
		err = errors.Join(os.RemoveAll(removed), os.RemoveAll(ledger.Dir(w.Dir)), storage.SyncDir(w.Dir))
	}
	return r, err
}

// unclosed returns the number of the lake's newest state, and an error if a month of it is closed.
func unclosed(w *workspace.Workspace) (number int64, err error) {
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		return 0, err
	}
	return number, l.Read(func(snap *lake.Snapshot) error {
		number = snap.Manifest.Number
		for i := range snap.Manifest.Cycles {
			if c := &snap.Manifest.Cycles[i]; c.State == lake.CycleClosed {
				return &workspace.RefusedError{What: fmt.Sprintf("reset: cycle %s is closed", c.Cycle),
					Hint: "a closed month never changes; `tollbook rerate` posts differences to an open one"}
			}
		}
		return nil
	})
}

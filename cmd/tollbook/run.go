package main

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/publish"
)

func (a *app) ingestCommand() *cobra.Command {
	var retry bool
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Take new feed files in and rate them",
		Long: `ingest looks for feed files that were not taken yet, checks every record, rates the days they
touch, and brings statements up to date. A file that was taken before, under whatever name, is passed over.

With --retry-rejects it tries the records again that were rejected before, once the books are mended.`,
		Example: "  tollbook ingest\n  tollbook ingest --retry-rejects --as-of 2026-10-05T04:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd.Context(), func(ctx context.Context, w *pipeline.Workspace, o pipeline.Options) (*pipeline.Report, error) {
				if retry {
					return w.RetryRejects(ctx, o)
				}
				return w.Ingest(ctx, o)
			})
		},
	}
	cmd.Flags().BoolVar(&retry, "retry-rejects", false, "try the rejected records again")
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

func (a *app) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Run the night or the month",
		Long:    "run nightly takes in what is new and settles the open cycles; run monthly brings one cycle to its month-end.",
		Example: "  tollbook run nightly\n  tollbook run monthly --cycle 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &usageError{what: "run: which one?", hint: "`tollbook run nightly` or `tollbook run monthly --cycle 2026-09`"}
		},
	}
	cmd.AddCommand(a.nightlyCommand(), a.monthlyCommand())
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

func (a *app) nightlyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nightly",
		Short: "Take in what is new, rate the days that changed, settle open cycles",
		Long: `run nightly takes new feed files in, rates the days they change again, and settles the open cycles
provisionally. Run again with nothing new it writes nothing and says so.`,
		Example: "  tollbook run nightly\n  tollbook run nightly --as-of 2026-09-03T01:30:00+08:00 --workers 2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd.Context(), func(ctx context.Context, w *pipeline.Workspace, o pipeline.Options) (*pipeline.Report, error) {
				return w.Nightly(ctx, o)
			})
		},
	}
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

func (a *app) monthlyCommand() *cobra.Command {
	var text string
	cmd := &cobra.Command{
		Use:   "monthly",
		Short: "Do the night for one cycle and add its month-end lines",
		Long: `run monthly does what the night does and adds the lines that come with the month's end: volume, block
and stairstep prices and the 95th percentile. They stay provisional until the cycle is closed.`,
		Example: "  tollbook run monthly --cycle 2026-09 --as-of 2026-10-05T04:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cycle, err := cycleFlag(text)
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), func(ctx context.Context, w *pipeline.Workspace, o pipeline.Options) (*pipeline.Report, error) {
				return w.Monthly(ctx, cycle, o)
			})
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

func (a *app) closeCommand() *cobra.Command {
	var text string
	var dry bool
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Close a cycle: its bill never changes again",
		Long: `close does what run monthly does and then freezes the cycle. Cycles are closed in order. A cycle that is
closed already is no error.

It says what is missing: days without records of a feed that has others, links without samples, rejects left, disputed
incentives. With --dry-run nothing is written: the report says what closing would do, and what is missing is that of
the lake as it stands. Its exit code is 1 where rejects or disputes are left.`,
		Example: "  tollbook close --cycle 2026-09 --dry-run\n  tollbook close --cycle 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cycle, err := cycleFlag(text)
			if err != nil {
				return err
			}
			return a.close(cmd.Context(), cycle, dry)
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "write nothing, say what would be done")
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

// run does one run and reports it.
func (a *app) run(ctx context.Context, do func(context.Context, *pipeline.Workspace, pipeline.Options) (*pipeline.Report, error)) error {
	o, err := a.options()
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	tuneMemory(a.env)
	r, failed := do(ctx, w, o)
	if r == nil {
		return failed
	}
	a.bar.end()
	if err := errors.Join(a.report(w, r), failed); err != nil {
		return err
	}
	if r.Look() {
		return errLook
	}
	return nil
}

// stopPoints are those of a commit and of a publish.
func stopPoints() []string { return slices.Concat(lake.StopPoints(), publish.StopPoints()) }

// stopAt makes a run kill itself at a point of the commit, as kill -9 would.
func stopAt(o pipeline.Options, point string) pipeline.Options {
	if point == "" {
		return o
	}
	o.StopAt = func(at string) error {
		if at == point {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) // cannot fail for our own process
			select {}
		}
		return nil
	}
	return o
}

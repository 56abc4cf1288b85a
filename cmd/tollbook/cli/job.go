package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// Do runs a job that a person started and records it in the run ledger. The result is nil if the command line is wrong.
func (a *App) Do(ctx context.Context, t jobs.Task) (*jobs.Result, error) {
	o, err := a.Options()
	if err == nil && !t.Dry() {
		err = a.CheckAsOf(t.ResetClock)
	}
	if err != nil {
		return nil, err
	}
	t.AsOf, t.Why, t.Yes = o.AsOf, jobs.ByHand, a.Flags.Yes
	r := &jobs.Runner{Dir: a.Flags.Workspace, Clock: a.Clock, Options: o, Log: a.Log, Version: Version(),
		Opened: func(kind jobs.Kind) { heap.TuneJob(a.Env, kind == jobs.Close) }, Engine: a.Engine}
	res, err := r.Run(ctx, t)
	a.Bar.End()
	return res, err
}

// AcceptFlag adds --accept-rejects, the reason why a run may reject more than the gates allow, or the held delivery
// whose accepted rows it counts (§11.1).
func AcceptFlag(cmd *cobra.Command, t *jobs.Task) {
	cmd.Flags().Var(&acceptValue{to: &t.AcceptRejects}, "accept-rejects",
		"a reason, which the run stores: run with more rejects than the setting gates allows. "+
			"SOURCE/YYYY-MM/DELIVERY: count the accepted rows of this held delivery")
}

// acceptValue is the value of --accept-rejects, which is set once: a run accepts one reason or one delivery.
type acceptValue struct {
	to  *string
	set bool
}

// Set takes the value. Errors: a second value.
func (v *acceptValue) Set(s string) error {
	if v.set {
		return errors.New("given more than once: a run accepts one reason or one held delivery, " +
			"accept the next one with another run")
	}
	*v.to, v.set = s, true
	return nil
}

// String returns the value.
func (v *acceptValue) String() string {
	if v.to == nil {
		return ""
	}
	return *v.to
}

// Type returns the type's name in the help.
func (v *acceptValue) Type() string { return "string" }

// CheckAccept requires the reason of --accept-rejects to be one non-empty line, and excludes --retry-rejects.
func CheckAccept(cmd *cobra.Command, t *jobs.Task) error {
	if !cmd.Flags().Changed("accept-rejects") {
		return nil
	}
	if t.RetryRejects {
		return &UsageError{What: "--retry-rejects and --accept-rejects exclude each other",
			Hint: "gates do not apply to records that were rejected before: omit --accept-rejects"}
	}
	t.AcceptRejects = strings.TrimSpace(t.AcceptRejects)
	if !OneLine(t.AcceptRejects) {
		return &UsageError{What: fmt.Sprintf("--accept-rejects: want a reason, one line of up to %d bytes", LineBytes),
			Hint: `the reason is stored with the run: --accept-rejects "the vendor confirmed the unknown products"`}
	}
	return nil
}

// stopPoints returns the points of a commit and of a publish at which --stop-at can stop.
func stopPoints() []string { return slices.Concat(lake.StopPoints(), publish.StopPoints()) }

// stopAt makes a run kill itself at a point of the commit, as kill -9 would.
func stopAt(o workspace.Options, point string) workspace.Options {
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

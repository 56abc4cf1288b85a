package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/doctor"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/schemas/period"
)

// NewSchedule is the command schedule.
func NewSchedule(a *cli.App) *cobra.Command {
	var once, dry bool
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Run nights, months, closes and publishes when they are due",
		Long: `schedule runs until it is stopped and starts jobs when they are due: the nightly run, the monthly
run and the publish by the cron expressions of the settings, the close of each cycle at close.day
and close.time, all in the contract zone. Jobs that were missed while no scheduler ran, or that
failed, run as soon as possible, the oldest first, each with the as-of that it would have had. The
lake and the run ledger determine pending jobs; the scheduler stores no state of its own.

One scheduler runs per workspace; manual runs are possible meanwhile. It stops on SIGTERM or SIGINT:
the current run ends within schedule.stop_timeout; a second signal ends it at once. The lake is
complete in both cases.

--once runs each pending job once and ends; --dry-run shows pending jobs and what comes next.`,
		Example: "  tollbook schedule\n  tollbook schedule --dry-run\n" +
			"  tollbook schedule --once --as-of 2026-10-05T04:00:00Z",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case dry && once:
				return &cli.UsageError{What: "schedule: --once and --dry-run", Hint: "leave one of them out"}
			case dry:
				return showSchedule(a)
			case once:
				return runOnce(cmd.Context(), a)
			case a.Flags.AsOf != "":
				return &cli.UsageError{What: "schedule: --as-of without --once or --dry-run",
					Hint: "a scheduler that keeps running reads the clock"}
			}
			return runScheduler(cmd.Context(), a)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "run each pending job once and end")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show pending jobs and what comes next, and run nothing")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// newRunner returns the runner of the scheduler's jobs.
func newRunner(a *cli.App) (*jobs.Runner, error) {
	o, err := a.Options()
	if err != nil {
		return nil, err
	}
	clock := a.Clock
	if a.Flags.AsOf != "" {
		at := time.UnixMicro(int64(o.AsOf))
		clock = func() time.Time { return at }
	}
	o.AsOf = 0 // each run has its own as-of
	return &jobs.Runner{Dir: a.Flags.Workspace, Clock: clock, Options: o, Log: a.Log, Version: cli.Version(),
		Opened: func(kind jobs.Kind) { heap.TuneJob(a.Env, kind == jobs.Close) }, Engine: a.Engine}, nil
}

// runScheduler runs the scheduler until ctx ends.
func runScheduler(ctx context.Context, a *cli.App) (err error) {
	a.Log = cli.NewServerLogger(a.Err, a.Flags.JSON)
	runner, err := newRunner(a)
	if err != nil {
		return err
	}
	runner.Options.Progress = nil
	// report wrong settings immediately, and write nothing to a folder that is not a workspace
	status, err := jobs.Inspect(runner)
	if err != nil {
		return err
	}
	m := doctor.NewMetrics(cli.Version(), a.Clock)
	runner.Ended = func(e ledger.Entry) {
		m.Ended(e)
		heap.Rest()
	}
	m.WatchBudgets(runner.Dir, runner.Options, a.Log)
	s, err := jobs.Open(runner, a.Log, m.Watch())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if address := status.Settings.Schedule.Listen; address != "" {
		stop, err := m.Serve(ctx, address, a.Log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	a.Log.Info("schedule starts", "workspace", a.Flags.Workspace, "owed", status.Owed(), "next", nextText(status))
	go func() {
		<-ctx.Done()
		a.Log.Info("schedule stops after the current run; a second signal ends it at once")
		signal.Reset(syscall.SIGTERM, syscall.SIGINT)
	}()
	s.Loop(ctx)
	a.Log.Info("schedule stopped")
	return nil
}

// nextText returns the next firing for the log.
func nextText(s *jobs.Status) string {
	if len(s.Next) == 0 {
		return "none"
	}
	return fmt.Sprintf("%s at %s", s.Next[0].Kind, s.Next[0].Due)
}

// runOnce runs each pending job once.
func runOnce(ctx context.Context, a *cli.App) (err error) {
	if err := a.CheckAsOf(true); err != nil { // SCHED-6: before the newest state nothing runs
		return err
	}
	runner, err := newRunner(a)
	if err != nil {
		return err
	}
	if _, err := jobs.Inspect(runner); err != nil {
		return err
	}
	s, err := jobs.Open(runner, slog.New(slog.DiscardHandler), jobs.Watch{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	done := s.Pass(ctx, ctx)
	a.Bar.End()
	status := s.Status()
	if err := showRuns(a, done, &status); err != nil {
		return err
	}
	look := status.Owed() > 0 || status.Clock
	for i := range done {
		if done[i].Err != nil {
			return done[i].Err
		}
		look = look || !done[i].Well()
	}
	if err := errors.Join(ctx.Err(), status.Err); err != nil {
		return err
	}
	if look {
		return cli.ErrNeedsAttention
	}
	return nil
}

// showSchedule prints pending jobs and the next firings.
func showSchedule(a *cli.App) error {
	runner, err := newRunner(a)
	if err != nil {
		return err
	}
	status, err := jobs.Inspect(runner)
	if err != nil {
		return err
	}
	return showRuns(a, nil, status)
}

// firingResult is a firing, as JSON.
type firingResult struct {
	Job   string `json:"job"`
	Cycle string `json:"cycle,omitempty"` // of a monthly run or a close
	Due   string `json:"due"`
	AsOf  string `json:"as_of"`             // as-of of its run
	Skip  string `json:"skipped,omitempty"` // why it is skipped
}

// doneResult is a finished run, as JSON.
type doneResult struct {
	firingResult
	Why     string `json:"why"`
	Run     string `json:"run,omitempty"` // ID in the run ledger
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
}

// scheduleResult has the finished runs, the pending jobs and the next firings, as JSON.
type scheduleResult struct {
	At      string         `json:"at"`
	Zone    string         `json:"zone"`
	Done    []doneResult   `json:"done"`
	Owed    []firingResult `json:"owed"` // pending, in the order in which they run
	Skipped []firingResult `json:"skipped"`
	Next    []firingResult `json:"next"` // the next firing of each kind
	// the lake's as-of, if the clock is before it; then nothing runs
	ClockBack string `json:"clock_back,omitempty"`
}

// showRuns prints finished runs, pending jobs and the next firings.
func showRuns(a *cli.App, done []jobs.Outcome, s *jobs.Status) error {
	zone := s.Settings.Zone
	r := scheduleResult{At: s.At.String(), Zone: zone.Name(), Done: []doneResult{}, Owed: []firingResult{},
		Skipped: []firingResult{}, Next: []firingResult{}}
	for i := range done {
		o := &done[i]
		d := doneResult{firingResult: fired(&o.Firing), Why: string(o.Why), Outcome: o.Word()}
		if o.Result != nil {
			d.Run = o.Result.Entry.ID
		}
		if o.Err != nil {
			d.Error = o.Err.Error()
		}
		r.Done = append(r.Done, d)
	}
	for i := range s.Due {
		if f := fired(&s.Due[i]); f.Skip != "" {
			r.Skipped = append(r.Skipped, f)
		} else {
			r.Owed = append(r.Owed, f)
		}
	}
	for i := range s.Next {
		r.Next = append(r.Next, fired(&s.Next[i]))
	}
	if s.Clock {
		r.ClockBack = s.State.Newest.String()
	}
	return a.Show(&r, func() { printSchedule(a, &r, zone) }, nil, false)
}

// fired returns a firing as JSON.
func fired(f *jobs.Firing) firingResult {
	r := firingResult{Job: string(f.Kind), Due: f.Due.String(), AsOf: f.AsOf.String(), Skip: f.Skip}
	if f.Cycle != jobs.NoCycle {
		r.Cycle = f.Cycle.String()
	}
	return r
}

// printSchedule prints the result as text, with times in the contract zone.
func printSchedule(a *cli.App, r *scheduleResult, zone *period.Zone) {
	wall := func(text string) string {
		at, err := period.ParseInstant(text)
		if err != nil {
			return text
		}
		return time.UnixMicro(int64(at)).In(zone.Location()).Format("2006-01-02 15:04 -07:00")
	}
	fmt.Fprintf(a.Out, "at %s, %s\n", wall(r.At), zone.Name())
	if r.ClockBack != "" {
		fmt.Fprintf(a.Out, "the clock is before %s, the as-of of the lake: nothing runs until then\n",
			wall(r.ClockBack))
		fmt.Fprintln(a.Out, "  if that time is wrong, `tollbook run nightly --reset-clock` sets the lake's clock back")
	}
	if len(r.Done) > 0 {
		g := cli.NewGrid("done", "cycle", "due", "why", "outcome", "run")
		for _, d := range r.Done {
			g.Add(d.Job, d.Cycle, wall(d.Due), d.Why, d.Outcome, d.Run)
		}
		g.Print(a.Out, "  ")
	}
	if len(r.Owed) == 0 {
		fmt.Fprintln(a.Out, "nothing is pending")
	}
	for _, part := range []struct {
		name string
		list []firingResult
	}{{"owed", r.Owed}, {"skipped", r.Skipped}, {"next", r.Next}} {
		if len(part.list) == 0 {
			continue
		}
		g := cli.NewGrid(part.name, "cycle", "due", "")
		for _, f := range part.list {
			g.Add(f.Job, f.Cycle, wall(f.Due), f.Skip)
		}
		g.DropEmpty("cycle")
		g.Print(a.Out, "  ")
	}
}

package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	pipeline "github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Scheduler does what falls due on one workspace. Its methods are for one goroutine at a time, but for Status.
type Scheduler struct {
	runner   *jobs.Runner
	clock    func() time.Time
	log      *slog.Logger
	watch    Watch
	reader   reader
	began    period.Instant // when the first scheduler of the workspace was started
	started  period.Instant // when this one was
	seen     time.Time      // of the clock, at the last look
	holds    map[lane]hold
	waiting  *Failing        // a close that waits for a person; nil = none does
	reported string          // the last thing that was said of a state in which nothing can run
	skipped  map[string]bool // firings that this process reported: kind and instant
	mu       sync.Mutex
	status   Status
	released func() error
}

// Watch is notified of what happens, for metrics. Its functions are called on the scheduler's goroutine; nil = nothing.
type Watch struct {
	Looked   func(*Status)
	Ran      func(*Outcome)
	Panicked func(jobs.Kind)
	Waited   func() // a run found the lake held by another
}

// Status is what the last look at a workspace found.
type Status struct {
	At          period.Instant // when it was looked; 0 = never yet
	Err         error          // why nothing could be found out; the rest is of the look before
	Clock       bool           // the clock is before the newest manifest's as-of: nothing runs
	Settings    settings.Settings
	State       State
	Due         []Firing // pending jobs, in order, and what is skipped
	Next        []Firing
	Failing     []Failing
	Manifest    int64                     // number of the newest one; 0 = none
	Newest      map[string]period.Instant // by feed: the start of the newest day that it has accepted records of
	Good        map[jobs.Kind]time.Time   // when the newest run of a kind that ended well ended, by the ledger
	Unpublished int                       // cycles whose newest state a publish is owed for
}

// Failing is what could not be done.
type Failing struct {
	Firing Firing
	Error  string
	// it may go away by itself, and is tried again at growing intervals; else at the next firing, and a person should
	// look
	Retryable bool
	Tries     int
	RetryAt   period.Instant // when it is tried again
}

// Owed counts what is due and will be done.
func (s *Status) Owed() (n int) {
	for _, f := range s.Due {
		if f.Skip == "" {
			n++
		}
	}
	return n
}

// Runs counts the runs on the lake that are due and will be done.
func (s *Status) Runs() (n int) {
	for _, f := range s.Due {
		if f.Skip == "" && laneOf(f.Kind) == lakeLane {
			n++
		}
	}
	return n
}

// lane is a row of firings that wait for each other (SCHED-4).
type lane int

const (
	lakeLane lane = iota
	publishLane
)

func laneOf(k jobs.Kind) lane {
	if k == jobs.Publish {
		return publishLane
	}
	return lakeLane
}

// hold is a firing that failed.
type hold struct {
	Failing
	pause time.Duration // before the next try
}

const (
	firstPause = time.Second
	lockPause  = 10 * time.Minute // the longest between two tries of a run that finds the lake held
	longPause  = time.Hour        // the longest of all else
)

// Open makes this process the scheduler of the runner's workspace. Errors: *TakenError where there is one already.
// Close ends it.
func Open(r *jobs.Runner, log *slog.Logger, watch Watch) (*Scheduler, error) {
	now := r.Clock()
	release, began, err := take(r.Dir, now)
	if err != nil {
		return nil, err
	}
	return &Scheduler{
		runner: r, clock: r.Clock, log: log, watch: watch, reader: newReader(r.Dir, r.Options), released: release,
		began: began, started: period.Instant(now.UnixMicro()), holds: make(map[lane]hold),
		skipped: make(map[string]bool),
	}, nil
}

// Close lets another process be the scheduler.
func (s *Scheduler) Close() error { return s.released() }

// Inspect finds what is due on a workspace without doing any of it, and without being its scheduler. A workspace whose
// scheduler was never started is looked at as if it were started now.
func Inspect(r *jobs.Runner) (*Status, error) {
	now := period.Instant(r.Clock().UnixMicro())
	began, err := Began(r.Dir)
	if err != nil {
		began = now
	}
	in := newReader(r.Dir, r.Options)
	f, err := in.read(began, now)
	if err != nil {
		return nil, err
	}
	return f.status(now), nil
}

// status is what was found, as it is reported.
func (f *found) status(now period.Instant) *Status {
	status := &Status{At: now, Clock: f.state.ClockBack(now), Settings: f.settings, State: f.state,
		Due: f.plan.Due(&f.state, now), Next: f.plan.Next(&f.state, now), Manifest: f.manifest,
		Newest: make(map[string]period.Instant), Good: f.good, Unpublished: f.behind}
	for feed, day := range f.newest {
		status.Newest[feed] = f.settings.Zone.Start(day)
	}
	return status
}

// Status is what the last look found.
func (s *Scheduler) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Pass does what is due, one after the other, until nothing is left that can be done now or ctx ends; a run that is on
// then continues until work ends. It returns the runs that it did.
func (s *Scheduler) Pass(ctx, work context.Context) (done []Outcome) {
	for ctx.Err() == nil {
		now := s.clock()
		f, err := s.inspect(now)
		if err != nil {
			return done
		}
		firing, found := s.pick(period.Instant(now.UnixMicro()))
		if !found {
			return done
		}
		o := s.do(work, firing)
		done = append(done, o)
		if s.watch.Ran != nil {
			s.watch.Ran(&o)
		}
		s.settle(f.plan, o)
	}
	return done
}

// inspect reads the state and keeps what it found.
func (s *Scheduler) inspect(now time.Time) (*found, error) {
	at := period.Instant(now.UnixMicro())
	f, err := s.reader.read(s.began, at)
	if err == nil && s.waiting != nil && s.waiting.Firing.Cycle <= f.state.Closed {
		s.waiting = nil // a person closed it
	}
	s.mu.Lock()
	if err != nil {
		s.status.At, s.status.Err = at, err
	} else {
		s.status = *f.status(at)
		s.status.Failing = s.failing()
	}
	status := s.status
	s.mu.Unlock()
	s.report(&status)
	if err == nil {
		s.skip(f, &status)
	}
	if s.watch.Looked != nil {
		s.watch.Looked(&status)
	}
	s.seen = now
	return f, err
}

// failing lists what failed, the lake's first.
func (s *Scheduler) failing() (out []Failing) {
	for _, l := range []lane{lakeLane, publishLane} {
		if h, found := s.holds[l]; found {
			out = append(out, h.Failing)
		}
	}
	if s.waiting != nil {
		out = append(out, *s.waiting)
	}
	return out
}

// report logs why nothing runs, once for each reason.
func (s *Scheduler) report(status *Status) {
	text := ""
	switch {
	case status.Err != nil:
		text = status.Err.Error()
	case status.Clock:
		text = fmt.Sprintf("the clock is before %s, the as-of of the lake: nothing runs until then; "+
			"if that time is wrong, `tollbook run nightly --reset-clock` sets the lake's clock back",
			status.State.Newest)
	}
	if text != s.reported && text != "" {
		s.log.Error("nothing can run", "why", text)
	} else if text != s.reported {
		s.log.Info("runs continue")
	}
	s.reported = text
}

// skip reports what will not run, and keeps it in the ledger, once. What is still to be done before it may change the
// reason.
func (s *Scheduler) skip(found *found, status *Status) {
	for _, f := range status.Due {
		key := string(f.Kind) + " " + f.Due.String()
		if f.Skip == "" && laneOf(f.Kind) == lakeLane || status.Clock {
			return
		}
		if f.Skip == "" || s.skipped[key] {
			continue
		}
		s.skipped[key] = true
		if !found.skips[key] {
			s.log.Info("skipped", "job", f.name(), "due", f.Due.String(), "why", f.Skip)
			s.runner.Skip(jobs.Task{Kind: f.Kind, Cycle: f.Cycle, Due: f.Due, AsOf: f.AsOf, Why: jobs.Scheduled},
				f.Skip)
		}
	}
}

// name is a firing's kind and cycle.
func (f *Firing) name() string {
	if f.Cycle == jobs.NoCycle {
		return string(f.Kind)
	}
	return string(f.Kind) + " " + f.Cycle.String()
}

// same reports whether two firings are of one thing.
func (f *Firing) same(o *Firing) bool {
	return f.Kind == o.Kind && f.Cycle == o.Cycle && f.Due == o.Due
}

// pick is the first firing on the lake, or else the publish, unless its lane is held up. The lake goes first: a run
// publishes too.
func (s *Scheduler) pick(now period.Instant) (Firing, bool) {
	status := s.Status()
	if status.Clock {
		return Firing{}, false
	}
	for _, l := range []lane{lakeLane, publishLane} {
		i := slices.IndexFunc(status.Due, func(f Firing) bool {
			return f.Skip == "" && laneOf(f.Kind) == l && !s.waits(&f, now)
		})
		if i < 0 {
			continue
		}
		h, failed := s.holds[l]
		if !failed || h.RetryAt <= now || l == lakeLane && !h.Firing.same(&status.Due[i]) {
			return status.Due[i], true
		}
	}
	return Firing{}, false
}

// waits reports whether a close waits for a person, or comes after one that does (SCHED-8).
func (s *Scheduler) waits(f *Firing, now period.Instant) bool {
	w := s.waiting
	return w != nil && f.Kind == jobs.Close && (f.Cycle > w.Firing.Cycle || f.same(&w.Firing) && w.RetryAt > now)
}

// Outcome is what came of a firing.
type Outcome struct {
	Firing Firing
	Why    jobs.Why
	Result *jobs.Result // nil after a panic
	Err    error
}

// Word is the one word for what came of it, as the ledger has it.
func (o *Outcome) Word() string {
	if o.Result == nil {
		return string(ledger.Panicked)
	}
	return string(o.Result.Entry.Outcome)
}

// Well reports whether it is done, with nothing for a person to look at.
func (o *Outcome) Well() bool {
	return o.Err == nil && (o.Result.Entry.Outcome == ledger.Done || o.Result.Entry.Outcome == ledger.NothingNew)
}

// PanicError says that a run panicked: our own fault.
type PanicError struct {
	Value any
	Stack string
}

// Error is what it panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// do does a firing. A panic ends the run and not the scheduler.
func (s *Scheduler) do(ctx context.Context, f Firing) (o Outcome) {
	o = Outcome{Firing: f, Why: s.why(&f)}
	log := s.log.With("job", f.name(), "due", f.Due.String(), "why", string(o.Why))
	log.Info("run starts", "as_of", f.AsOf.String())
	defer func() {
		if p := recover(); p != nil {
			o.Err = &PanicError{Value: p, Stack: string(debug.Stack())}
			log.Error("run panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if s.watch.Panicked != nil {
				s.watch.Panicked(f.Kind)
			}
		}
	}()
	o.Result, o.Err = s.runner.Run(ctx, jobs.Task{Kind: f.Kind, Cycle: f.Cycle, Due: f.Due, AsOf: f.AsOf, Why: o.Why})
	e := &o.Result.Entry
	switch {
	case o.Err != nil:
		log.Error("run failed", "run", e.ID, "outcome", string(e.Outcome), "error", o.Err.Error(), "hint", e.Hint)
	default:
		log.Info("run ended", "run", e.ID, "outcome", string(e.Outcome), "manifest", e.Manifest, "rows", e.Rows,
			"rejected", e.Rejected)
	}
	if e.Owed != nil {
		log.Warn("publish owed", "run", e.ID, "why", e.Owed.Why, "hint", e.Owed.Hint)
	}
	return o
}

// late is how long after its time a firing still counts as done by schedule.
const late = period.Instant(period.Hour)

// why says what starts a firing: its time, a try that failed, or that nobody was there at its time.
func (s *Scheduler) why(f *Firing) jobs.Why {
	h, failed := s.holds[laneOf(f.Kind)]
	switch {
	case failed && h.Retryable && (f.Kind == jobs.Publish || h.Firing.same(f)):
		return jobs.Retry
	case f.Due < s.started, period.Instant(s.clock().UnixMicro())-f.Due > late:
		return jobs.CatchUp
	}
	return jobs.Scheduled
}

// settle notes when a firing that failed is tried again (SCHED-5), and that a run left its publish unpaid: that is as
// good as a try of its own.
func (s *Scheduler) settle(p *Plan, o Outcome) {
	l := laneOf(o.Firing.Kind)
	if open := new(pipeline.OpenItemsError); errors.As(o.Err, &open) {
		s.waiting = &Failing{Firing: o.Firing, Error: o.Err.Error(), Tries: 1,
			RetryAt: s.nextFiring(p, period.Instant(s.clock().UnixMicro()))}
		if h := s.holds[l]; h.Firing.same(&o.Firing) {
			delete(s.holds, l)
		}
		return
	}
	if o.Err == nil {
		if l == lakeLane {
			s.waiting = nil
		}
		delete(s.holds, l)
		s.reader.own = append(s.reader.own, run{o.Result.Entry.Command, o.Firing.AsOf})
	} else if !errors.Is(o.Err, context.Canceled) {
		s.hold(p, l, o.Firing, o.Err)
	}
	if o.Result == nil || o.Result.Report == nil {
		return
	}
	if owed := o.Result.Report.Owed; owed != nil {
		s.hold(p, publishLane, Firing{Kind: jobs.Publish, Cycle: jobs.NoCycle, Due: o.Firing.AsOf, AsOf: o.Firing.AsOf},
			&owedError{owed.Why})
	} else if o.Result.Report.Published != nil || o.Result.Report.Iceberg != nil {
		delete(s.holds, publishLane)
	}
}

// owedError is a publish that a run left unpaid.
type owedError struct{ why string }

func (e *owedError) Error() string { return e.why }

func (s *Scheduler) hold(p *Plan, l lane, f Firing, err error) {
	now := s.clock()
	h := s.holds[l]
	if l == lakeLane && !h.Firing.same(&f) {
		h = hold{}
	}
	var locked *storage.LockedError
	var owed *owedError
	longest := longPause
	if errors.As(err, &locked) {
		longest = lockPause
		if s.watch.Waited != nil {
			s.watch.Waited()
		}
	}
	h.Firing, h.Error, h.Tries = f, err.Error(), h.Tries+1
	h.Retryable = retryable(err) || errors.As(err, &owed)
	if h.Retryable {
		h.pause = min(max(2*h.pause, firstPause), longest)
		h.RetryAt = period.Instant(now.Add(h.pause).UnixMicro())
	} else {
		h.pause, h.RetryAt = 0, s.nextFiring(p, period.Instant(now.UnixMicro()))
	}
	s.holds[l] = h
}

// nextFiring is when anything falls due next.
func (s *Scheduler) nextFiring(p *Plan, now period.Instant) period.Instant {
	status := s.Status()
	next := p.Next(&status.State, now)
	if len(next) == 0 {
		return period.Forever
	}
	return next[0].Due
}

// wake is when there is something to look at again: a firing, a try of what failed, and a minute later at the latest,
// for settings, runs by hand and the clock itself may change meanwhile.
func (s *Scheduler) wake() time.Time {
	const longest = time.Minute
	at := period.Instant(s.seen.Add(longest).UnixMicro())
	status := s.Status()
	for _, f := range status.Next {
		at = min(at, f.Due)
	}
	for _, f := range status.Failing {
		at = min(at, f.RetryAt)
	}
	return time.UnixMicro(int64(at))
}

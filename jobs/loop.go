package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"
)

// Loop runs due jobs until ctx ends. After that it starts no job. A run in progress is cancelled after
// schedule.stop_timeout and then commits nothing. Loop returns when the run has ended.
//
// cron only provides the ticks: one per second, and none while a pass is in progress. Each pass calculates what is due
// (Plan). Therefore a machine that slept, a clock that was set and changed settings need no special handling.
func (s *Scheduler) Loop(ctx context.Context) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	log := cronLog{s.log}
	alarm := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(log),
		// After a panic outside of a run, later ticks must still run: SkipIfStillRunning releases only a job that
		// returns, so Recover is the inner wrapper.
		cron.WithChain(cron.SkipIfStillRunning(log), cron.Recover(log)))
	alarm.Schedule(cron.Every(time.Second), cron.FuncJob(func() {
		if now := s.clock(); now.Before(s.wake()) && !now.Before(s.seen) {
			return
		}
		s.Pass(ctx, work)
	}))
	alarm.Start()
	<-ctx.Done()
	ended := alarm.Stop()
	status := s.Status()
	longest := time.NewTimer(status.Settings.Schedule.StopTimeout)
	defer longest.Stop()
	select {
	case <-ended.Done():
		return
	case <-longest.C:
		s.log.Warn("the run that is on takes longer than schedule.stop_timeout: it is called off")
		cancel()
	}
	<-ended.Done()
}

// cronLog receives cron's own log messages. It drops those about ticks and keeps those about panics.
type cronLog struct{ log *slog.Logger }

// Info drops the message that cron logs on every tick.
func (cronLog) Info(string, ...any) {}

// Error logs the message as an error.
func (l cronLog) Error(err error, msg string, keysAndValues ...any) {
	l.log.Error(msg, append([]any{"error", err.Error()}, keysAndValues...)...)
}

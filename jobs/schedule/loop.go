package schedule

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"
)

// Loop does what falls due until ctx ends. No run starts after that; one that is on has schedule.stop_timeout to come
// to its end, and is called off then: nothing of it is committed. Loop returns when it has ended.
//
// cron is the alarm: it ticks each second, and leaves a tick out while a pass is on. When something is due is worked
// out at each look (Plan), so a machine that slept, a clock that was set and settings that changed need nothing of
// their own.
func (s *Scheduler) Loop(ctx context.Context) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	log := cronLog{s.log}
	alarm := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(log),
		// A pass that panics outside of a run must give the next tick its turn: SkipIfStillRunning releases only a
		// job that returns, so Recover is inside.
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

// cronLog is what cron says of itself: its ticks are of no interest, its panics are.
type cronLog struct{ log *slog.Logger }

// Info drops what cron logs on every tick.
func (cronLog) Info(string, ...any) {}

// Error passes on.
func (l cronLog) Error(err error, msg string, keysAndValues ...any) {
	l.log.Error(msg, append([]any{"error", err.Error()}, keysAndValues...)...)
}

package temporal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// beats is the number of heartbeats that a worker sends within the time after which it is considered lost.
const beats = 4

// Work does tasks of runs that this build planned, at most slots at once, until ctx ends. Tasks that are in progress
// then are cancelled; another worker does them.
func (e *Engine) Work(ctx context.Context, w *jobs.Worker, slots int) error {
	queue := e.c.queue(w.Options.Build)
	fatal := make(chan error, 1)
	on := worker.New(e.client, queue, worker.Options{
		MaxConcurrentActivityExecutionSize: slots,
		StickyScheduleToStartTimeout:       sticky,
		MaxHeartbeatThrottleInterval:       e.c.Heartbeat / beats,
		DefaultHeartbeatThrottleInterval:   e.c.Heartbeat / beats,
		OnFatalError: func(err error) {
			select {
			case fatal <- err:
			default:
			}
		},
	})
	on.RegisterWorkflowWithOptions(stage, workflow.RegisterOptions{Name: workflowName})
	do := &doer{w.Name, w.Do}
	on.RegisterActivityWithOptions(do.task, activity.RegisterOptions{Name: activityName})
	if err := on.Start(); err != nil {
		return fmt.Errorf("wait for tasks of %s: %w", queue, err)
	}
	e.c.Log.Info("worker starts", "server", e.c.Address, "namespace", e.c.Namespace, "task_queue", queue, "tasks",
		slots)
	var err error
	select {
	case <-ctx.Done():
	case err = <-fatal:
		err = fmt.Errorf("wait for tasks of %s: %w", queue, err)
	}
	on.Stop()
	e.c.Log.Info("worker stopped")
	return err
}

// doer is the activity of a worker.
type doer struct {
	name func() string
	do   func(ctx context.Context, run, stage string, i, number int) *lake.TaskAttempt
}

// task does a task. Each heartbeat contains the attempts so far, including this one, for the next attempt.
func (d *doer) task(ctx context.Context, in *taskInput) (*taskOutput, error) {
	number := int(activity.GetInfo(ctx).Attempt)
	var tries []try
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &tries) // attempts that cannot be read are omitted
	}
	tries = append(tries, try{Number: number, Worker: d.name()})
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(max(in.Heartbeat/beats, time.Millisecond))
		defer tick.Stop()
		for {
			activity.RecordHeartbeat(ctx, tries)
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	})
	a := d.do(ctx, in.Run, in.Stage, in.Task, number)
	close(ended)
	group.Wait()
	this := &tries[len(tries)-1]
	this.Seconds = a.Seconds
	f := a.Failure
	if f == nil {
		return &taskOutput{a.Task, true, tries}, nil
	}
	this.Failure = f.Text
	activity.RecordHeartbeat(ctx, tries)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err() // cancelled
	case f.Class.Final():
		return nil, temporal.NewNonRetryableApplicationError(f.Text, string(f.Class), nil, f.What, tries)
	default:
		return nil, temporal.NewApplicationError(f.Text, string(f.Class), f.What, tries)
	}
}

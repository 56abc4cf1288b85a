package temporal

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Temporal limits a workflow to 2,000 unfinished activities and 51,200 events. A task has three events, and more if it
// is tried again.
const (
	chunkTasks = 5_000
	inFlight   = 500
)

// Names of the workflow and the activity on the server.
const (
	workflowName = "tollbook-stage"
	activityName = "tollbook-task"
)

// longest is the timeout of a task. The heartbeats detect a worker that died or hangs much earlier.
const longest = 24 * time.Hour

// decision is the timeout for a worker to decide which tasks are next, which takes milliseconds. A worker that dies
// meanwhile is detected after that time. sticky is how long the server waits for the worker that decided last.
const (
	decision = 5 * time.Second
	sticky   = 2 * time.Second
)

// span is a range of tasks with consecutive numbers.
type span struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// spans returns the spans of ascending numbers.
func spans(tasks []int) (list []span) {
	for _, i := range tasks {
		if n := len(list); n > 0 && list[n-1].Last == i-1 {
			list[n-1].Last = i
			continue
		}
		list = append(list, span{i, i})
	}
	return list
}

// stageInput is the input of the workflow.
type stageInput struct {
	Run       string        `json:"run"`
	Stage     string        `json:"stage"`
	Tasks     []span        `json:"tasks"`
	Heartbeat time.Duration `json:"heartbeat"`
}

// taskInput is the input of the activity.
type taskInput struct {
	Run       string        `json:"run"`
	Stage     string        `json:"stage"`
	Task      int           `json:"task"`
	Heartbeat time.Duration `json:"heartbeat"`
}

// try is one attempt of a task.
type try struct {
	Number  int     `json:"number"` // from 1
	Worker  string  `json:"worker"`
	Seconds float64 `json:"seconds"`
	Failure string  `json:"failure"` // "" = it succeeded, or its worker reported nothing more
}

// taskOutput is the result of the activity. Tries are the attempts that workers reported, by number; a worker that
// ended before its first heartbeat has reported none. The heartbeats of an attempt contain the earlier attempts.
type taskOutput struct {
	Task  int   `json:"task"`
	Done  bool  `json:"done"` // by the last of Tries
	Tries []try `json:"tries"`
}

// stageOutput is the result of the workflow, also of a failed one.
type stageOutput struct {
	Tasks []taskOutput `json:"tasks"` // in the order in which they ended
}

// stage is the workflow: it does the tasks, and ends with the first one that cannot be done. The details of its error
// are a hint and the stageOutput.
func stage(ctx workflow.Context, in *stageInput) (*stageOutput, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: longest,
		HeartbeatTimeout:    in.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute,
			MaximumAttempts:        lake.MaxTaskFailures,
			NonRetryableErrorTypes: []string{string(lake.TaskRefused), string(lake.TaskBroken)},
		},
	})
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	out := &stageOutput{Tasks: []taskOutput{}}
	var failed error
	var tasks []int
	for _, s := range in.Tasks {
		for i := s.First; i <= s.Last; i++ {
			tasks = append(tasks, i)
		}
	}
	group := workflow.NewWaitGroup(ctx)
	for range min(inFlight, len(tasks)) {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			for len(tasks) > 0 && failed == nil {
				next := tasks[0]
				tasks = tasks[1:]
				var done taskOutput
				err := workflow.ExecuteActivity(ctx, activityName, &taskInput{in.Run, in.Stage, next, in.Heartbeat}).
					Get(ctx, &done)
				if err != nil {
					if failed == nil {
						failed = err
						out.Tasks = append(out.Tasks, taskOutput{Task: next, Tries: triesOf(err)})
						cancel()
					}
					return
				}
				out.Tasks = append(out.Tasks, done)
			}
		})
	}
	group.Wait(ctx)
	return out, cause(failed, workflow.GetInfo(ctx).WorkflowExecution.ID, out)
}

// triesOf returns the attempts in the error of an activity.
func triesOf(err error) (tries []try) {
	var application *temporal.ApplicationError
	var silent *temporal.TimeoutError
	var hint string
	switch {
	case errors.As(err, &application) && application.HasDetails():
		_ = application.Details(&hint, &tries) // attempts that cannot be read are omitted
	case errors.As(err, &silent) && silent.HasLastHeartbeatDetails():
		_ = silent.LastHeartbeatDetails(&tries)
	}
	return tries
}

// cause converts the error of an activity to that of its workflow, with class and hint.
func cause(err error, id string, out *stageOutput) error {
	var application *temporal.ApplicationError
	var silent *temporal.TimeoutError
	switch {
	case errors.As(err, &application):
		var hint string
		if application.HasDetails() {
			_ = application.Details(&hint) // an unreadable hint is omitted
		}
		return temporal.NewNonRetryableApplicationError(application.Message(), application.Type(), nil, hint, out)
	case errors.As(err, &silent):
		return temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("workflow %s: workers that did a task gave no sign of life: %v", id, err),
			string(lake.TaskCrashed), nil, "see what the workers logged; the same command continues", out)
	}
	return err
}

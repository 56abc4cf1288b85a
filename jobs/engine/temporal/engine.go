package temporal

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Config says where the server is and how to use it.
type Config struct {
	Address   string // host:port
	TLS       bool
	APIKey    string // "" = none
	Namespace string
	Queue     string        // first part of the names of task queues
	Heartbeat time.Duration // a worker that reports nothing for so long is considered lost
	Log       *slog.Logger
}

// Engine is a connection to a Temporal server.
type Engine struct {
	c      Config
	client client.Client
}

// dialTime is the timeout for connecting.
const dialTime = 10 * time.Second

// Dial connects to the server.
func Dial(ctx context.Context, c Config) (*Engine, error) {
	o := client.Options{HostPort: c.Address, Namespace: c.Namespace,
		Logger: log.NewStructuredLogger(slog.New(&quiet{c.Log.Handler()}))}
	if c.TLS {
		o.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.APIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(c.APIKey)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	dialed, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, &unreachableError{c.Address, err}
	}
	return &Engine{c, dialed}, nil
}

// unreachableError says that the server cannot be reached.
type unreachableError struct {
	address string
	err     error
}

func (e *unreachableError) Error() string {
	return fmt.Sprintf("connect to the Temporal server at %s: %v", e.address, e.err)
}
func (e *unreachableError) Unwrap() error { return e.err }

// Diagnosis implements problem.Diagnosed.
func (e *unreachableError) Diagnosis() (problem.Class, string) {
	return problem.Retryable, "check engine.dsn and the server, then start this command again: it continues the run"
}

// queue is the task queue of a build.
func (c *Config) queue(build string) string {
	return fmt.Sprintf("%s-%x", c.Queue, sha256.Sum256([]byte(build)))[:len(c.Queue)+1+2*8]
}

// Do implements lake.Engine.
func (e *Engine) Do(ctx context.Context, w *lake.TaskWork, report func(*lake.TaskAttempt)) error {
	for tasks := range slices.Chunk(w.Tasks, chunkTasks) {
		part := *w
		part.Tasks = tasks
		if err := e.stage(ctx, &part, report); err != nil {
			return err
		}
	}
	return nil
}

// stage does the tasks of one workflow.
func (e *Engine) stage(ctx context.Context, w *lake.TaskWork, report func(*lake.TaskAttempt)) error {
	first := w.Tasks[0] / chunkTasks * chunkTasks // the same when a stage is continued
	o := client.StartWorkflowOptions{
		ID:                       fmt.Sprintf("%s/%s/%s/%d", e.c.Queue, w.Run, w.Stage, first),
		TaskQueue:                e.c.queue(w.Build),
		WorkflowTaskTimeout:      decision,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,

		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}
	in := &stageInput{Run: w.Run, Stage: w.Stage, Tasks: spans(w.Tasks), Heartbeat: e.c.Heartbeat}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go e.watchWorkers(watch, o.TaskQueue)
	var out stageOutput
	running, joined, err := e.begin(ctx, &o, in)
	for err == nil {
		err = running.Get(ctx, &out)
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), e.cancel(running))
		}
		if !joined || !temporal.IsCanceledError(err) {
			break
		}
		running, joined, err = e.begin(ctx, &o, in) // an interrupted run had requested to cancel the one before
	}
	if running == nil {
		return fmt.Errorf("start workflow %s: %w", o.ID, err)
	}
	if err != nil {
		err = failureOf(o.ID, err, &out)
	}
	for i := range out.Tasks {
		out.Tasks[i].report(w.Stage, o.ID, report)
	}
	return err
}

// begin starts a workflow, or joins the running one with its ID (TEMPORAL-1).
func (e *Engine) begin(ctx context.Context, o *client.StartWorkflowOptions, in *stageInput) (running client.WorkflowRun,
	joined bool, err error) {
	running, err = e.client.ExecuteWorkflow(ctx, *o, workflowName, in)
	var other *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &other) {
		return e.client.GetWorkflow(ctx, o.ID, other.RunId), true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return running, false, nil
}

// unknown is the worker of an attempt that no worker reported.
const unknown = "unknown"

// report reports the attempts of a task.
func (t *taskOutput) report(stage, id string, report func(*lake.TaskAttempt)) {
	next := 1
	for i, one := range t.Tries {
		for ; next < one.Number; next++ {
			report(&lake.TaskAttempt{Stage: stage, Task: t.Task, Number: next, Worker: unknown,
				Failure: &lake.TaskFailure{Class: lake.TaskFailed, Text: "see workflow " + id}})
		}
		next++
		a := &lake.TaskAttempt{Stage: stage, Task: t.Task, Number: one.Number, Worker: one.Worker, Seconds: one.Seconds}
		switch {
		case t.Done && i == len(t.Tries)-1:
		case one.Failure != "":
			a.Failure = &lake.TaskFailure{Class: lake.TaskFailed, Text: one.Failure}
		default:
			a.Failure = &lake.TaskFailure{Class: lake.TaskCrashed, Text: "the worker gave no sign of life"}
		}
		report(a)
	}
}

// cancelTime is the timeout for the request to cancel a workflow.
const cancelTime = 5 * time.Second

// cancel cancels the workflow of a run that was interrupted.
func (e *Engine) cancel(running client.WorkflowRun) error {
	ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
	defer cancel()
	if err := e.client.CancelWorkflow(ctx, running.GetID(), running.GetRunID()); err != nil {
		return fmt.Errorf("cancel workflow %s: %w", running.GetID(), err)
	}
	return nil
}

// watching is the interval at which a run checks whether there are workers.
const watching = 20 * time.Second

// watchWorkers logs a warning while no worker of the build waits for tasks.
func (e *Engine) watchWorkers(ctx context.Context, queue string) {
	for wait := watching / 4; ; wait = watching {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		found, err := e.client.DescribeTaskQueue(ctx, queue, enums.TASK_QUEUE_TYPE_ACTIVITY)
		if err == nil && len(found.Pollers) == 0 {
			e.c.Log.Warn("no worker of this build is connected: start `tollbook worker` with the same program",
				"task_queue", queue, "namespace", e.c.Namespace)
		}
	}
}

// failureOf converts the error of a workflow to the failure of its tasks. It sets out if the error contains it.
func failureOf(id string, err error, out *stageOutput) error {
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return fmt.Errorf("workflow %s: %w", id, err)
	}
	f := &lake.TaskFailure{Class: lake.TaskClass(application.Type()), Text: application.Message()}
	if application.HasDetails() {
		_ = application.Details(&f.What, out) // an unreadable hint is omitted
	}
	return f
}

// Close implements lake.Engine.
func (e *Engine) Close() error {
	e.client.Close()
	return nil
}

// quiet lowers the SDK's log messages about connections and tasks by one level: errors contain what matters.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q *quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, level-(slog.LevelWarn-slog.LevelInfo))
}

// WithAttrs implements slog.Handler.
func (q *quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return &quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q *quiet) WithGroup(name string) slog.Handler { return &quiet{q.Handler.WithGroup(name)} }

package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Worker does tasks of planned runs and of publishes of one workspace. It can be used from several goroutines.
type Worker struct {
	// Open opens the workspace. It is called once, and again if a run was planned with other settings or books.
	Open    func() (*workspace.Workspace, error)
	Options workspace.Options // without AsOf; Build is that of this program
	Clock   func() time.Time
	// Begun is called when a task begins, Ended when it ends, from several goroutines; nil = none.
	Begun func(stage string)
	Ended func(*lake.TaskAttempt)

	mu   sync.Mutex
	ws   *workspace.Workspace
	idle []*slot
}

// slot does one task at a time, and keeps what the tasks of one run share.
type slot struct {
	ws    *workspace.Workspace
	run   string
	tasks *run.Tasks
}

// Name is the worker's name in attempts: its machine and its process.
func (w *Worker) Name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// Do does a task; number is the number of the attempt. The returned attempt says how it ended.
func (w *Worker) Do(ctx context.Context, id, stage string, i, number int) *lake.TaskAttempt {
	began := w.Clock()
	if w.Begun != nil {
		w.Begun(stage)
	}
	err := w.do(ctx, id, stage, i)
	a := &lake.TaskAttempt{Stage: stage, Task: i, Number: number, Worker: w.Name(),
		Seconds: w.Clock().Sub(began).Seconds()}
	if err != nil {
		a.Failure = run.FailureOf(err)
	}
	if w.Ended != nil {
		w.Ended(a)
	}
	return a
}

func (w *Worker) do(ctx context.Context, id, stage string, i int) error {
	if stage == run.PublishTask {
		return w.publish(ctx, lake.Hash(id), i)
	}
	s, err := w.take(id)
	if err != nil {
		return err
	}
	if err := s.tasks.Do(ctx, lake.Hash(id), stage, i); err != nil { // the slot is closed
		return err
	}
	s.run = id
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle = append(w.idle, s)
	return nil
}

// publish inserts the files of a bucket into the server of the settings. If it is refused with the open settings and
// books, it opens them again.
func (w *Worker) publish(ctx context.Context, id lake.Hash, bucket int) error {
	ws, err := w.newer(nil)
	if err != nil {
		return err
	}
	err = run.DoPublishTask(ctx, ws, id, bucket, w.Options)
	if !problem.ClassOf(err).NothingDone() {
		return err
	}
	if ws, err = w.newer(ws); err != nil {
		return err
	}
	return run.DoPublishTask(ctx, ws, id, bucket, w.Options)
}

// newer returns the open workspace if it is not old; otherwise it opens it again.
func (w *Worker) newer(old *workspace.Workspace) (*workspace.Workspace, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ws != old {
		return w.ws, nil
	}
	ws, err := w.Open()
	if err != nil {
		return nil, err
	}
	w.ws = ws
	return ws, nil
}

// take takes an idle slot, preferably one of the same run. It ends idle slots of other runs.
func (w *Worker) take(id string) (*slot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.idle) > 0 {
		last := len(w.idle) - 1
		s := w.idle[last]
		w.idle = w.idle[:last]
		if s.run == id && s.ws == w.ws {
			return s, nil
		}
		if err := s.tasks.Close(); err != nil {
			return nil, err
		}
	}
	if err := w.opened(id); err != nil {
		return nil, err
	}
	return &slot{ws: w.ws, run: id, tasks: run.NewTasks(w.ws, w.Options)}, nil
}

// opened opens the workspace if it is not open or if the run was planned with other settings or books.
func (w *Worker) opened(id string) (err error) {
	if w.ws != nil {
		_, err := run.LoadPlan(w.ws, lake.Hash(id), w.Options)
		if !problem.ClassOf(err).NothingDone() {
			return err
		}
	}
	ws, err := w.Open()
	if err != nil {
		return err
	}
	w.ws = ws
	return nil
}

// Close ends everything that is open.
func (w *Worker) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, s := range w.idle {
		errs = append(errs, s.tasks.Close())
	}
	w.idle = nil
	return errors.Join(errs...)
}

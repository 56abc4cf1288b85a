package lake

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// LocalTasks does tasks in goroutines of this process, or makes other processes do them.
type LocalTasks struct {
	Workers int  // 0 = 1
	Bytes   bool // every task and every result is encoded and decoded
	// SpareCores gets the cores of workers that have no task left; nil = they are idle until the stage ends. Stages
	// that run at the same time have one each.
	Spare *SpareCores
	// Elsewhere makes other processes do the tasks of a stage and calls take with each result; nil = this process does
	// all of them.
	Elsewhere func(ctx context.Context, kind string, tasks [][]byte, take func(result []byte) error) error
}

// TaskStage is tasks of one kind and the use of their results. A task depends on its input and on what all tasks of a
// run share: settings, books, the base, and files of other stages.
type TaskStage[T, R any] struct {
	Kind  string // of the messages: "fold" for fold tasks and fold results
	Tasks []*T   // in the order in which they are begun
	// Worker returns a worker, which does one task after the other and keeps its memory between them.
	Worker func() func(context.Context, *T) (*R, error)
	Take   func(*R) error // takes one result at a time, in any order
}

// RunTasks does the tasks of a stage. The first error ends it.
func RunTasks[T, R any](ctx context.Context, l LocalTasks, s TaskStage[T, R]) error {
	if l.Elsewhere != nil {
		return runElsewhere(ctx, l, s)
	}
	defer l.Spare.end()
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan *T)
	group.Go(func() error {
		defer close(next)
		for _, t := range s.Tasks {
			select {
			case next <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var mu sync.Mutex // of Take
	for range max(1, l.Workers) {
		group.Go(func() error {
			do := s.Worker()
			for t := range next {
				r, err := perform(ctx, l, s.Kind, t, do)
				if err != nil {
					return err
				}
				mu.Lock()
				err = s.Take(r)
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			l.Spare.over()
			return nil
		})
	}
	return group.Wait()
}

// runElsewhere makes other processes do the tasks of a stage.
func runElsewhere[T, R any](ctx context.Context, l LocalTasks, s TaskStage[T, R]) error {
	tasks := make([][]byte, len(s.Tasks))
	for i, t := range s.Tasks {
		var err error
		if tasks[i], err = EncodeTask(s.Kind+" task", t); err != nil {
			return err
		}
	}
	return l.Elsewhere(ctx, s.Kind, tasks, func(b []byte) error {
		r := new(R)
		if err := DecodeTask(s.Kind+" result", b, r); err != nil {
			return err
		}
		return s.Take(r)
	})
}

// DoTask does a task for another process: it decodes the task, does it, and encodes the result.
func DoTask[T, R any](ctx context.Context, kind string, b []byte, do func(context.Context, *T) (*R, error)) ([]byte,
	error) {
	t := new(T)
	if err := DecodeTask(kind+" task", b, t); err != nil {
		return nil, err
	}
	r, err := do(ctx, t)
	if err != nil {
		return nil, err
	}
	return EncodeTask(kind+" result", r)
}

// perform does one task, encoded and decoded if the engine requires it.
func perform[T, R any](ctx context.Context, l LocalTasks, kind string, t *T,
	do func(context.Context, *T) (*R, error)) (*R, error) {
	if !l.Bytes {
		return do(ctx, t)
	}
	t, err := TaskRoundTrip(kind+" task", t)
	if err != nil {
		return nil, err
	}
	r, err := do(ctx, t)
	if err != nil {
		return nil, err
	}
	return TaskRoundTrip(kind+" result", r)
}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/task"
)

// Processes is an engine whose workers are processes on this machine. It starts them with the first task and keeps them
// until Close.
type Processes struct {
	// Command returns the process of worker n, 0 to Workers - 1. It reads tasks from its standard input (Serve). start
	// is 0 for the first process of the worker, 1 for the one that replaces it after a crash.
	Command   func(worker, start int) *exec.Cmd
	Workers   int
	Heartbeat time.Duration // a process that reports nothing for so long is killed

	mu      sync.Mutex // protects the fields below
	workers []*processWorker
}

// processWorker is a worker: a process that is replaced when it ends.
type processWorker struct {
	of     *Processes
	number int
	starts int
	cmd    *exec.Cmd // nil = none is running
	in     io.WriteCloser
	out    chan *answer // closed after the last line of the process
}

// Do implements task.Engine.
func (p *Processes) Do(ctx context.Context, work *task.Work, report func(*task.Attempt)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.workers) < p.Workers {
		p.workers = append(p.workers, &processWorker{of: p, number: len(p.workers)})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	go func() {
		defer close(next)
		for _, i := range work.Tasks {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var group sync.WaitGroup
	var reporting sync.Mutex
	for _, w := range p.workers[:min(len(p.workers), len(work.Tasks))] {
		group.Go(func() {
			for i := range next {
				err := w.complete(ctx, work, i, func(a *task.Attempt) {
					reporting.Lock()
					defer reporting.Unlock()
					report(a)
				})
				if err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// complete does a task, with as many attempts as are allowed (ENGINE-1).
func (w *processWorker) complete(ctx context.Context, work *task.Work, i int, report func(*task.Attempt)) error {
	crashes, failures := 0, 0
	for number := 1; ; number++ {
		a, err := w.attempt(ctx, &call{Run: work.Run, Stage: work.Stage, Task: i, Number: number,
			Heartbeat: w.of.Heartbeat})
		if err != nil {
			return err
		}
		report(a)
		switch {
		case a.Failure == nil:
			return nil
		case a.Failure.Class.Final():
			return a.Failure
		case a.Failure.Class == task.Crashed:
			if crashes++; crashes == task.MaxCrashes {
				return &task.Failure{Class: task.Crashed,
					What: "see what the workers logged; the same command continues",
					Text: fmt.Sprintf("%s task %d: %d worker processes crashed: %s", work.Stage, i, crashes,
						a.Failure.Text)}
			}
		default:
			if failures++; failures == task.MaxFailures {
				return fmt.Errorf("%s task %d failed %d times: %w", work.Stage, i, failures, a.Failure)
			}
			if err := pause(ctx, failures); err != nil {
				return err
			}
		}
	}
}

// pause waits after the n-th failure: 1 s, 2 s, 4 s, up to 1 min.
func pause(ctx context.Context, n int) error {
	const longest = time.Minute
	select {
	case <-time.After(min(longest, time.Second<<(n-1))):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// attempt makes one attempt at a task. It returns an error only if this process fails; the attempt records a crash.
func (w *processWorker) attempt(ctx context.Context, c *call) (*task.Attempt, error) {
	if w.cmd == nil {
		if err := w.start(); err != nil {
			return nil, err
		}
	}
	name := workerName(w.cmd.Process.Pid)
	began := time.Now()
	why := "its process ended: "
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if _, err := w.in.Write(append(b, '\n')); err == nil { // if the process ended, it closes out too
		silent := time.NewTimer(c.Heartbeat)
		defer silent.Stop()
	answers:
		for {
			select {
			case a, more := <-w.out:
				switch {
				case !more:
					break answers
				case a.Attempt != nil:
					return a.Attempt, nil
				}
				silent.Reset(c.Heartbeat)
			case <-silent.C:
				why = fmt.Sprintf("it gave no sign of life for %s, and was killed: ", c.Heartbeat)
				break answers
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
	return &task.Attempt{Stage: c.Stage, Task: c.Task, Number: c.Number, Worker: name,
		Seconds: time.Since(began).Seconds(),
		Failure: &task.Failure{Class: task.Crashed, Text: why + w.kill().Error()}}, nil
}

// start starts a process.
func (w *processWorker) start() error {
	cmd := w.of.Command(w.number, w.starts)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start a worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start a worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a worker: %w", err)
	}
	w.starts++
	w.cmd, w.in, w.out = cmd, in, make(chan *answer, 1)
	go func(to chan<- *answer) {
		defer close(to)
		lines := json.NewDecoder(out)
		for {
			a := new(answer)
			if lines.Decode(a) != nil { // the process ended, or wrote something else
				return
			}
			to <- a
		}
	}(w.out)
	return nil
}

// kill kills the process and says how it ended.
func (w *processWorker) kill() error {
	_ = w.cmd.Process.Kill() // it fails only if the process has ended
	return w.wait()
}

// wait waits until the process has ended.
func (w *processWorker) wait() error {
	for range w.out { // read to the last line: Wait must not be called before
	}
	err := w.cmd.Wait()
	w.cmd = nil
	if err == nil {
		err = errors.New("exit status 0")
	}
	return err
}

// stopTime is how long a process can take to end after its standard input was closed.
const stopTime = 10 * time.Second

// Close implements task.Engine: it ends all processes.
func (p *Processes) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var group sync.WaitGroup
	for _, w := range p.workers {
		if w.cmd == nil {
			continue
		}
		group.Go(func() {
			_ = w.in.Close() // the process ends, or is killed
			timer := time.AfterFunc(stopTime, func() { _ = w.cmd.Process.Kill() })
			defer timer.Stop()
			_ = w.wait() // no task depends on the result
		})
	}
	group.Wait()
	p.workers = nil
	return nil
}

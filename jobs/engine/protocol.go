package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/task"
)

// call is a line that a worker process reads: a task to do.
type call struct {
	Run       string        `json:"run"`
	Stage     string        `json:"stage"`
	Task      int           `json:"task"`
	Number    int           `json:"number"` // number of the attempt
	Heartbeat time.Duration `json:"heartbeat"`
}

// answer is a line that a worker process writes: a heartbeat, or how a task ended.
type answer struct {
	Alive   bool          `json:"alive,omitempty"`
	Attempt *task.Attempt `json:"attempt,omitempty"`
}

// Beats is the number of heartbeats that a worker sends within the time after which it is considered lost.
const Beats = 4

// Serve does the tasks that it reads as lines from in, one at a time, and writes to out how they ended, until in ends.
// A task that is in progress then is cancelled: the run ended, or its process was killed.
func Serve(ctx context.Context, w *Worker, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	calls := make(chan *call)
	broken := make(chan error, 1)
	go func() {
		defer close(calls)
		defer cancel()
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			c := new(call)
			if err := json.Unmarshal(lines.Bytes(), c); err != nil {
				broken <- fmt.Errorf("read a task: %w", err)
				return
			}
			select {
			case calls <- c:
			case <-ctx.Done():
				return
			}
		}
		broken <- lines.Err()
	}()
	writer := &lineWriter{to: json.NewEncoder(out)}
	for c := range calls {
		if err := serveOne(ctx, w, c, writer); err != nil {
			return err
		}
	}
	return errors.Join(<-broken, w.Close())
}

// serveOne does one task and sends heartbeats in the meantime.
func serveOne(ctx context.Context, w *Worker, c *call, out *lineWriter) error {
	ended := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(max(c.Heartbeat/Beats, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				if out.write(&answer{Alive: true}) != nil {
					return // writing the answer will fail too
				}
			}
		}
	})
	a := w.Do(ctx, c.Run, c.Stage, c.Task, c.Number)
	close(ended)
	group.Wait()
	return out.write(&answer{Attempt: a})
}

// lineWriter writes answers for several goroutines.
type lineWriter struct {
	mu sync.Mutex
	to *json.Encoder
}

func (l *lineWriter) write(a *answer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Encode(a)
}

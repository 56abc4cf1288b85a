package publish_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// workers is an engine with four workers, which are goroutines.
type workers struct {
	w     *world
	gone  bool                // there are no workers
	twice bool                // two workers do each task at the same time
	fault func(n int64) error // called at the n-th INSERT of all workers
	done  atomic.Int64        // number of tasks done
	tries atomic.Int64
	steps atomic.Int64
}

// Do implements lake.Engine. A task that fails is repeated once.
func (e *workers) Do(ctx context.Context, work *lake.TaskWork, report func(*lake.TaskAttempt)) error {
	if e.gone {
		return errors.New("no worker took a task")
	}
	var group errgroup.Group
	group.SetLimit(4)
	for _, bucket := range work.Tasks {
		do := func() error {
			o := e.w.options()
			o.Build, o.BucketRows = work.Build, 1
			o.StopAt = func(point string) error {
				if e.fault == nil || point != publish.StepInserted {
					return nil
				}
				return e.fault(e.steps.Add(1))
			}
			var err error
			for range 2 {
				e.tries.Add(1)
				if err = run.DoPublishTask(ctx, e.w.workspace(), lake.Hash(work.Run), bucket, o); err == nil {
					e.done.Add(1)
					return nil
				}
			}
			return err
		}
		group.Go(do)
		if e.twice {
			group.Go(do)
		}
	}
	return group.Wait()
}

// Close implements lake.Engine.
func (e *workers) Close() error { return nil }

// publishWith publishes everything. The workers of an engine publish the files of buckets.
func (w *world) publishWith(e *workers) *publish.Report {
	w.Helper()
	o := w.options()
	o.Engine, o.Build, o.BucketRows = e, "this build", 1
	r, err := run.PublishClickHouse(w.Context(), w.workspace(), run.PublishOptions{Cycle: lake.NoCycle}, o)
	w.must(err)
	return r
}

// TestBuckets checks that workers insert the files of buckets and that the views show the same as after a publish by
// one process, even if two workers do the same task, an INSERT fails, or there are no workers (PUB-15).
func TestBuckets(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	alone := at(t, s, copyOf(s.DSN()), "")
	alone.publishedMonth()
	broken := errors.New("a worker that failed")
	for _, c := range []struct {
		name    string
		engine  *workers
		counted bool // the next publish counts the rows of the workers again
	}{
		{"workers", &workers{}, false},
		{"twice", &workers{twice: true}, true},
		{"faults", &workers{fault: func(n int64) error {
			if n%3 == 0 {
				return broken
			}
			return nil
		}}, true},
		{"failing", &workers{fault: func(int64) error { return broken }}, true},
		{"gone", &workers{gone: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := at(t, s, strings.ReplaceAll(copyOf(s.DSN()), "/copy", "/"+c.name), "")
			w.unpublishedMonth()
			e := c.engine
			e.w = w
			r := w.publishWith(e)
			if !r.Changed || inserted(r) != inserted(w.publishedAlone()) {
				t.Errorf("published %+v", r)
			}
			if (e.done.Load() == 0) != (c.name == "gone" || c.name == "failing") {
				t.Errorf("workers did %d tasks in %d tries", e.done.Load(), e.tries.Load())
			}
			for _, view := range []string{"lines", "statements", "partner_statements", "rejects", "totals"} {
				content := "SELECT count(), sum(cityHash64(formatRow('TSV', *))) FROM "
				w.shows(content+c.name+"."+view, alone.ask(content+"copy."+view))
			}
			again := w.publishWith(&workers{w: w})
			if again.Changed || inserted(again) != 0 || (again.Counted > 0) != c.counted {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

// publishedAlone returns the report of one process that publishes the month to a separate database.
func (w *world) publishedAlone() *publish.Report {
	w.Helper()
	name := "/alone_" + w.Name()[len("TestBuckets/"):]
	o := at(w.T, w.server, strings.ReplaceAll(copyOf(w.server.DSN()), "/copy", name), "")
	o.unpublishedMonth()
	return o.publish()
}

// TestBrokenBuckets checks that a publish with workers restores rows that were deleted by hand, although the workers
// regard the load of these rows as complete.
func TestBrokenBuckets(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	w := at(t, s, copyOf(s.DSN()), "")
	w.publishedMonth()
	w.ask("DELETE FROM copy_internal.lines_data WHERE load = (SELECT min(load) FROM copy_internal.lines_data) " +
		"SETTINGS mutations_sync = 2")
	r := w.publishWith(&workers{w: w})
	if len(r.Repaired) != 1 || !r.NeedsAttention() {
		t.Errorf("repaired %v", r.Repaired)
	}
	w.shows(linesSQL, sampleLines)
}

// TestOtherBuckets checks that a worker refuses a task that was planned for another state of the lake.
func TestOtherBuckets(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	w := at(t, s, copyOf(s.DSN()), "")
	w.unpublishedMonth()
	err := run.DoPublishTask(t.Context(), w.workspace(), lake.HashBytes([]byte("another state")), 0, w.options())
	if no := new(workspace.RefusedError); !errors.As(err, &no) || no.Hint == "" {
		t.Errorf("error %v", err)
	}
}

package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// do runs the workflow in the SDK's environment; attempt is what a worker does at the number-th attempt of a task. The
// worker of attempt N is w/N. It returns the attempts that are reported to the run.
func do(t *testing.T, tasks []int, attempt func(i, number int) *lake.TaskFailure) (reports []lake.TaskAttempt,
	err error) {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	var mu sync.Mutex
	begun := make(map[int]int) // attempts by task
	env.RegisterActivityWithOptions(func(ctx context.Context, in *taskInput) (*taskOutput, error) {
		mu.Lock()
		begun[in.Task]++
		name := fmt.Sprintf("w/%d", begun[in.Task])
		mu.Unlock()
		d := &doer{name: func() string { return name }}
		d.do = func(_ context.Context, run, stage string, i, number int) *lake.TaskAttempt {
			if run != "r" || stage != "scan" || in.Heartbeat != time.Hour {
				t.Errorf("input %+v", in)
			}
			return &lake.TaskAttempt{Stage: stage, Task: i, Number: number, Worker: name, Seconds: 2,
				Failure: attempt(i, number)}
		}
		return d.task(ctx, in)
	}, activity.RegisterOptions{Name: activityName})
	env.ExecuteWorkflow(stage, &stageInput{Run: "r", Stage: "scan", Tasks: spans(tasks), Heartbeat: time.Hour})
	out := new(stageOutput)
	if err = env.GetWorkflowError(); err != nil {
		err = failureOf("id", err, out)
	} else if err := env.GetWorkflowResult(out); err != nil {
		t.Fatal(err)
	}
	for i := range out.Tasks {
		out.Tasks[i].report("scan", "id", func(a *lake.TaskAttempt) { reports = append(reports, *a) })
	}
	return reports, err
}

// TestStage tests that each task of a stage is done, also one that fails at first, in a stage of more tasks than may be
// in flight. Each attempt is reported with its worker.
// Invariants: TEMPORAL-3, TEMPORAL-4, ENGINE-1.
func TestStage(t *testing.T) {
	t.Parallel()
	tasks := []int{0, 1, 2, 7, 9}
	for i := 100; i < 100+inFlight+200; i++ {
		tasks = append(tasks, i)
	}
	reports, err := do(t, tasks, func(i, number int) *lake.TaskFailure {
		if i == 7 && number < 3 {
			return &lake.TaskFailure{Class: lake.TaskFailed, Text: "no room"}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var done []int
	var seven []lake.TaskAttempt
	for _, a := range reports {
		if a.Failure == nil {
			done = append(done, a.Task)
		}
		if a.Task == 7 {
			seven = append(seven, a)
		} else if a.Number != 1 || a.Worker != "w/1" {
			t.Errorf("attempt %+v", a)
		}
	}
	slices.Sort(done)
	if !slices.Equal(done, tasks) {
		t.Errorf("done are %v, want %v", done, tasks)
	}
	noRoom := &lake.TaskFailure{Class: lake.TaskFailed, Text: "no room"}
	want := []lake.TaskAttempt{
		{Stage: "scan", Task: 7, Number: 1, Worker: "w/1", Seconds: 2, Failure: noRoom},
		{Stage: "scan", Task: 7, Number: 2, Worker: "w/2", Seconds: 2, Failure: noRoom},
		{Stage: "scan", Task: 7, Number: 3, Worker: "w/3", Seconds: 2},
	}
	if diff := cmp.Diff(want, seven); diff != "" {
		t.Errorf("attempts of task 7 (- want, + got):\n%s", diff)
	}
}

// TestReport tests that attempts whose workers reported nothing, or nothing more, are reported as failed.
// Invariants: TEMPORAL-4.
func TestReport(t *testing.T) {
	t.Parallel()
	out := taskOutput{Task: 4, Done: true,
		Tries: []try{{Number: 2, Worker: "w/2"}, {Number: 4, Worker: "w/4", Seconds: 3}}}
	var got []lake.TaskAttempt
	out.report("scan", "id", func(a *lake.TaskAttempt) { got = append(got, *a) })
	see := &lake.TaskFailure{Class: lake.TaskFailed, Text: "see workflow id"}
	want := []lake.TaskAttempt{
		{Stage: "scan", Task: 4, Number: 1, Worker: "unknown", Failure: see},
		{Stage: "scan", Task: 4, Number: 2, Worker: "w/2",
			Failure: &lake.TaskFailure{Class: lake.TaskCrashed, Text: "the worker gave no sign of life"}},
		{Stage: "scan", Task: 4, Number: 3, Worker: "unknown", Failure: see},
		{Stage: "scan", Task: 4, Number: 4, Worker: "w/4", Seconds: 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts (- want, + got):\n%s", diff)
	}
}

// TestStageFails tests that a refused or broken task ends the stage at its first attempt, and a task that always fails
// after eight. The error has class, text and hint.
// Invariants: ENGINE-1.
func TestStageFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failure  lake.TaskFailure
		attempts int
	}{
		{lake.TaskFailure{Class: lake.TaskRefused, Text: "other books", What: "plan again"}, 1},
		{lake.TaskFailure{Class: lake.TaskBroken, Text: "a damaged file", What: "restore it"}, 1},
		{lake.TaskFailure{Class: lake.TaskFailed, Text: "no room", What: "make room"}, 8},
	} {
		reports, err := do(t, []int{4}, func(int, int) *lake.TaskFailure { return &c.failure })
		f := new(lake.TaskFailure)
		if !errors.As(err, &f) || *f != c.failure || len(reports) != c.attempts {
			t.Errorf("%+v after %d attempts, want %+v after %d", err, len(reports), c.failure, c.attempts)
		}
		for i, a := range reports {
			if a.Number != i+1 || a.Worker != fmt.Sprintf("w/%d", i+1) || a.Failure == nil ||
				a.Failure.Text != c.failure.Text {
				t.Errorf("report %d is %+v", i, a)
			}
		}
	}
}

// TestQueues tests that two builds have different task queues, whose names start with that of the settings.
// Invariants: TEMPORAL-2.
func TestQueues(t *testing.T) {
	t.Parallel()
	c := Config{Queue: "acme"}
	// The first eight bytes of the SHA-256 of "a" and "b", by sha256sum.
	for build, want := range map[string]string{"a": "acme-ca978112ca1bbdca", "b": "acme-3e23e8160039594a"} {
		if got := c.queue(build); got != want {
			t.Errorf("queue of build %s is %s, want %s", build, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	got := spans([]int{0, 1, 2, 5, 7, 8})
	if want := []span{{0, 2}, {5, 5}, {7, 8}}; !slices.Equal(got, want) {
		t.Errorf("spans %v, want %v", got, want)
	}
}

// fake is a server on which the first starts find the workflow of another run, and the first workflows are canceled.
type fake struct {
	client.Client
	client.WorkflowRun
	there, canceled int
	starts, waits   int
}

func (f *fake) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	if f.starts++; f.starts <= f.there {
		return nil, &serviceerror.WorkflowExecutionAlreadyStarted{RunId: "of another run"}
	}
	return f, nil
}

func (f *fake) GetWorkflow(_ context.Context, id, run string) client.WorkflowRun {
	if id != "q/r/scan/0" || run != "of another run" {
		panic("joined " + id + ", run " + run)
	}
	return f
}

func (f *fake) Get(context.Context, any) error {
	if f.waits++; f.waits <= f.canceled {
		return fmt.Errorf("workflow execution error: %w", temporal.NewCanceledError())
	}
	return nil
}

// TestJoined tests that a run that joined the workflow of an interrupted one, which is then canceled, starts another
// one, and that a run whose own workflow is canceled ends with an error.
// Invariants: TEMPORAL-1.
func TestJoined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		there, canceled int
		fails           bool
	}{
		"nothing is there":                  {0, 0, false},
		"joined":                            {1, 0, false},
		"joined and canceled":               {1, 1, false},
		"joined and canceled twice":         {2, 2, false},
		"its own is canceled":               {0, 1, true},
		"joined and canceled, then its own": {1, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fake{there: c.there, canceled: c.canceled}
			e := &Engine{Config{Queue: "q", Log: slog.New(slog.DiscardHandler)}, server}
			err := e.Do(t.Context(), &lake.TaskWork{Run: "r", Build: "b", Stage: "scan", Tasks: []int{0}},
				func(*lake.TaskAttempt) {})
			if (err != nil) != c.fails || err != nil && !temporal.IsCanceledError(err) {
				t.Errorf("error %v", err)
			}
			if want := min(c.canceled, c.there) + 1; server.starts != want || server.waits != want {
				t.Errorf("%d workflows started or joined, %d waited for, want %d", server.starts, server.waits, want)
			}
		})
	}
}

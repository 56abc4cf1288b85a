package temporal

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tollbook/tollbook/pipeline/lake/task"
)

// do runs the workflow in the SDK's environment, with a function for the activity.
func do(t *testing.T, tasks []int, attempt func(in *taskInput, number int) error) (*stageOutput, error) {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(func(ctx context.Context, in *taskInput) (*taskOutput, error) {
		number := int(activity.GetInfo(ctx).Attempt)
		if err := attempt(in, number); err != nil {
			return nil, err
		}
		return &taskOutput{Task: in.Task, Number: number, Worker: "w/1"}, nil
	}, activity.RegisterOptions{Name: activityName})
	env.ExecuteWorkflow(stage, &stageInput{Run: "r", Stage: "scan", Tasks: spans(tasks), Heartbeat: time.Hour})
	if err := env.GetWorkflowError(); err != nil {
		return nil, failureOf("id", err)
	}
	out := new(stageOutput)
	return out, env.GetWorkflowResult(out)
}

// TestStage: each task of a stage is done, also one that fails at first, and a stage of more tasks than may be in
// flight.
// Invariants: TEMPORAL-3, ENGINE-1.
func TestStage(t *testing.T) {
	t.Parallel()
	tasks := []int{0, 1, 2, 7, 9}
	for i := 100; i < 100+inFlight+200; i++ {
		tasks = append(tasks, i)
	}
	out, err := do(t, tasks, func(in *taskInput, number int) error {
		if in.Run != "r" || in.Stage != "scan" || in.Heartbeat != time.Hour {
			t.Errorf("input %+v", in)
		}
		if in.Task == 7 && number < 3 {
			return temporal.NewApplicationError("no room", string(task.Failed), "")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var done []int
	for _, a := range out.Attempts {
		done = append(done, a.Task)
		if want := 1; a.Task != 7 && a.Number != want || a.Task == 7 && a.Number != 3 {
			t.Errorf("task %d is done at attempt %d", a.Task, a.Number)
		}
	}
	slices.Sort(done)
	if !slices.Equal(done, tasks) {
		t.Errorf("done are %v, want %v", done, tasks)
	}
}

// TestStageFails: a task that is refused ends the stage at its first attempt, one that always fails after eight; the
// error has class, text and hint.
// Invariants: ENGINE-1.
func TestStageFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		want     task.Failure
		attempts int
	}{
		{temporal.NewNonRetryableApplicationError("other books", string(task.Refused), nil, "plan again"),
			task.Failure{Class: task.Refused, Text: "other books", What: "plan again"}, 1},
		{temporal.NewApplicationError("no room", string(task.Failed), "make room"),
			task.Failure{Class: task.Failed, Text: "no room", What: "make room"}, 8},
	} {
		attempts := 0
		_, err := do(t, []int{4}, func(*taskInput, int) error {
			attempts++
			return c.err
		})
		f := new(task.Failure)
		if !errors.As(err, &f) || *f != c.want || attempts != c.attempts {
			t.Errorf("%+v after %d attempts, want %+v after %d", err, attempts, c.want, c.attempts)
		}
	}
}

// TestQueues: two builds have different task queues, and a queue has the name of the settings.
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

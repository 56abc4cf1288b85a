package lake_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
)

type piece struct {
	Name string `json:"name"`
	From int64  `json:"from"`
}

// TestStrict checks that a message is accepted only in the exact form of its encoding. Invariants: TASKENC-1.
func TestStrict(t *testing.T) {
	t.Parallel()
	b, err := lake.EncodeTask("scan task", &piece{"usage/a.csv", 1 << 60})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"kind":"scan task","version":1,"value":{"name":"usage/a.csv","from":1152921504606846976}}` + "\n"
	if string(b) != want {
		t.Fatalf("encoded as %s", b)
	}
	got := piece{}
	if err := lake.DecodeTask("scan task", b, &got); err != nil || got != (piece{"usage/a.csv", 1 << 60}) {
		t.Fatalf("decoded as %+v, %v", got, err)
	}
	for name, change := range map[string][2]string{
		"another kind":     {`"scan task"`, `"bucket task"`},
		"another version":  {`"version":1`, `"version":2`},
		"an unknown field": {`"from"`, `"to":3,"from"`},
		"a missing field":  {`,"from":1152921504606846976`, ``},
		"a repeated field": {`"from"`, `"from":7,"from"`},
		"a fraction":       {`1152921504606846976`, `1.5`},
		"spaces":           {`,"from"`, `, "from"`},
		"text after it":    {"\n", "\n{}"},
		"no end":           {"}}\n", "}"},
	} {
		bad := strings.Replace(want, change[0], change[1], 1)
		if bad == want {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := lake.DecodeTask("scan task", []byte(bad), &piece{}); err == nil {
			t.Errorf("%s is accepted: %s", name, bad)
		}
	}
}

// TestStage checks that a stage performs each task once and takes each result, with and without encoding them as bytes.
func TestStage(t *testing.T) {
	t.Parallel()
	for _, bytes := range []bool{false, true} {
		var tasks []*piece
		want := int64(0)
		for i := range int64(100) {
			tasks, want = append(tasks, &piece{From: i}), want+i
		}
		got := int64(0)
		err := lake.RunTasks(context.Background(), lake.LocalTasks{Workers: 3, Bytes: bytes},
			lake.TaskStage[piece, piece]{
				Kind: "scan", Tasks: tasks,
				Worker: func() func(context.Context, *piece) (*piece, error) {
					return func(_ context.Context, p *piece) (*piece, error) { return &piece{From: p.From}, nil }
				},
				Take: func(p *piece) error { got += p.From; return nil },
			})
		if err != nil || got != want {
			t.Errorf("bytes %v: the results add up to %d, want %d, %v", bytes, got, want, err)
		}
	}
}

// TestStageError checks that an error of a task, or of taking its result, ends the stage.
func TestStageError(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for name, where := range map[string][2]error{"task": {wrong, nil}, "take": {nil, wrong}} {
		err := lake.RunTasks(context.Background(), lake.LocalTasks{}, lake.TaskStage[piece, piece]{
			Kind: "scan", Tasks: []*piece{{}, {}, {}},
			Worker: func() func(context.Context, *piece) (*piece, error) {
				return func(_ context.Context, p *piece) (*piece, error) { return p, where[0] }
			},
			Take: func(*piece) error { return where[1] },
		})
		if !errors.Is(err, wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSpare checks that a task is helped by the cores of the workers that have no task left, by no more than these,
// that a core can help again, and that a stage does not end before the help does.
func TestSpare(t *testing.T) {
	t.Parallel()
	const workers = 3
	l := lake.LocalTasks{Workers: workers, Spare: new(lake.SpareCores)}
	help := func(f func() error) (wait func() error) {
		for wait == nil { // the others learn that there is no task left
			runtime.Gosched()
			wait = l.Spare.Help(f)
		}
		return wait
	}
	never := func() error { t.Error("called without a spare core"); return nil }
	for range 2 { // the cores of a stage are not those of the next one
		if l.Spare.Help(never) != nil {
			t.Fatal("a core is spare before the stage begins")
		}
		wrong := errors.New("wrong")
		ended := false
		err := lake.RunTasks(t.Context(), l, lake.TaskStage[piece, piece]{
			Kind: "scan", Tasks: []*piece{{}},
			Worker: func() func(context.Context, *piece) (*piece, error) {
				return func(_ context.Context, p *piece) (*piece, error) {
					until := make(chan error)
					first := help(func() error { return <-until })
					second := help(func() error { return <-until })
					if l.Spare.Help(never) != nil {
						t.Error("more cores help than are spare")
					}
					until <- wrong
					until <- wrong
					if err := errors.Join(first(), second()); !errors.Is(err, wrong) {
						t.Errorf("the error of a helper: %v", err)
					}
					begun := make(chan bool)
					again := help(func() error { <-begun; ended = true; return nil })
					close(begun)
					_ = again // nobody waits for it
					return p, nil
				}
			},
			Take: func(*piece) error { return nil },
		})
		if err != nil || !ended {
			t.Errorf("the stage ended with %v, and the helper: %v", err, ended)
		}
	}
	if (*lake.SpareCores)(nil).Help(never) != nil {
		t.Error("a core is spare without any")
	}
}

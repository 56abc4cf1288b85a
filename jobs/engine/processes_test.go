package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/task"
)

// workerEnv makes the test program a worker process. It names the folder in which each process records the tasks that
// it began.
const workerEnv = "TOLLBOOK_TEST_WORKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(workerEnv); dir != "" {
		fakeWorker(dir)
		return
	}
	os.Exit(m.Run())
}

// fakeWorker does tasks. The stage says what happens at the first try of a task: the process crashes, does not answer,
// fails, or refuses it.
func fakeWorker(dir string) {
	calls, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		c := new(call)
		if err := calls.Decode(c); errors.Is(err, io.EOF) {
			return
		}
		path := filepath.Join(dir, fmt.Sprint(c.Task))
		_, err := os.Stat(path)
		first := err != nil
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			panic(err)
		}
		a := &task.Attempt{Stage: c.Stage, Task: c.Task, Number: c.Number, Worker: workerName(os.Getpid())}
		switch how := c.Stage; {
		case how == "crashes", how == "crashes once" && first:
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case how == "ends once" && first:
			os.Exit(3)
		case how == "is silent once" && first:
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			time.Sleep(time.Second / 2) // the signal may stop it a little later
		case how == "takes long":
			for range Beats + 1 { // longer than c.Heartbeat
				time.Sleep(c.Heartbeat / Beats)
				_ = out.Encode(&answer{Alive: true})
			}
		case how == "fails once" && first:
			a.Failure = &task.Failure{Class: task.Failed, Text: "no room"}
		case how == "is refused":
			a.Failure = &task.Failure{Class: task.Refused, Text: "other books", What: "plan again"}
		case how == "is broken":
			a.Failure = &task.Failure{Class: task.Broken, Text: "a damaged file", What: "restore it"}
		}
		if out.Encode(&answer{Attempt: a}) != nil {
			return
		}
	}
}

// fakes returns an engine of three fake workers, and the folder in which they record tasks.
func fakes(t *testing.T) (*Processes, string) {
	t.Helper()
	dir := t.TempDir()
	p := &Processes{Workers: 3, Heartbeat: time.Minute, Command: func(int, int) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), workerEnv+"="+dir)
		return cmd
	}}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, dir
}

// TestProcesses checks that each task is done whatever happens to a worker, and that the attempts report what happened.
// Invariants: ENGINE-1.
func TestProcesses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage, failure string
		failed         int           // of five tasks
		heartbeat      time.Duration // 0 = that of fakes; the start of a process must be shorter
	}{
		{"is done", "", 0, 0},
		{"takes long", "", 0, 6 * time.Second},
		{"crashes once", "its process ended: signal: killed", 5, 0},
		{"ends once", "its process ended: exit status 3", 5, 0},
		{"is silent once", "it gave no sign of life for 6s, and was killed: signal: killed", 5, 6 * time.Second},
		{"fails once", "no room", 5, 0},
	} {
		t.Run(c.stage, func(t *testing.T) {
			t.Parallel()
			p, _ := fakes(t)
			p.Heartbeat = cmp.Or(c.heartbeat, p.Heartbeat)
			work := &task.Work{Run: "r", Stage: c.stage, Tasks: []int{0, 1, 2, 5, 7}}
			done, failed, workers := make(map[int]int), 0, make(map[string]bool)
			err := p.Do(t.Context(), work, func(a *task.Attempt) {
				if a.Failure == nil {
					done[a.Task] = a.Number
					workers[a.Worker] = true
					return
				}
				if failed++; a.Failure.Text != c.failure || a.Number != 1 {
					t.Errorf("attempt %d of task %d: %q, want %q at the first", a.Number, a.Task, a.Failure.Text,
						c.failure)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			number := 1 + min(1, c.failed)
			want := map[int]int{0: number, 1: number, 2: number, 5: number, 7: number}
			if failed != c.failed || !maps.Equal(done, want) {
				t.Errorf("done at attempt %v, %d failed; want %v and %d", done, failed, want, c.failed)
			}
			for name := range workers {
				if !strings.Contains(name, "/") {
					t.Errorf("worker %q: want host/process", name)
				}
			}
		})
	}
}

// TestProcessesGiveUp checks that a refused or broken task is not retried and ends the stage, and that one whose worker
// always crashes ends it after four processes. Invariants: ENGINE-1.
func TestProcessesGiveUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage, want string
		class       task.Class
		attempts    int
	}{
		{"is refused", "other books", task.Refused, 1},
		{"is broken", "a damaged file", task.Broken, 1},
		{"crashes", "crashes task 4: 4 worker processes crashed: its process ended: signal: killed", task.Crashed, 4},
	} {
		p, dir := fakes(t)
		p.Workers = 1
		attempts := 0
		err := p.Do(t.Context(), &task.Work{Stage: c.stage, Tasks: []int{4, 6}}, func(*task.Attempt) { attempts++ })
		f := new(task.Failure)
		if !errors.As(err, &f) || f.Class != c.class || f.Text != c.want || f.What == "" || attempts != c.attempts {
			t.Errorf("%s: %v after %d attempts, want %s %q after %d", c.stage, err, attempts, c.class, c.want,
				c.attempts)
		}
		begun, err := os.ReadDir(dir)
		if err != nil || len(begun) != 1 || begun[0].Name() != "4" {
			t.Errorf("%s: begun were %v, want task 4 only (%v)", c.stage, begun, err)
		}
	}
}

// TestProcessesCancelled checks that an interrupted run ends immediately, and that Close ends the processes.
func TestProcessesCancelled(t *testing.T) {
	t.Parallel()
	p, dir := fakes(t)
	p.Heartbeat = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if begun, err := os.ReadDir(dir); err != nil || len(begun) == 3 {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	err := p.Do(ctx, &task.Work{Stage: "is silent once", Tasks: []int{0, 1, 2, 3}}, func(*task.Attempt) {})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	var pids []int
	for _, w := range p.workers {
		pids = append(pids, w.cmd.Process.Pid)
		_ = syscall.Kill(w.cmd.Process.Pid, syscall.SIGCONT)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	alive := slices.DeleteFunc(pids, func(pid int) bool { return syscall.Kill(pid, 0) != nil })
	if len(alive) > 0 {
		t.Errorf("processes %v did not end", alive)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/run"
)

// TestSharedProcesses checks that a nightly run by three processes writes the same lake as one process, although one of
// them is killed in the middle of a task, at several points, and another is paused until the run is committed.
// Invariants: TASK-3.
func TestSharedProcesses(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	const at = "2026-09-10T00:00:00+08:00"
	alone, dir := scheduled(t, ""), scheduled(t, "")
	if p := launch(t, at, "-w", alone, "-q", "--as-of", at, "run", "nightly"); p.ends() > 1 {
		t.Fatal(p.text())
	}
	process := func(args ...string) *tollbook {
		return launch(t, at, append([]string{"-w", dir, "-q", "--as-of", at}, args...)...)
	}
	must := func(p *tollbook) {
		t.Helper()
		if code := p.ends(); code > 1 {
			t.Fatalf("exit code %d:\n%s", code, p.text())
		}
	}
	waits := func(args ...string) (w run.Pending) {
		t.Helper()
		p := process(append([]string{"--json"}, args...)...)
		must(p)
		if err := json.Unmarshal([]byte(p.text()), &w); err != nil {
			t.Fatalf("%v:\n%s", err, p.text())
		}
		return w
	}
	if p := launch(t, at, "-w", alone, "-q", "--as-of", at, "task", "plan"); p.ends() != 0 {
		t.Fatal(p.text())
	}
	must(launch(t, at, "-w", alone, "-q", "run", "nightly")) // deletes the files of the plan
	w := waits("task", "plan")
	var paused *tollbook
	for _, stage := range []string{"scan", "bucket"} {
		if w.Stage != stage || w.Tasks == 0 {
			t.Fatalf("want %s tasks: %+v", stage, w)
		}
		kills := 0
		for n := 1; ; n *= 2 { // n counts operations on the lake
			p := process("task", "do", stage, "0", "--fault", fmt.Sprintf("kill:%d", n))
			code := p.ends()
			if code == 0 {
				break
			}
			if kills++; code != -1 {
				t.Fatalf("exit code %d, want a kill:\n%s", code, p.text())
			}
		}
		if kills < 2 {
			t.Errorf("stage %s: %d kills", stage, kills)
		}
		if stage == "bucket" {
			paused = process("task", "do", stage, "0", "--fault", "stop:7")
		}
		var workers []*tollbook
		for k := range 3 {
			args := []string{"task", "do", stage}
			for i := k; i < w.Tasks; i += 3 {
				args = append(args, fmt.Sprint(i))
			}
			if len(args) > 3 {
				workers = append(workers, process(args...))
			}
		}
		for _, p := range workers {
			must(p)
		}
		w = waits("task", "next")
	}
	if w.Stage != "" {
		t.Fatalf("all tasks are done: %+v", w)
	}
	must(process("task", "commit"))
	want, got := lakeOf(t, alone), lakeOf(t, dir)
	for name := range got { // files of the task that is paused
		if strings.HasPrefix(name, "tmp/") {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the lake (- one process, + three):\n%s", diff)
	}
	paused.signal(syscall.SIGCONT)
	paused.ends()
	if text := paused.text(); strings.Contains(text, "panic") {
		t.Error(text)
	}
	must(launch(t, at, "-w", dir, "-q", "verify"))
	must(launch(t, at, "-w", dir, "-q", "task", "plan")) // deletes the files of the paused task
	must(launch(t, at, "-w", dir, "-q", "run", "nightly"))
	if diff := cmp.Diff(want, lakeOf(t, dir)); diff != "" {
		t.Errorf("the lake after the paused task (- one process, + three):\n%s", diff)
	}
}

// TestWorkerProcesses checks that a nightly run by three worker processes writes the same lake as one process, although
// a worker is killed in the middle of a task, at several points, or is paused, or the process of the run is killed at
// several points and restarted. Files are read in ranges. The quick form kills one worker. Invariants: TASK-3,
// ENGINE-1, ENGINE-2.
func TestWorkerProcesses(t *testing.T) {
	t.Parallel()
	const at = "2026-09-10T00:00:00+08:00"
	alone := scheduled(t, "")
	if p := launch(t, at, "-w", alone, "-q", "--as-of", at, "run", "nightly"); p.ends() > 1 {
		t.Fatal(p.text())
	}
	want := lakeOf(t, alone)
	night := func(dir string, args ...string) (string, int) {
		t.Helper()
		p := launch(t, at, append([]string{"-w", dir, "-q", "--as-of", at, "--range-bytes", "300", "run", "nightly"},
			args...)...)
		code := p.ends()
		return p.text(), code
	}
	equal := func(what, dir string) {
		t.Helper()
		if diff := cmp.Diff(want, lakeOf(t, dir)); diff != "" {
			t.Errorf("%s: the lake (- one process, + three):\n%s", what, diff)
		}
	}
	const settings = "engine: {processes: 3, heartbeat: 2s}"
	faults, least := []string{"kill:9"}, 1
	if !testing.Short() {
		faults, least = append(faults, "stop:3", "kill:1", "kill:3", "kill:27", "kill:81"), 3
	}
	failed := 0
	for _, fault := range faults {
		dir := scheduled(t, settings)
		if text, code := night(dir, "--worker-fault", fault); code > 1 {
			t.Fatalf("%s: exit code %d:\n%s", fault, code, text)
		}
		equal(fault, dir)
		r := shown(t, at, dir, 1)
		if len(r.Tasks) != 2 || len(r.Workers) == 0 || r.Tasks[0].Done != 7 { // 7 ranges of two files
			t.Errorf("%s: runs show says %+v", fault, r)
		}
		for _, stage := range r.Tasks {
			failed += stage.Attempts - stage.Done
		}
	}
	if failed < least {
		t.Errorf("%d attempts failed, want at least %d", failed, least)
	}
	if testing.Short() {
		return
	}
	kills := 0
	for n := 1; n < 1000; n *= 4 { // n counts operations of the run's own process
		dir := scheduled(t, settings)
		text, code := night(dir, "--fault", fmt.Sprintf("kill:%d", n))
		if code >= 0 && code <= 1 {
			break
		}
		if kills++; code != -1 {
			t.Fatalf("exit code %d, want a kill:\n%s", code, text)
		}
		if text, code = night(dir); code > 1 {
			t.Fatalf("after a kill at operation %d: exit code %d:\n%s", n, code, text)
		}
		equal(fmt.Sprintf("after a kill at operation %d", n), dir)
	}
	if kills < 2 {
		t.Errorf("%d kills of the run's own process", kills)
	}
}

// TestWorkerRerate checks that a re-rate by worker processes, with the books of another folder, prints the same text
// and writes the same lake as one process, although a worker or the process of the run is killed at several points. The
// quick form kills each once. Invariants: TASK-3, ENGINE-1, ENGINE-2.
func TestWorkerRerate(t *testing.T) {
	t.Parallel()
	const at = "2026-10-05T00:00:00+08:00"
	closed := scheduled(t, "")
	if p := launch(t, at, "-w", closed, "-q", "close", "--cycle", "2026-09", "--yes"); p.ends() > 1 {
		t.Fatal(p.text())
	}
	here, err := os.Getwd()
	draft := t.TempDir()
	if err == nil {
		err = os.CopyFS(draft, os.DirFS(filepath.Join(closed, "books")))
	}
	prices := filepath.Join(draft, "prices.csv")
	var text []byte
	if err == nil {
		text, err = os.ReadFile(prices)
	}
	if err == nil {
		err = os.WriteFile(prices, bytes.ReplaceAll(text, []byte("1,,0.015,"), []byte("1,,0.02,")), 0o644)
	}
	if err == nil {
		draft, err = filepath.Rel(here, draft)
	}
	if err != nil {
		t.Fatal(err)
	}
	rerate := func(engine string, args ...string) (dir, text string, code int, again func() *tollbook) {
		t.Helper()
		dir = filepath.Join(t.TempDir(), "w")
		settings := filepath.Join(dir, "tollbook.yaml")
		if err := os.CopyFS(dir, os.DirFS(closed)); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(settings)
		if err == nil {
			err = os.WriteFile(settings, append(written, engine...), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		command := []string{"-w", dir, "-q", "--yes", "--as-of", at, "rerate", "--cycle", "2026-09", "--books", draft}
		p := launch(t, at, append(command, args...)...)
		code = p.ends()
		return dir, strings.ReplaceAll(p.text(), dir, "w"), code, func() *tollbook {
			return launch(t, at, command...)
		}
	}
	alone, printed, code, _ := rerate("")
	if code > 1 || !strings.Contains(printed, "differences to what was billed") {
		t.Fatalf("exit code %d:\n%s", code, printed)
	}
	want := lakeOf(t, alone)
	equal := func(what, dir string) {
		t.Helper()
		if diff := cmp.Diff(want, lakeOf(t, dir)); diff != "" {
			t.Errorf("%s: the lake (- one process, + workers):\n%s", what, diff)
		}
	}
	const engine = "engine: {processes: 2, heartbeat: 2s}\n"
	workerFaults, faults := []int{5}, []int{40}
	if !testing.Short() {
		workerFaults, faults = []int{1, 3, 9, 27, 81}, []int{1, 10, 20, 40, 60, 80, 120}
		dir, text, code, _ := rerate(engine)
		if code > 1 || text != printed {
			t.Errorf("exit code %d (- one process, + workers):\n%s", code, cmp.Diff(printed, text))
		}
		equal("undisturbed", dir)
	}
	failed := 0
	for _, n := range workerFaults {
		dir, text, code, _ := rerate(engine, "--worker-fault", fmt.Sprintf("kill:%d", n))
		if code > 1 || !strings.HasSuffix(text, printed) {
			t.Errorf("a worker is killed at operation %d: exit code %d (- one process, + workers):\n%s", n, code,
				cmp.Diff(printed, text))
		}
		equal(fmt.Sprintf("a worker is killed at operation %d", n), dir)
		r := shown(t, at, dir, 2)
		if len(r.Tasks) != 2 || r.Tasks[0].Stage != "rerate" || r.Tasks[1].Stage != "bucket" {
			t.Errorf("runs show says %+v, want tasks of rerate and bucket", r)
		}
		for _, stage := range r.Tasks {
			failed += stage.Attempts - stage.Done
		}
	}
	if failed == 0 {
		t.Error("no attempt failed")
	}
	head := func(dir string) string {
		text, err := os.ReadFile(filepath.Join(dir, "lake", "HEAD"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	kills := 0
	for _, n := range faults {
		dir, text, code, again := rerate(engine, "--fault", fmt.Sprintf("kill:%d", n))
		if code >= 0 && code <= 1 {
			break
		}
		if kills++; code != -1 {
			t.Fatalf("exit code %d, want a kill:\n%s", code, text)
		}
		says := printed
		if head(dir) != head(closed) { // the process was killed after its commit
			says = "Nothing new: the lake is at manifest 2 as before.\n"
		}
		p := again()
		if code := p.ends(); code > 1 || !strings.HasSuffix(strings.ReplaceAll(p.text(), dir, "w"), says) {
			t.Errorf("after a kill at operation %d: exit code %d:\n%s", n, code, p.text())
		}
		equal(fmt.Sprintf("after a kill at operation %d", n), dir)
	}
	if kills == 0 {
		t.Error("the process of the run was not killed")
	}
}

// shownRun is the part of `runs show` that describes the tasks of a run.
type shownRun struct {
	Tasks   []ledger.Tasks
	Workers []ledger.Worker
}

// shown returns what `runs show` prints about the tasks of the n-th run of a workspace.
func shown(t *testing.T, at, dir string, n int) (r shownRun) {
	t.Helper()
	p := launch(t, at, "-w", dir, "--json", "runs", "show", fmt.Sprint(n))
	if code := p.ends(); code > 1 {
		t.Fatal(p.text())
	}
	if err := json.Unmarshal([]byte(p.text()), &r); err != nil {
		t.Fatalf("%v:\n%s", err, p.text())
	}
	return r
}

// lakeOf returns the content of the lake's files by name.
func lakeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	root := filepath.Join(dir, "lake")
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || info.Name() == "LOCK" {
			return err
		}
		b, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, root+"/")] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

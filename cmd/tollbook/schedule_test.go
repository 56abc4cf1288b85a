package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// clockEnv names the variable with the time at which the clock of the program starts in these tests.
const clockEnv = "TOLLBOOK_TEST_CLOCK"

// realTollbook runs the program with a running clock.
func realTollbook() {
	began, clock := time.Now(), time.Now
	if text := os.Getenv(clockEnv); text != "" {
		from, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		clock = func() time.Time { return from.Add(time.Since(began)) }
	}
	os.Exit(begin(clock))
}

// tollbook is a process of the program under test.
type tollbook struct {
	t   *testing.T
	cmd *exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

// Write records the output of the process.
func (p *tollbook) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *tollbook) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// launch starts the program with its clock at a given instant.
func launch(t *testing.T, at string, args ...string) *tollbook {
	t.Helper()
	p := &tollbook{t: t}
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Env = append(os.Environ(), "TOLLBOOK_TEST_REAL=1", clockEnv+"="+at, "HOME=", "XDG_CACHE_HOME=")
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	return p
}

// until waits up to three minutes, enough for a busy machine, for a condition.
func (p *tollbook) until(what string, met func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("no %s within three minutes:\n%s", what, p.text())
		}
	}
}

// says waits until the output of the process contains a text.
func (p *tollbook) says(text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q", text), func() bool { return strings.Contains(p.text(), text) })
}

func (p *tollbook) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for the end of the process and returns its exit code; -1 means that a signal ended it.
func (p *tollbook) ends() int {
	p.t.Helper()
	err := p.cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// scheduled returns a copy of the workspace testdata/mini whose feed files are old enough to be ingested.
func scheduled(t *testing.T, more string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "tollbook.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(more + "\n")
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	old(t, dir)
	return dir
}

// old sets the times of the inbox to 8 September 2026.
func old(t *testing.T, dir string) {
	t.Helper()
	at := time.Date(2026, 9, 8, 0, 0, 0, 0, time.UTC)
	files, err := filepath.Glob(filepath.Join(dir, "inbox", "*", "*"))
	for _, name := range files {
		err = errors.Join(err, os.Chtimes(name, at, at))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// large adds a feed file that takes a run some seconds.
func large(t *testing.T, dir string, rows int) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n")
	for i := range rows {
		fmt.Fprintf(&b, "n%d,acme,m%d,vm,east,2026-09-07T00:00:00+08:00,2026-09-07T01:00:00+08:00,1.5\n", i, i%1000)
	}
	if err := os.WriteFile(filepath.Join(dir, "inbox", "usage", "large.csv"), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	old(t, dir)
}

func ledgerOf(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, damaged, err := ledger.Read(ledger.Dir(dir))
	if err != nil || len(damaged) > 0 {
		t.Fatal(err, damaged)
	}
	for i := range entries {
		out = append(out, fmt.Sprintf("%s %s %s", entries[i].Why, entries[i].Kind, entries[i].Outcome))
	}
	return out
}

// whole checks the lake with the command verify.
func whole(t *testing.T, dir string) {
	t.Helper()
	p := launch(t, "2026-09-10T00:00:00+08:00", "-w", dir, "verify")
	if code := p.ends(); code != 0 {
		t.Errorf("verify: exit %d\n%s", code, p.text())
	}
}

// running reports whether a run holds the lake.
func running(dir string) func() bool {
	return func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "lake", storage.LockName))
		return err == nil && len(b) > 0
	}
}

// beforeNight is two seconds before the nightly run of 9 September, which is due at 01:30 in Shanghai.
const beforeNight = "2026-09-09T01:29:58+08:00"

func TestScheduleRunsAtItsTime(t *testing.T) {
	t.Parallel()
	dir := scheduled(t, "schedule: {listen: \"127.0.0.1:0\"}")
	p := launch(t, beforeNight, "-w", dir, "schedule")
	p.says("run ended")
	if got := strings.Join(ledgerOf(t, dir), "; "); got != "schedule nightly look" {
		t.Error(got)
	}
	address := regexp.MustCompile(`on=(http://[0-9.:]+)`).FindStringSubmatch(p.text())
	if len(address) != 2 {
		t.Fatal(p.text())
	}
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/readyz": "ready\n",
		"/metrics": `tollbook_runs_total{kind="nightly",outcome="look",why="schedule"} 1`,
	} {
		if got := get(t, address[1]+path); !strings.Contains(got, want) {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}

	second := launch(t, beforeNight, "-w", dir, "schedule")
	if code := second.ends(); code != 3 ||
		!strings.Contains(second.text(), fmt.Sprintf("another scheduler works on this workspace: pid %d",
			p.cmd.Process.Pid)) {
		t.Errorf("the second: exit %d\n%s", code, second.text())
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit %d\n%s", code, p.text())
	}
	whole(t, dir)
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestScheduleStopsAfterTheRun checks that after SIGTERM during a run the run completes and the scheduler then ends.
func TestScheduleStopsAfterTheRun(t *testing.T) {
	t.Parallel()
	dir := scheduled(t, "")
	large(t, dir, 100_000)
	p := launch(t, beforeNight, "-w", dir, "schedule")
	p.until("run", running(dir))
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 || !strings.Contains(p.text(), "schedule stopped") {
		t.Errorf("exit %d\n%s", code, p.text())
	}
	if got := strings.Join(ledgerOf(t, dir), "; "); got != "schedule nightly look" {
		t.Error(got)
	}
	whole(t, dir)
}

// TestScheduleCallsOff checks that a run that takes longer than schedule.stop_timeout is cancelled and commits nothing,
// and that the next scheduler repeats it.
func TestScheduleCallsOff(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	dir := scheduled(t, "schedule: {stop_timeout: 1s}")
	large(t, dir, 100_000)
	p := launch(t, beforeNight, "-w", dir, "schedule")
	p.until("run", running(dir))
	// The process alternately runs for some milliseconds and is stopped for a tenth of a second, so that one second of
	// its clock passes before the run ends, regardless of the speed of the machine and of delays of this test.
	p.signal(syscall.SIGSTOP)
	p.signal(syscall.SIGTERM)
	p.until("cancellation", func() bool {
		p.signal(syscall.SIGCONT)
		time.Sleep(2 * time.Millisecond)
		p.signal(syscall.SIGSTOP)
		time.Sleep(100 * time.Millisecond)
		return strings.Contains(p.text(), "it is called off") || !alive(p.cmd.Process.Pid)
	})
	p.signal(syscall.SIGCONT)
	if code := p.ends(); code != 0 || !strings.Contains(p.text(), "it is called off") {
		t.Fatalf("exit %d\n%s", code, p.text())
	}
	if _, err := os.Stat(filepath.Join(dir, "lake", "HEAD")); err == nil {
		t.Error("something was committed")
	}
	once := launch(t, "2026-09-09T03:00:00+08:00", "-w", dir, "schedule", "--once")
	if code := once.ends(); code != 1 {
		t.Errorf("exit %d\n%s", code, once.text())
	}
	if got := strings.Join(ledgerOf(t, dir), "; "); got != "schedule nightly interrupted; catch-up nightly look" {
		t.Error(got)
	}
	whole(t, dir)
}

// TestScheduleSecondSignal checks that a second signal ends the scheduler immediately, and that the next scheduler does
// the interrupted run and leaves a correct lake.
func TestScheduleSecondSignal(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	dir := scheduled(t, "")
	large(t, dir, 200_000)
	p := launch(t, beforeNight, "-w", dir, "schedule")
	p.until("run", running(dir))
	p.signal(syscall.SIGTERM)
	p.says("schedule stops")
	p.until("end", func() bool { // the signal is handled a moment after the message
		p.cmd.Process.Signal(syscall.SIGTERM)
		return !alive(p.cmd.Process.Pid)
	})
	if code := p.ends(); code != -1 {
		t.Errorf("exit %d\n%s", code, p.text())
	}
	if got := strings.Join(ledgerOf(t, dir), "; "); got != "schedule nightly killed" {
		t.Error(got)
	}
	once := launch(t, "2026-09-09T03:00:00+08:00", "-w", dir, "schedule", "--once")
	if code := once.ends(); code != 1 {
		t.Errorf("exit %d\n%s", code, once.text())
	}
	whole(t, dir)
}

// alive reports whether a process is running: a zombie is not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// TestScheduleBesideARunByHand checks that a due nightly run waits for a manual run, and is then covered by it or done.
func TestScheduleBesideARunByHand(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	dir := scheduled(t, "")
	large(t, dir, 100_000)
	hand := launch(t, "2026-09-09T01:00:00+08:00", "-w", dir, "run", "nightly")
	hand.until("run", running(dir))
	hand.signal(syscall.SIGSTOP)
	p := launch(t, beforeNight, "-w", dir, "schedule")
	p.says("run failed")
	if want := fmt.Sprintf("held by pid %d", hand.cmd.Process.Pid); !strings.Contains(p.text(), want) {
		t.Errorf("it does not say %q:\n%s", want, p.text())
	}
	hand.signal(syscall.SIGCONT)
	if code := hand.ends(); code != 1 {
		t.Errorf("by hand: exit %d\n%s", code, hand.text())
	}
	p.says("run ended")
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit %d\n%s", code, p.text())
	}
	got := ledgerOf(t, dir)
	if got[0] != "by hand nightly look" || got[1] != "schedule nightly failed" ||
		got[len(got)-1] != "retry nightly nothing new" {
		t.Error(got)
	}
	whole(t, dir)
}

package jobs

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/jobs/ledger"
)

// stageOpen is the stage before those of the pipeline: settings and books are read.
const stageOpen = "open"

// sampling is the interval at which the process's memory is read.
const sampling = 50 * time.Millisecond

// meter measures the stages of one run. A nil meter measures nothing.
//
// Memory is that of the whole process. The kernel's high-water mark is exact for a stage that raised it; for a stage
// that stayed below an earlier one, memory is sampled. The mark is never reset, because the parent process reads it
// too.
type meter struct {
	clock  func() time.Time
	began  func([]ledger.Stage) // called when a stage begins
	stages []ledger.Stage
	on     bool
	start  time.Time // of the current stage
	cpu    time.Duration
	mark   int64 // high-water mark when it began

	mu      sync.Mutex
	sampled int64 // most memory seen since it began
	stop    chan struct{}
}

func newMeter(clock func() time.Time, began func([]ledger.Stage)) *meter {
	m := &meter{clock: clock, began: began, stop: make(chan struct{})}
	go m.sample()
	return m
}

// sample reads the memory repeatedly until the meter ends.
func (m *meter) sample() {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case <-tick.C:
			m.readMemory()
		}
	}
}

// readMemory takes one sample.
func (m *meter) readMemory() {
	now := memory("VmRSS")
	m.mu.Lock()
	m.sampled = max(m.sampled, now)
	m.mu.Unlock()
}

// begin ends the current stage and begins another.
func (m *meter) begin(name string) {
	if m == nil {
		return
	}
	m.finish()
	m.stages = append(m.stages, ledger.Stage{Name: name})
	m.on, m.start, m.cpu, m.mark = true, m.clock(), cpuTime(), memory("VmHWM")
	m.mu.Lock()
	m.sampled = 0
	m.mu.Unlock()
	m.readMemory()
	m.began(m.stages)
}

// rows sets the rows of the current stage.
func (m *meter) rows(n int64) {
	if m.on {
		m.stages[len(m.stages)-1].Rows += n
	}
}

// finish measures the current stage.
func (m *meter) finish() {
	if !m.on {
		return
	}
	m.readMemory()
	s := &m.stages[len(m.stages)-1]
	s.Seconds, s.CPU = seconds(m.clock().Sub(m.start)), seconds(cpuTime()-m.cpu)
	m.mu.Lock()
	s.Peak = m.sampled
	m.mu.Unlock()
	if mark := memory("VmHWM"); mark > m.mark {
		s.Peak = mark
	}
	m.on = false
}

// end ends the last stage and returns all.
func (m *meter) end() []ledger.Stage {
	m.finish()
	close(m.stop)
	return m.stages
}

// seconds is a duration in seconds, rounded to milliseconds.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// cpuTime is the CPU time that the process has used.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is the value of a line of /proc/self/status in bytes; 0 if there is none.
func memory(name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(text, []byte("\n"+name+":"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kib, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(line), []byte("kB")))), 10, 64)
	if !found || err != nil {
		return 0
	}
	return kib << 10
}

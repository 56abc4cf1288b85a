package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is the line on a terminal that shows the progress of a long command (CLI-4). Several goroutines may call it.
type progress struct {
	w           io.Writer // nil = not a terminal
	clock       func() time.Time
	mu          sync.Mutex
	begun, last time.Time
	shown       bool

	stage     string
	stageAt   time.Time // when the stage first reported
	stageDone int64     // done, as of that first report
}

const (
	progressAfter = 2 * time.Second
	progressEvery = 250 * time.Millisecond
)

func newProgress(w io.Writer, clock func() time.Time) *progress {
	if !IsTerminal(w) {
		return &progress{}
	}
	return &progress{w: w, clock: clock, begun: clock()}
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	if s, ok := w.(*sink); ok {
		w = s.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Update reports how much of a stage is done; total 0 = not known.
func (p *progress) Update(stage string, done, total int64) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if stage != p.stage {
		p.stage, p.stageAt, p.stageDone = stage, now, done
	}
	if now.Sub(p.begun) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	text := fmt.Sprintf("%s: %d", stage, done)
	if total > 0 {
		text = fmt.Sprintf("%s: %d of %d (%d %%)", stage, done, total, 100*done/total)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s%s", text, p.pace(now, done, total))
}

// pace returns the rate of a stage since its first report, and the estimated time left.
func (p *progress) pace(now time.Time, done, total int64) string {
	seconds := now.Sub(p.stageAt).Seconds()
	if seconds < 1 || done <= p.stageDone {
		return ""
	}
	rate := float64(done-p.stageDone) / seconds
	text := fmt.Sprintf(", %.0f/s", rate)
	if total > done {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// End removes the line.
func (p *progress) End() {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

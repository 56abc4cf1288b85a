package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress is the one line on a terminal that says how far a long command is (CLI-4). It may be called from several
// goroutines.
type progress struct {
	w           io.Writer // nil = not a terminal
	clock       func() time.Time
	mu          sync.Mutex
	begun, last time.Time
	shown       bool
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

// IsTerminal reports whether a person watches what is written.
func IsTerminal(w io.Writer) bool {
	if s, ok := w.(*sink); ok {
		w = s.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Update says how much of a stage is done; total 0 = not known.
func (p *progress) Update(stage string, done, total int64) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if now.Sub(p.begun) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	text := fmt.Sprintf("%s: %d", stage, done)
	if total > 0 {
		text = fmt.Sprintf("%s: %d of %d (%d %%)", stage, done, total, 100*done/total)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

// End takes the line away.
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

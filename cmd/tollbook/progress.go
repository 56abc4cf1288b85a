package main

import (
	"fmt"
	"io"
	"log/slog"
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
	if !isTerminal(w) {
		return &progress{}
	}
	return &progress{w: w, clock: clock, begun: clock()}
}

// isTerminal reports whether a person watches what is written.
func isTerminal(w io.Writer) bool {
	if s, ok := w.(*sink); ok {
		w = s.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// update says how much of a stage is done; total 0 = not known.
func (p *progress) update(stage string, done, total int64) {
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

// end takes the line away.
func (p *progress) end() {
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

// newLogger logs to standard error: text without times for people, JSON with times for machines.
func newLogger(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && attr.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return attr
		},
	}))
}

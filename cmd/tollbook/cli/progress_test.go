package cli

import (
	"bytes"
	"testing"
	"time"
)

// TestProgress tests CLI-4: nothing is printed in the first two seconds, then a line a few times per second, which is
// removed at the end.
func TestProgress(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	p := &progress{w: &out, clock: func() time.Time { return now }, begun: now}
	step := func(after time.Duration, done int64) {
		now = now.Add(after)
		p.Update("read feeds", done, 200)
	}
	step(time.Second, 1)
	step(999*time.Millisecond, 2)
	if out.Len() > 0 {
		t.Fatalf("before two seconds: %q", out.String())
	}
	step(time.Millisecond, 50)
	step(200*time.Millisecond, 51) // too soon
	step(50*time.Millisecond, 60)
	p.End()
	p.End()
	// The first report, of 1, starts the rate: 49 in 1 s, so 150 take 3 s; then 59 in 1.25 s, so 140 take 3 s.
	want := "\r\x1b[Kread feeds: 50 of 200 (25 %), 49/s, 3s left" +
		"\r\x1b[Kread feeds: 60 of 200 (30 %), 47/s, 3s left\r\x1b[K"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out, func() time.Time { t.Error("the clock was read"); return time.Time{} })
	p.Update("read feeds", 1, 2)
	p.End()
	if out.Len() > 0 {
		t.Errorf("printed %q to what is no terminal", out.String())
	}
}

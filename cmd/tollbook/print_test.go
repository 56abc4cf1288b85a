package main

import (
	"bytes"
	"math"
	"runtime/debug"
	"testing"
	"time"
)

func TestGrid(t *testing.T) {
	t.Parallel()
	g := newGrid("name", ">rows", ">.paid", "", ">.nothing")
	g.add("a", 5, "1.5", "", "0.00")
	g.add("größer", 123, "10", "note", "0")
	g.add("c", 7, "0.125", "", "0.000")
	g.dropEmpty("rows")
	var out bytes.Buffer
	g.print(&out, "  ")
	want := "" +
		"  name    rows    paid\n" +
		"  a          5   1.5\n" +
		"  größer   123  10      note\n" +
		"  c          7   0.125\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestGridKeeps(t *testing.T) {
	t.Parallel()
	g := newGrid(">a", ">b")
	g.add("0.00", "0")
	g.dropEmpty("a")
	var out bytes.Buffer
	g.print(&out, "")
	if want := "   a\n0.00\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// CLI-4: nothing before two seconds, then a few times a second, and the line goes away.
func TestProgress(t *testing.T) {
	t.Parallel()
	now := noon()
	var out bytes.Buffer
	p := &progress{w: &out, clock: func() time.Time { return now }, begun: now}
	step := func(after time.Duration, done int64) {
		now = now.Add(after)
		p.update("read feeds", done, 200)
	}
	step(time.Second, 1)
	step(999*time.Millisecond, 2)
	if out.Len() > 0 {
		t.Fatalf("before two seconds: %q", out.String())
	}
	step(time.Millisecond, 50)
	step(200*time.Millisecond, 51) // too soon
	step(50*time.Millisecond, 60)
	p.end()
	p.end()
	want := "\r\x1b[Kread feeds: 50 of 200 (25 %)\r\x1b[Kread feeds: 60 of 200 (30 %)\r\x1b[K"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out, func() time.Time { t.Error("the clock was read"); return noon() })
	p.update("read feeds", 1, 2)
	p.end()
	if out.Len() > 0 {
		t.Errorf("printed %q to what is no terminal", out.String())
	}
}

// The environment's word counts: what it sets is left alone. Not parallel: the collector is the process's.
func TestTuneMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	tuneMemory(func(string) string { return "set" })
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("GOGC was set, and yet the percentage became %d", got)
	}
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("GOMEMLIMIT was set, and yet the limit became %d", got)
	}
	tuneMemory(func(string) string { return "" })
	if got := debug.SetMemoryLimit(-1); got != 805_306_368 {
		t.Errorf("limit %d, want 768 MiB", got)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := printable("a\x1b[31mb\nc\x7f\u0085ü"); got != "a·[31mb·c··ü" {
		t.Errorf("got %q", got)
	}
	if got := shown("0123456789012345678901234567890123456789x"); got != "012345678901234567890123456789012345678…" {
		t.Errorf("got %q", got)
	}
	if got := trimZeros("10.2500000000"); got != "10.25" {
		t.Errorf("got %q", got)
	}
	if got := trimZeros("100.0000000000"); got != "100" {
		t.Errorf("got %q", got)
	}
	if got := trimZeros("100"); got != "100" {
		t.Errorf("got %q", got)
	}
}

package cli

import (
	"bytes"
	"testing"
)

func TestGrid(t *testing.T) {
	t.Parallel()
	g := NewGrid("name", ">rows", ">.paid", "", ">.nothing")
	g.Add("a", 5, "1.5", "", "0.00")
	g.Add("größer", 123, "10", "note", "0")
	g.Add("c", 7, "0.125", "", "0.000")
	g.DropEmpty("rows")
	var out bytes.Buffer
	g.Print(&out, "  ")
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
	g := NewGrid(">a", ">b")
	g.Add("0.00", "0")
	g.DropEmpty("a")
	var out bytes.Buffer
	g.Print(&out, "")
	if want := "   a\n0.00\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

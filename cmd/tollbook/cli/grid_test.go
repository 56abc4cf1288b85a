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

// TestGridOnTerminal checks that on a terminal the header is bold, and that the widest texts are truncated but numbers
// never are (CLI-9).
func TestGridOnTerminal(t *testing.T) {
	t.Parallel()
	g := NewGrid("name", "what it is", ">.paid")
	g.Add("a", "a text of thirty columns, or so", "1234567890.12")
	g.Add("a name of 17 cols", "short", "1")
	var out bytes.Buffer
	s := &sink{w: &out, style: Style{Bold: true, Width: 45}}
	g.Print(s, "  ")
	// 45 columns: an indent of 2, two gaps of 2, and 13 for the number leave 26 for the two texts.
	want := "" +
		"  \x1b[1mname           what it is              paid\x1b[0m\n" +
		"  a              a text of th…  1234567890.12\n" +
		"  a name of 17…  short                   1\n"
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}
}

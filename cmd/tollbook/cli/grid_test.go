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

// TestGridOfAmounts checks that a terminal shows amounts with the digits of their currency and equal ones once, that
// --exact and other outputs have all digits, and that a row that does not fit is written as "name: value" (CLI-9).
func TestGridOfAmounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		style   Style
		want    string
		rounded bool
	}{
		"file": {Style{}, "" +
			"customer  official  payment  rounding    due\n" +
			"東京       10.004   10.004    -0.004   10.00\n" +
			"b           1.2345   1.2345   -0.0045   1.43\n", false},
		"terminal": {Style{Width: 40}, "" +
			"customer  official = payment    due\n" +
			"東京                   10.00  10.00\n" +
			"b                       1.23   1.43\n", true},
		"exact": {Style{Width: 50, exact: true}, "" +
			"customer  official = payment  rounding    due\n" +
			"東京                 10.004    -0.004   10.00\n" +
			"b                     1.2345   -0.0045   1.43\n", false},
		"two rows of titles": {Style{Width: 28}, "" +
			"          official =\n" +
			"customer     payment    due\n" +
			"東京           10.00  10.00\n" +
			"b               1.23   1.43\n", true},
		"narrow": {Style{Width: 20}, "" +
			"customer: 東京\nofficial = payment: 10.00\ndue: 10.00\n\n" +
			"customer: b\nofficial = payment: 1.23\ndue: 1.43\n", true},
	} {
		g := NewGrid("customer", ">.official", ">.payment", ">."+RoundingHead, ">.due")
		g.Add("東京", AmountText("10.004", 2), AmountText("10.004", 2), AmountText("0.004", 2).Opposite(),
			AmountText("10.00", 2))
		g.Add("b", AmountText("1.2345", 2), AmountText("1.2345", 2), AmountText("-0.0045", 2), AmountText("1.43", 2))
		g.DropEmpty("official", "payment", "due")
		var out bytes.Buffer
		s := &sink{w: &out, style: c.style}
		g.Print(s, "")
		if out.String() != c.want || s.rounded != c.rounded {
			t.Errorf("%s: rounded %v, got\n%swant\n%s", name, s.rounded, out.String(), c.want)
		}
	}
}

package problem

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestPosAndText(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Problem{
		"a.csv: not there":    {Pos: Pos{File: "a.csv"}, Text: "not there"},
		"a.csv:3: odd":        {Pos: Pos{File: "a.csv", Line: 3}, Text: "odd"},
		"a.csv:3:9: odd":      {Pos: Pos{File: "a.csv", Line: 3, Column: 9}, Text: "odd", Hint: "make it even"},
		"and 2 more problems": {Text: "and 2 more problems"},
	} {
		if p.Error() != want {
			t.Errorf("%q, want %q", p.Error(), want)
		}
	}
}

func TestCollectorSortsAndTellsOnce(t *testing.T) {
	t.Parallel()
	var c Collector
	if c.Err() != nil || c.Problems() != nil {
		t.Fatal("an empty collector has an error")
	}
	c.Add(Pos{"b.csv", 1, 1}, "", "later file")
	c.Add(Pos{"a.csv", 10, 1}, "", "later line")
	c.Add(Pos{"a.csv", 9, 7}, "", "later column")
	c.Add(Pos{"a.csv", 9, 2}, "", "column %d", 2)
	c.Add(Pos{"a.csv", 9, 2}, "", "column 2")
	var ps Problems
	if !errors.As(c.Err(), &ps) || len(ps) != 4 {
		t.Fatalf("%v", c.Err())
	}
	want := "a.csv:9:2: column 2\na.csv:9:7: later column\na.csv:10:1: later line\nb.csv:1:1: later file"
	if ps.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", ps, want)
	}
}

func TestCollectorCountsBeyondTheLimit(t *testing.T) {
	t.Parallel()
	var c Collector
	for line := 10_000; line > 0; line-- {
		c.Add(Pos{"a.csv", line, 1}, "", "wrong")
	}
	ps := c.Problems()
	if len(ps) != Limit+1 || ps[0].Line != 1 || ps[Limit-1].Line != Limit {
		t.Fatalf("%d problems, from %v to %v", len(ps), ps[0], ps[len(ps)-2])
	}
	if got := ps[Limit].Error(); got != "and 9000 more problems" {
		t.Error(got)
	}
	if lines := strings.Count(ps.Error(), "\n"); lines != Limit {
		t.Error(fmt.Sprint(lines))
	}
}

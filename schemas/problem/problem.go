package problem

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Pos is a place in a book or settings file: line and column counted from 1; 0 = not known.
type Pos struct {
	File         string
	Line, Column int
}

// String is file:line:column; unknown parts are omitted.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one error in the books or settings.
type Problem struct {
	Pos
	Text string
	Hint string // what to do about it; may be empty
}

// Error is `file:line:column: text`.
func (p Problem) Error() string {
	if p.File == "" {
		return p.Text
	}
	return p.Pos.String() + ": " + p.Text
}

// Problems is every problem found in one reading, in file and line order.
type Problems []Problem

// Error lists the problems, one per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// In returns the problems of books that were read from a folder instead of books/, with the names of its files.
func (ps Problems) In(folder string) Problems {
	out := slices.Clone(ps)
	for i := range out {
		if name, ok := strings.CutPrefix(out[i].File, "books/"); ok {
			out[i].File = path.Join(filepath.ToSlash(folder), name)
		}
	}
	return out
}

// Limit is how many problems are listed; the rest is counted.
const Limit = 1000

// Collector gathers problems. The zero value is ready. Not safe for concurrent use.
type Collector struct {
	list  Problems
	count int
}

// Add notes a problem at a place.
func (c *Collector) Add(at Pos, hint, format string, args ...any) {
	c.AddProblem(Problem{Pos: at, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// AddProblem notes a problem.
func (c *Collector) AddProblem(p Problem) {
	c.list = append(c.list, p)
	c.count++
	if len(c.list) >= 4*Limit {
		c.settle()
	}
}

// Count is how many problems were added.
func (c *Collector) Count() int { return c.count }

// settle sorts the problems and keeps the first Limit, so that a file with a million wrong rows needs little memory.
func (c *Collector) settle() {
	slices.SortFunc(c.list, compare)
	before := len(c.list)
	c.list = slices.Compact(c.list)
	c.count -= before - len(c.list)
	if len(c.list) > Limit {
		clear(c.list[Limit:])
		c.list = c.list[:Limit]
	}
}

func compare(a, b Problem) int {
	return cmp.Or(
		strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		strings.Compare(a.Text, b.Text), strings.Compare(a.Hint, b.Hint),
	)
}

// Problems returns everything that was added, in order, without duplicates; past Limit, a last entry without a place
// has the count of the rest. It is nil if nothing was added.
func (c *Collector) Problems() Problems {
	if c.count == 0 {
		return nil
	}
	c.settle()
	out := slices.Clone(c.list)
	if rest := c.count - len(out); rest > 0 {
		out = append(out, Problem{Text: fmt.Sprintf("and %d more problems", rest)})
	}
	return out
}

// Err is Problems as an error, or nil.
func (c *Collector) Err() error {
	if ps := c.Problems(); ps != nil {
		return ps
	}
	return nil
}

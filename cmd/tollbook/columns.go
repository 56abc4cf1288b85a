package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// grid is a table for people: columns as wide as their widest cell, numbers to the right.
type grid struct {
	right []bool // by column
	rows  [][]string
}

// newGrid takes the header; a name that starts with > is of a column of numbers.
func newGrid(header ...string) *grid {
	g := &grid{}
	row := make([]string, len(header))
	for i, name := range header {
		text, right := strings.CutPrefix(name, ">")
		g.right = append(g.right, right)
		row[i] = text
	}
	g.rows = append(g.rows, row)
	return g
}

// add appends a row; values that are no strings are printed as %v.
func (g *grid) add(cells ...any) {
	row := make([]string, len(g.right))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	g.rows = append(g.rows, row)
}

// print writes the table, every line indented.
func (g *grid) print(w io.Writer, indent string) {
	width := make([]int, len(g.right))
	for _, row := range g.rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range g.rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				b.WriteString("  ")
			}
			if g.right[i] {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		fmt.Fprintln(w, indent+strings.TrimRight(b.String(), " "))
	}
}

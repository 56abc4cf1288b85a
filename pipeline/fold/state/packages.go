package state

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// packageRow is a row of packages.csv: its customer, package_id and valid_from.
type packageRow struct {
	customer, id string
	from         period.Instant
}

// packageBooks compares the packages of books with those from which closed cycles draw.
type packageBooks struct {
	books *books.Books
	base  *lake.Snapshot
	rows  map[packageRow]*books.Package        // of the books
	kept  map[packageRow]map[period.Cycle]bool // rows of the books of closes and re-rates, by storing cycle
	drew  map[packageRow]map[period.Cycle]bool // the rows from which closed cycles draw
	reset map[packageRow]string                // of drew
	ids   map[packageRow]map[period.Cycle]bool // of drew without valid_from: the cycles that store that they draw
	found problem.Collector
}

// CheckPackages refuses books whose packages differ from those from which closed cycles draw (§3.7, OPEN-7): what was
// drawn is stored by the row and its quota periods. The error is problem.Problems.
func CheckPackages(base *lake.Snapshot, b *books.Books) error {
	through, any := base.Manifest.ClosedThrough.Period()
	if !any {
		return nil
	}
	stored, err := OpeningOf(base, b, nil).ClosedBooks(through + 1) // in which re-rates are posted
	if err != nil {
		return err
	}
	c := &packageBooks{books: b, base: base, rows: make(map[packageRow]*books.Package),
		kept: make(map[packageRow]map[period.Cycle]bool), drew: make(map[packageRow]map[period.Cycle]bool),
		reset: make(map[packageRow]string), ids: make(map[packageRow]map[period.Cycle]bool)}
	c.load(stored)
	for i := range b.Packages {
		p := &b.Packages[i]
		c.rows[packageRow{b.Customers[p.Customer].ID, p.ID, p.Valid.From}] = p
	}
	for row := range c.drew {
		c.keeps(row)
	}
	for row, p := range c.rows {
		c.added(row, p, through)
	}
	if found := c.found.Problems(); found != nil {
		return found
	}
	return nil
}

// load sorts what closes and re-rates stored. What a cycle was last re-rated by replaces what it stored before.
func (c *packageBooks) load(stored []ClosedBook) {
	last := make(map[period.Cycle]period.Cycle)
	for i := range stored {
		if stored[i].Customer == "" {
			last[stored[i].Origin] = max(last[stored[i].Origin], stored[i].In)
		}
	}
	add := func(to map[packageRow]map[period.Cycle]bool, row packageRow, cycle period.Cycle) {
		if to[row] == nil {
			to[row] = make(map[period.Cycle]bool)
		}
		to[row][cycle] = true
	}
	for i := range stored {
		one := &stored[i]
		if one.Customer == "" {
			continue
		}
		row := packageRow{one.Customer, one.ID, one.From}
		add(c.kept, row, one.In)
		if one.Drew && one.In >= last[one.Origin] {
			add(c.drew, row, one.Origin)
			add(c.ids, packageRow{one.Customer, one.ID, period.Past}, one.In)
			c.reset[row] = one.Says
		}
	}
}

// keeps refuses the books if they lack a row from which closed cycles draw, or have it with another reset.
func (c *packageBooks) keeps(row packageRow) {
	if p := c.rows[row]; p != nil && p.Reset.String() == c.reset[row] {
		return
	}
	cycles, hint := c.cyclesOf(row)
	p := c.changed(row)
	if p == nil {
		c.found.Add(problem.Pos{File: "books/packages.csv"}, hint, "package %s of customer %s, valid_from %s: %s "+
			"drew from it, and it has no row", row.id, row.customer, c.shown(row.from), cycles)
		return
	}
	var was []string
	for _, one := range [...][3]string{{"package_id", p.ID, row.id}, {"customer_id", c.books.Customers[p.Customer].ID,
		row.customer}, {"valid_from", c.shown(p.Valid.From), c.shown(row.from)}, {"reset", p.Reset.String(),
		c.reset[row]}} {
		if one[1] != one[2] {
			was = append(was, one[0]+" was "+one[2])
		}
	}
	delete(c.rows, packageRow{c.books.Customers[p.Customer].ID, p.ID, p.Valid.From}) // it is reported
	c.found.Add(lineOf(p), hint, "%s: %s drew from it; %s", p.ID, cycles, strings.Join(was, ", "))
}

// lineOf is the line of a package in its book.
func lineOf(p *books.Package) problem.Pos { return problem.Pos{File: p.Place.File, Line: p.Place.Line} }

// cyclesOf lists the cycles that draw from a row, with what to do.
func (c *packageBooks) cyclesOf(row packageRow) (list, hint string) {
	var all []string
	for _, cycle := range slices.Sorted(maps.Keys(c.drew[row])) {
		all = append(all, cycle.String())
		if ref, _ := c.base.Cycle(lake.CycleOf(cycle)); ref.Archived != nil {
			hint = "put it back: a row from which an archived cycle draws stays. To end it, set valid_to"
		}
	}
	if hint == "" {
		hint = "put it back. To end it, set valid_to. If it was wrong: set its quota to 0, rate again what drew " +
			"(`tollbook rerate --cycle " + all[0] + "`), then change or delete it"
	}
	return strings.Join(all, ", "), hint
}

// changed finds what has become of a row: one that no closed cycle knows and that has two of its customer, package_id
// and valid_from.
func (c *packageBooks) changed(row packageRow) (found *books.Package) {
	for i := range c.books.Packages {
		p := &c.books.Packages[i]
		is := packageRow{c.books.Customers[p.Customer].ID, p.ID, p.Valid.From}
		if is == row {
			return p
		}
		if found == nil && c.kept[is] == nil && small(is.customer == row.customer)+small(is.id == row.id)+
			small(is.from == row.from) == 2 {
			found = p
		}
	}
	return found
}

// added refuses a row that begins in a closed cycle and that the books did not have when cycles were billed that draw
// from a row of its customer and package_id: draws of closed cycles would belong to it.
func (c *packageBooks) added(row packageRow, p *books.Package, through period.Cycle) {
	draws := c.ids[packageRow{row.customer, row.id, period.Past}]
	end := func(cycle period.Cycle) period.Instant { return c.books.Zone.Bounds(cycle).To }
	if len(draws) == 0 || row.from >= end(through) {
		return
	}
	known := c.kept[row] != nil
	for in := range draws {
		known = known && (row.from >= end(in) || c.kept[row][in])
	}
	if !known {
		c.found.Add(lineOf(p), "let it begin in an open cycle, or give it another package_id", "%s: closed cycles "+
			"drew from a row of customer %s with this package_id, and this one begins in a closed cycle", p.ID,
			row.customer)
	}
}

// shown formats a valid_from as in the book.
func (c *packageBooks) shown(t period.Instant) string {
	zone := c.books.Zone
	switch day := zone.Day(t); {
	case t == period.Past:
		return "empty"
	case zone.Start(day) == t:
		return day.String()
	default:
		return time.UnixMicro(int64(t)).In(zone.Location()).Format(time.RFC3339Nano)
	}
}

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// location is where a record was found.
type location struct {
	cycle        lake.Cycle // cycle that billed it
	origin       string     // cycle to which it belongs
	customer, id string
	day          lake.Day
}

// sameAs reports whether two locations are of one record. An order, or a record of another cycle, can have the same id.
func (p location) sameAs(o location) bool {
	return p.customer == o.customer && p.origin == o.origin &&
		(p.day == lake.EventsDay) == (o.day == lake.EventsDay)
}

// before orders the record's own cycle first, then the cycles that billed it later.
func (p location) before(o location) int {
	return cmp.Or(cmp.Compare(p.customer, o.customer), cmp.Compare(p.origin, o.origin), p.cycle.Compare(o.cycle),
		p.day.Compare(o.day))
}

// severalRecords reports whether the locations are of more than one record.
func severalRecords(places []location) bool {
	return slices.ContainsFunc(places, func(p location) bool { return !p.sameAs(places[0]) })
}

// plain returns the locations of the record to which an id without source and origin refers, among those of one
// customer and cycle: usage of a calendar day, else records of the cycle itself. If there is neither, it returns all.
func plain(places []location) []location {
	own := slices.DeleteFunc(slices.Clone(places), func(p location) bool { return p.origin != p.cycle.String() })
	if at := slices.IndexFunc(own, func(p location) bool { return !p.day.IsSpecial() }); at >= 0 {
		usage := own[at]
		return slices.DeleteFunc(own, func(p location) bool { return !p.sameAs(usage) })
	}
	if len(own) == 0 {
		return places
	}
	return own
}

func severalError(id string, places []location) error {
	var list []string
	origins := false
	for _, p := range places {
		text := fmt.Sprintf("cycle %s, customer %s", p.cycle, p.customer)
		if p.origin != p.cycle.String() {
			text, origins = fmt.Sprintf("cycle %s of %s, customer %s", p.cycle, p.origin, p.customer), true
		}
		list = append(list, text)
	}
	how := "select one with --cycle and --customer"
	switch first := places[0]; {
	case origins:
		how = "select one with --cycle, --origin and --customer"
	case !slices.ContainsFunc(places, func(p location) bool {
		return p.cycle != first.cycle || p.customer != first.customer
	}):
		how = fmt.Sprintf("select one by its source: `tollbook explain %s@usage`, or @events and so on", id)
	}
	if more := len(list) - maxOrigins; more > 0 {
		list = append(list[:maxOrigins], fmt.Sprintf("and %d more", more))
	}
	return &rows.NotFoundError{What: fmt.Sprintf("%q is the id of several records: %s", id, strings.Join(list, "; ")),
		Do: how}
}

// searched is a table in which ids are searched.
type searched struct {
	def              *tables.Table
	customer, origin tables.WordColumn[tables.Any] // columns; origin −1 = no such column
	id               tables.TextColumn[tables.Any] // column
	day              lake.Day
}

// searchedTable returns how to search a file; false if it contains no ids.
func searchedTable(e lake.FileEntry) (searched, bool) {
	switch e.Table {
	case tables.Lines().Name:
		in := searched{tables.Lines().Table, tables.LineCustomerID.Any(), -1, tables.LineID.Any(), e.Day}
		if e.Day.IsPosted() {
			in.origin = tables.LineOriginCycle.Any()
		}
		return in, true
	case tables.Usage().Name:
		return searched{tables.Usage().Table, tables.RecordCustomerID.Any(), -1, tables.RecordRecordID.Any(),
			e.Day}, true
	case tables.Late().Name:
		return searched{tables.Late().Table, tables.RecordCustomerID.Any(), tables.RecordOriginCycle.Any(),
			tables.RecordRecordID.Any(), lake.LateDay}, true
	}
	return searched{}, false
}

// also reads what was billed at the other locations of the record.
func (e *explainer) also(places []location) error {
	for _, p := range places {
		a := Also{Cycle: p.cycle.String(), Day: p.day.String()}
		if err := e.storedIn(p.cycle, p.day, &a.Lines, e.ownLine); err != nil {
			return err
		}
		if len(a.Lines) > 0 {
			e.story.Also = append(e.story.Also, a)
		}
	}
	return nil
}

// ownLine reports whether a line has the id and belongs to the requested cycle.
func (e *explainer) ownLine(row rows.Row[tables.Line]) bool {
	origin := row.Word(tables.LineOriginCycle)
	return string(row.Text(tables.LineID)) == e.at.id && (origin == e.at.origin || origin == "" &&
		e.at.origin == row.Word(tables.LineCycle))
}

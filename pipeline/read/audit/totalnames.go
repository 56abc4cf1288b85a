package audit

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// missingTotals returns the names of the control totals that the state lacks, by name. feeds are those with files. A
// sum that there is in each currency of a cycle counts as there.
func missingTotals(snap *lake.Snapshot, feeds []string) ([]string, error) {
	var names []string
	for _, feed := range feeds {
		for _, outcome := range [...]string{"read", "accepted", "duplicate", "rejected"} {
			names = append(names, "rows."+feed+"."+outcome)
		}
	}
	for _, def := range tables.PartnerMoneyTotals() {
		if slices.ContainsFunc(snap.Manifest.Loose, func(e lake.FileEntry) bool {
			return e.Table == def.Name && e.Rows > 0
		}) {
			names = append(names, def.Name+".rows")
		}
	}
	for _, ref := range snap.Manifest.Cycles {
		if ref.Archived != nil {
			continue
		}
		files, err := snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		names = append(names, ofCycle(ref.Cycle.String(), files)...)
	}
	there := make(map[string]bool, len(snap.Manifest.Totals))
	for _, t := range snap.Manifest.Totals {
		there[t.Name] = true
		if before, _, of := cutCurrency(t.Name); of {
			there[before] = true
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return there[name] }), nil
}

// cutCurrency cuts the name of a sum in one of several currencies, CYCLE/TABLE.COLUMN.CURRENCY, before the currency.
func cutCurrency(name string) (before, currency string, of bool) {
	at := strings.LastIndexByte(name, '.')
	if at < 0 || !strings.Contains(name, "/") || strings.Count(name, ".") < 2 {
		return name, "", false
	}
	return name[:at], name[at+1:], true
}

// ofCycle returns the names of the totals of a cycle. Those of a cycle without statements are optional: a run stores
// none if the cycle's first data are cost files without lines.
func ofCycle(cycle string, files []lake.FileEntry) (names []string) {
	lines, statements, margins := tables.Lines().Name, tables.Statements().Name, tables.Margins().Name
	if !slices.ContainsFunc(files, func(e lake.FileEntry) bool { return e.Table == statements }) {
		return nil
	}
	names = append(names, cycle+"/"+lines+".rows", cycle+"/"+statements+".rows")
	for _, e := range files {
		if e.Table == margins && e.Rows > 0 {
			names = append(names, cycle+"/"+margins+".rows")
		}
		for _, sum := range e.Sums {
			if (e.Table == lines || e.Table == statements) && !strings.Contains(sum.Column, ".") {
				names = append(names, cycle+"/"+e.Table+"."+sum.Column)
			}
		}
	}
	return names
}

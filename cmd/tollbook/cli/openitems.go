package cli

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// OpenLines returns one line per open item of a cycle, and one per feed file that was not ingested.
func OpenLines(o *workspace.OpenItems) []string {
	lines := MissingLines(o.Missing)
	for i := range o.NotTaken {
		f := &o.NotTaken[i]
		why := f.Fault
		if why == "" {
			why = "it " + f.Deferred + " while the run read it"
		}
		lines = append(lines, fmt.Sprintf("inbox/%s was not ingested: %s", Printable(f.Name), Printable(why)))
	}
	return lines
}

// MissingLines returns one line per open item of a cycle: missing days and links, deliveries, rejects and disputes.
func MissingLines(m *document.OpenItems) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if m.NoRecords {
		add("no records at all: no accepted record, no counted delivery of cost files")
	}
	for _, d := range m.Days {
		days := d.First
		if d.Days > 1 {
			days = fmt.Sprintf("%s to %s, %d days", d.First, d.Last, d.Days)
		}
		add("no %s was accepted for %s", d.Feed, days)
	}
	for _, l := range m.Links {
		add("no sample of link %s (%s, customer %s)", Printable(l.ResourceID), l.SKU, l.CustomerID)
	}
	if m.More > 0 {
		add("and none of %s", Counted(int64(m.More), "further link", "further links"))
	}
	for _, d := range m.Deliveries {
		if d.State == "held" {
			add("delivery %s is held: %d of %d rows are rejected", Printable(d.Path), d.Rejected, d.Rows)
		} else {
			add("delivery %s failed: %s", Printable(d.Path), Printable(d.Fault))
		}
	}
	for _, x := range m.Rejects {
		if x.Cycle > 0 {
			add("%s of %s: %s", Counted(x.Cycle, "open reject", "open rejects"), x.Feed, x.Reason)
		}
		if x.Unknown > 0 {
			add("%s of %s with an unknown cycle: %s", Counted(x.Unknown, "open reject", "open rejects"), x.Feed,
				x.Reason)
		}
	}
	for _, d := range m.Disputed {
		add("disputed: incentive %s of partner %s for %s, %s", d.ProgrammeID, d.PartnerID, d.Period,
			TrimZeros(d.Amount))
	}
	return lines
}

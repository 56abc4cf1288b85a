package workspace

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document"
)

// CloseTerms says which open items a cycle can be closed with. The zero value allows none that a person has to decide
// about. Only a person closes a cycle without records.
type CloseTerms struct {
	Rejects bool // rejects can be open, and incentives disputed
	// Feeds: feed records can be missing, feed files not taken, and deliveries of cost files failed or held
	Feeds bool
	// Confirmed are the open items that a person saw and accepted; a cycle with exactly these is closed. nil = none.
	Confirmed *OpenItems
}

// OpenItems are the open items of a cycle, and the feed files of the inbox that were not taken.
type OpenItems struct {
	Missing  *document.OpenItems
	NotTaken []FileReport
}

// Counts returns the numbers of open items in one line.
func (o *OpenItems) Counts() string {
	m := o.Missing
	var rejects int64
	for _, r := range m.Rejects {
		rejects += r.Cycle + r.Unknown
	}
	days := 0
	for _, d := range m.Days {
		if d.Daily {
			days += d.Days
		}
	}
	links := 0
	for _, l := range m.Links {
		if l.Before {
			links++
		}
	}
	var parts []string
	if m.NoRecords {
		parts = append(parts, "no records at all")
	}
	for _, part := range []struct {
		n         int64
		one, many string
	}{
		{rejects, "reject is open", "rejects are open"},
		{int64(len(m.Disputed)), "incentive is disputed", "incentives are disputed"},
		{int64(days), "day of a daily feed has no records", "days of daily feeds have no records"},
		{int64(links), "link that had samples before has none", "links that had samples before have none"},
		{int64(len(m.Deliveries)), "delivery of cost files does not count", "deliveries of cost files do not count"},
		{int64(len(o.NotTaken)), "feed file was not ingested", "feed files were not ingested"},
	} {
		switch {
		case part.n == 1:
			parts = append(parts, "1 "+part.one)
		case part.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return strings.Join(parts, ", ")
}

// Allow reports whether the terms allow closing a cycle with these open items.
func (t *CloseTerms) Allow(o *OpenItems) bool {
	if t == nil || t.Confirmed != nil && reflect.DeepEqual(t.Confirmed, o) {
		return true
	}
	return !o.Missing.NoRecords && (t.Rejects || !o.Missing.Undecided()) &&
		(t.Feeds || !o.Missing.Feeds() && len(o.NotTaken) == 0)
}

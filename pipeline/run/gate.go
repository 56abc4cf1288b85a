package run

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// GateError reports that a run would reject more than the gates of the settings allow. Nothing was done: no row was
// rated, no file noted as taken.
type GateError struct{ Feeds []GateFeed }

// GateFeed is one feed with more rejects than its gate allows.
type GateFeed struct {
	Feed     string        `json:"feed"`
	Gate     settings.Gate `json:"-"`
	Rows     int64         `json:"rows"` // of its new files
	Rejected int64         `json:"rejected"`
	Reasons  []ReasonCount `json:"reasons"` // most frequent first
	Files    []GateFile    `json:"files"`   // most rejects first, at most maxFiles
	More     int           `json:"more_files,omitempty"`
}

// ReasonCount is how many rejects have a reason.
type ReasonCount struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}

// GateFile is one file with rejects, and the first of them.
type GateFile struct {
	Name     string `json:"file"` // below inbox/
	Rows     int64  `json:"rows"`
	Rejected int64  `json:"rejected"`
	Row      int64  `json:"first_row"` // 1 = the first data row
	Reason   string `json:"first_reason"`
	Column   string `json:"first_column,omitempty"`
	Value    string `json:"first_value,omitempty"`
}

// maxFiles is how many files of a feed an error names.
const maxFiles = 5

// GateError names the feeds, their counts and reasons.
func (e *GateError) Error() string {
	var feeds []string
	for i := range e.Feeds {
		feeds = append(feeds, e.Feeds[i].String())
	}
	return "more rejects than the gates allow; nothing was done: " + strings.Join(feeds, "; ")
}

// Diagnosis implements problem.Diagnosed.
func (e *GateError) Diagnosis() (problem.Class, string) {
	return problem.Gated, "correct the feed or the books and run again, or accept the rejects: --accept-rejects " +
		"\"why\""
}

// String is the feed in one line.
func (f *GateFeed) String() string {
	var reasons []string
	for i, r := range f.Reasons {
		if i == 3 {
			reasons = append(reasons, "…")
			break
		}
		reasons = append(reasons, fmt.Sprintf("%s %d", r.Reason, r.Rows))
	}
	share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(100), big.NewInt(f.Rejected)), big.NewInt(max(f.Rows, 1)))
	return fmt.Sprintf("%s has %d rejects in %d rows (%s %%), its gate is %s: %s", f.Feed, f.Rejected, f.Rows,
		share.FloatString(2), f.Gate, strings.Join(reasons, ", "))
}

// exceeds reports whether rejects exceed a gate.
func exceeds(g settings.Gate, rows, rejected int64) bool {
	if g.HasCount && rejected > g.Count {
		return true
	}
	if !g.HasShare {
		return false
	}
	allowed := new(big.Rat).Mul(g.Share.Rat(), new(big.Rat).SetInt64(rows))
	return new(big.Rat).SetInt64(rejected).Cmp(allowed) > 0
}

// GateTally counts the rejects of a run's files for the gates.
type GateTally struct {
	Reasons map[string]map[string]int64 // by feed and reason
	first   map[int32]*accept.Reject    // of each file
}

// NewGateTally returns a tally of no rejects.
func NewGateTally() *GateTally {
	return &GateTally{Reasons: make(map[string]map[string]int64), first: make(map[int32]*accept.Reject)}
}

// Add counts a reject of a feed. The first of each file is kept without its raw record.
func (t *GateTally) Add(feed string, x *accept.Reject) {
	t.of(feed)[x.Reason.String()]++
	if t.first[x.File] == nil {
		t.first[x.File] = first(x)
	}
}

// Take adds the counts of a file of a feed.
func (t *GateTally) Take(feed string, file int32, c *GateCounts) {
	of := t.of(feed)
	for _, n := range c.Reasons {
		of[n.Reason] += n.Rows
	}
	t.first[file] = c.First
}

// of returns the counts of a feed by reason.
func (t *GateTally) of(feed string) map[string]int64 {
	of := t.Reasons[feed]
	if of == nil {
		of = make(map[string]int64)
		t.Reasons[feed] = of
	}
	return of
}

// GateCounts counts the rejects of one file. The zero value counts none.
type GateCounts struct {
	Reasons []ReasonCount  `json:"reasons"` // in the order of their first rejects
	First   *accept.Reject `json:"first"`   // without its raw record
}

// Add counts a reject.
func (c *GateCounts) Add(x *accept.Reject) {
	if c.First == nil {
		c.First = first(x)
	}
	why := x.Reason.String()
	at := slices.IndexFunc(c.Reasons, func(n ReasonCount) bool { return n.Reason == why })
	if at < 0 {
		at = len(c.Reasons)
		c.Reasons = append(c.Reasons, ReasonCount{Reason: why})
	}
	c.Reasons[at].Rows++
}

// first returns what an error names of the first reject of a file.
func first(x *accept.Reject) *accept.Reject {
	return &accept.Reject{Row: x.Row, Reason: x.Reason, Column: x.Column, Value: x.Value}
}

// Gate stops a run whose feeds have more rejects than the settings allow.
type Gate struct {
	Scanned *accept.Scanned
	Gates   settings.Gates
	Retry   bool   // the run tries rejects again
	Accept  string // reason for accepting more rejects than the gates allow; "" = they are not accepted
}

// CheckScanned checks the gates before anything is rated, by the rejects that scanning found.
func (g *Gate) CheckScanned() error {
	over := g.over()
	if len(over) == 0 || g.Accept != "" {
		return nil // accepted: CheckAll notes it, with all rejects
	}
	t := NewGateTally()
	err := g.Scanned.EachReject(func(x *accept.Reject) error {
		t.Add(g.Scanned.Files[x.File].Feed, x)
		return nil
	})
	if err != nil {
		return err
	}
	return g.refused(over, t)
}

// CheckAll checks the gates before the commit, by all rejects of the run's files, also those found by comparing
// records. It returns notes on what was accepted, and whether anything was. Errors: *GateError.
func (g *Gate) CheckAll(t *GateTally) (notes []string, accepted bool, err error) {
	over := g.over()
	if g.Accept == "" {
		return nil, false, g.refused(over, t)
	}
	if len(over) == 0 {
		return []string{"no gate was exceeded: --accept-rejects was not needed"}, false, nil
	}
	for i := range over {
		notes = append(notes, fmt.Sprintf("%s: %d rejects in %d rows, above its gate of %s, were accepted: %s",
			over[i].Feed, over[i].Rejected, over[i].Rows, over[i].Gate, g.Accept))
	}
	return notes, true, nil
}

// over returns the feeds whose rejects exceed their gates, by name. A retry has none: its records were rejected before
// (GATE-2).
func (g *Gate) over() []GateFeed {
	if g.Retry {
		return nil
	}
	feeds := make(map[string]*GateFeed)
	for at, f := range g.Scanned.Files {
		if !g.Scanned.Taken(int32(at)) {
			continue
		}
		if feeds[f.Feed] == nil {
			feeds[f.Feed] = &GateFeed{Feed: f.Feed, Gate: g.Gates.Of(f.Feed)}
		}
		feeds[f.Feed].Rows += f.Rows
		feeds[f.Feed].Rejected += f.Rejected
	}
	var over []GateFeed
	for _, name := range slices.Sorted(maps.Keys(feeds)) {
		if f := feeds[name]; exceeds(f.Gate, f.Rows, f.Rejected) {
			over = append(over, *f)
		}
	}
	return over
}

// refused returns the error for feeds above their gates, or nil if there are none.
func (g *Gate) refused(over []GateFeed, t *GateTally) error {
	if len(over) == 0 {
		return nil
	}
	for i := range over {
		f := &over[i]
		for reason, rows := range t.Reasons[f.Feed] {
			f.Reasons = append(f.Reasons, ReasonCount{reason, rows})
		}
		slices.SortFunc(f.Reasons, func(a, b ReasonCount) int {
			return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Reason, b.Reason))
		})
		for at, file := range g.Scanned.Files {
			if x := t.first[int32(at)]; file.Feed == f.Feed && x != nil {
				f.Files = append(f.Files, GateFile{Name: file.Name, Rows: file.Rows, Rejected: file.Rejected,
					Row: x.Row, Reason: x.Reason.String(), Column: x.Column, Value: x.Value})
			}
		}
		slices.SortStableFunc(f.Files, func(a, b GateFile) int { return cmp.Compare(b.Rejected, a.Rejected) })
		f.More = max(0, len(f.Files)-maxFiles)
		f.Files = f.Files[:len(f.Files)-f.More]
	}
	return &GateError{Feeds: over}
}

package run

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/settings"
)

// GatedError says that a run would reject more than the gates of the settings allow. Nothing was done: no row was
// rated, no file noted as taken.
type GatedError struct{ Feeds []GatedFeed }

// GatedFeed is one feed with more rejects than its gate allows.
type GatedFeed struct {
	Feed     string        `json:"feed"`
	Gate     settings.Gate `json:"-"`
	Rows     int64         `json:"rows"` // of its new files
	Rejected int64         `json:"rejected"`
	Reasons  []ReasonCount `json:"reasons"` // most first
	Files    []GatedFile   `json:"files"`   // most rejects first, at most gatedFiles
	More     int           `json:"more_files,omitempty"`
}

// ReasonCount is how many rejects have a reason.
type ReasonCount struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}

// GatedFile is one file with rejects, and the first of them.
type GatedFile struct {
	Name     string `json:"file"` // below inbox/
	Rows     int64  `json:"rows"`
	Rejected int64  `json:"rejected"`
	Row      int64  `json:"first_row"` // 1 = the first data row
	Reason   string `json:"first_reason"`
	Column   string `json:"first_column,omitempty"`
	Value    string `json:"first_value,omitempty"`
}

// gatedFiles is how many files of a feed are named.
const gatedFiles = 5

// Error names the feeds, their counts and reasons.
func (e *GatedError) Error() string {
	var feeds []string
	for i := range e.Feeds {
		feeds = append(feeds, e.Feeds[i].String())
	}
	return "more rejects than the gates allow; nothing was done: " + strings.Join(feeds, "; ")
}

// Hint says what to do.
func (e *GatedError) Hint() string {
	return "correct the feed or the books and run again, or accept the rejects: --accept-rejects " +
		"\"why\""
}

// String is the feed in one line.
func (f *GatedFeed) String() string {
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

// exceeds reports whether rejects are above a gate.
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

// tally counts the rejects of a run's files for the gates.
type tally struct {
	reasons map[string]map[string]int64 // by feed and reason
	first   map[int32]*accept.Reject    // of a file
}

func newTally() *tally {
	return &tally{reasons: make(map[string]map[string]int64), first: make(map[int32]*accept.Reject)}
}

func (t *tally) add(feed string, x *accept.Reject) {
	of := t.reasons[feed]
	if of == nil {
		of = make(map[string]int64)
		t.reasons[feed] = of
	}
	of[x.Reason.String()]++
	if t.first[x.File] == nil {
		t.first[x.File] = &accept.Reject{Row: x.Row, Reason: x.Reason, Column: x.Column, Value: x.Value}
	}
}

// gate holds a run back whose feeds have more rejects than the settings allow.
type gate struct{ *runState }

// checkScanned holds the run back before anything is rated, by what is wrong with rows by themselves.
func (g *gate) checkScanned() error {
	over := g.over()
	if len(over) == 0 || g.o.AcceptRejects != "" {
		return nil // accepted: checkAll says so, with all of them
	}
	t := newTally()
	err := g.scanned.EachReject(func(x *accept.Reject) error {
		t.add(g.scanned.Files[x.File].Feed, x)
		return nil
	})
	if err != nil {
		return err
	}
	return g.refused(over, t)
}

// checkAll holds the run back before it is committed, by all rejects of its files: also what is wrong with rows among
// others.
func (g *gate) checkAll(t *tally) error {
	over := g.over()
	if g.o.AcceptRejects == "" {
		return g.refused(over, t)
	}
	if len(over) == 0 {
		g.note("no gate was exceeded: --accept-rejects was not needed")
		return nil
	}
	for i := range over {
		g.note("%s: %d rejects in %d rows, above its gate of %s, were accepted: %s", over[i].Feed, over[i].Rejected,
			over[i].Rows, over[i].Gate, g.o.AcceptRejects)
	}
	g.next.SetAcceptedRejects(g.o.AcceptRejects)
	return nil
}

// over are the feeds whose rejects are above their gates, by name. What is tried again was rejected before, with or
// without a gate.
func (g *gate) over() []GatedFeed {
	if g.retried != nil {
		return nil
	}
	feeds := make(map[string]*GatedFeed)
	for at, f := range g.scanned.Files {
		if !g.scanned.Taken(int32(at)) {
			continue
		}
		if feeds[f.Feed] == nil {
			feeds[f.Feed] = &GatedFeed{Feed: f.Feed, Gate: g.ws.Settings.Gates.Of(f.Feed)}
		}
		feeds[f.Feed].Rows += f.Rows
		feeds[f.Feed].Rejected += f.Rejected
	}
	var over []GatedFeed
	for _, name := range slices.Sorted(maps.Keys(feeds)) {
		if f := feeds[name]; exceeds(f.Gate, f.Rows, f.Rejected) {
			over = append(over, *f)
		}
	}
	return over
}

// refused is the error of feeds above their gates, nil for none.
func (g *gate) refused(over []GatedFeed, t *tally) error {
	if len(over) == 0 {
		return nil
	}
	for i := range over {
		f := &over[i]
		for reason, rows := range t.reasons[f.Feed] {
			f.Reasons = append(f.Reasons, ReasonCount{reason, rows})
		}
		slices.SortFunc(f.Reasons, func(a, b ReasonCount) int {
			return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Reason, b.Reason))
		})
		for at, file := range g.scanned.Files {
			if x := t.first[int32(at)]; file.Feed == f.Feed && x != nil {
				f.Files = append(f.Files, GatedFile{Name: file.Name, Rows: file.Rows, Rejected: file.Rejected,
					Row: x.Row, Reason: x.Reason.String(), Column: x.Column, Value: x.Value})
			}
		}
		slices.SortStableFunc(f.Files, func(a, b GatedFile) int { return cmp.Compare(b.Rejected, a.Rejected) })
		if f.More = len(f.Files) - gatedFiles; f.More > 0 {
			f.Files = f.Files[:gatedFiles]
		} else {
			f.More = 0
		}
	}
	return &GatedError{Feeds: over}
}

package ledger

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// Run is one run, with what the ledger and the lake record about it.
type Run struct {
	Entry
	// Committed is the manifest that the run made; 0 = none. The row counts are then the differences to the manifest
	// before, and the number of rejects is negative if a retry accepted some.
	Committed int64 `json:"committed,omitempty"`
	// Rebuilt says that the ledger has no entry of the run, and that only its manifest describes it. Its time, duration
	// and reason are not known; its ID is the manifest's number.
	Rebuilt bool `json:"rebuilt,omitempty"`
	// Owes says that what it committed is still not published: a target failed, or the run ended before.
	Owes bool `json:"owes_publish,omitempty"`
}

// Join merges the entries of the ledger, oldest first, with the manifests of the lake, newest first, as
// Snapshot.History returns them. An entry and a manifest of the same run become one Run. publishes says that runs
// publish. The result is sorted newest first.
func Join(entries []Entry, chain []lake.Manifest, publishes bool) []Run {
	runs := make([]Run, len(entries))
	for i := range entries {
		runs[i].Entry = entries[i]
	}
	j := joiner{chain: make(map[int64]*lake.Manifest, len(chain)), claimed: make(map[int64]bool)}
	for i := range chain {
		j.chain[chain[i].Number] = &chain[i]
	}
	j.claim(runs)
	var first int64 = 1
	if len(chain) > 0 {
		first = chain[len(chain)-1].Number
	}
	out := j.order(runs, first)
	owed(out, publishes)
	slices.Reverse(out)
	return out
}

// joiner holds the manifests by number, and which of them have an entry.
type joiner struct {
	chain   map[int64]*lake.Manifest
	claimed map[int64]bool
}

// claim finds the manifest of each entry. The manifest with an entry's number belongs to it only if it describes the
// same run, because the lake can have been rebuilt. A run that ended badly can have committed: then it is the run that
// a manifest without an entry describes.
func (j *joiner) claim(runs []Run) {
	for i := range runs {
		if r := &runs[i]; r.Changed && j.fits(&r.Entry, r.Manifest) {
			j.take(r, r.Manifest)
		}
	}
	for i := range runs {
		r := &runs[i]
		if r.Committed != 0 || !r.endedBadly() {
			continue
		}
		for n := range j.chain {
			if !j.claimed[n] && j.fits(&r.Entry, n) {
				j.take(r, n)
				break
			}
		}
	}
}

// fits reports whether a manifest and the entry describe the same run.
func (j *joiner) fits(e *Entry, number int64) bool {
	m := j.chain[number]
	return m != nil && !j.claimed[number] && e.describedBy(m)
}

func (j *joiner) take(r *Run, number int64) {
	j.claimed[number] = true
	r.Committed, r.Manifest, r.Changed = number, number, true
	j.count(r)
}

// count calculates the run's rows from its manifest and the one before.
func (j *joiner) count(r *Run) {
	after, before := fed(j.chain[r.Committed]), fed(j.chain[r.Committed-1])
	r.Rows, r.Accepted = after["read"]-before["read"], after["accepted"]-before["accepted"]
	r.Duplicate, r.Rejected = after["duplicate"]-before["duplicate"], after["rejected"]-before["rejected"]
}

// fed sums a manifest's totals rows.<feed>.<outcome> by outcome; nil has none.
func fed(m *lake.Manifest) map[string]int64 {
	sums := make(map[string]int64)
	if m == nil {
		return sums
	}
	for _, t := range m.Totals {
		rest, ok := strings.CutPrefix(t.Name, "rows.")
		_, outcome, dot := strings.Cut(rest, ".")
		if n, err := strconv.ParseInt(t.Value, 10, 64); ok && dot && err == nil {
			sums[outcome] += n
		}
	}
	return sums
}

// order lists all runs, oldest first: entries by start, and a manifest without entry after the manifest before it.
func (j *joiner) order(runs []Run, first int64) []Run {
	var out []Run
	placed := make(map[int64]bool)
	next := first
	fill := func(upTo int64) {
		for ; next <= upTo && j.chain[next] != nil && (placed[next] || !j.claimed[next]); next++ {
			if !placed[next] {
				out = append(out, j.rebuild(next))
			}
		}
	}
	for i := range runs {
		fill(runs[i].after())
		out = append(out, runs[i])
		placed[runs[i].Committed] = true
	}
	fill(math.MaxInt64)
	return out
}

// after returns the newest manifest that can have existed when a run began.
func (r *Run) after() int64 {
	switch {
	case r.Committed > 0:
		return r.Committed - 1
	case r.Changed && r.Published == 0 && r.Kind != publishKind:
		return 0 // of a lake that was there before this one
	case r.Manifest > 0:
		return r.Manifest
	}
	return math.MaxInt64
}

// rebuild returns a run as its manifest alone describes it.
func (j *joiner) rebuild(number int64) Run {
	m := j.chain[number]
	r := Run{Rebuilt: true, Committed: number, Entry: Entry{Format: format, ID: strconv.FormatInt(number, 10),
		Kind: kindOf(m.Command), Command: m.Command,
		AsOf: m.AsOf, Outcome: Done, Changed: true, Manifest: number, AcceptRejects: m.Accepted}}
	j.count(&r)
	if r.Rejected > 0 {
		r.Outcome = NeedsAttention
	}
	return r
}

// kindOf is the kind of a command: `run nightly` is of nightly.
func kindOf(command string) string {
	words := strings.Fields(strings.TrimPrefix(command, "run "))
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// owed marks the runs, sorted oldest first, whose publish is pending because no later run published. A run that ended
// between its commit and its publish is one of them.
func owed(runs []Run, publishes bool) {
	var shown int64 // the newest manifest that was published
	for i := len(runs) - 1; i >= 0; i-- {
		r := &runs[i]
		ended := publishes && !r.Rebuilt && r.Outcome != Running && r.endedBadly()
		r.Owes = r.Owed != nil && r.Manifest > shown || ended && r.Committed > max(shown, r.Published)
		shown = max(shown, r.shows())
	}
}

// publishKind is the kind of a run that only publishes.
const publishKind = "publish"

// shows returns the manifest that all targets show since a run; 0 = none. A publish that failed or that was limited to
// a cycle counts as incomplete.
func (r *Run) shows() int64 {
	if r.Kind == publishKind && (!r.Outcome.Finished() || strings.Contains(r.Command, " --cycle ")) {
		return 0
	}
	return r.Published
}

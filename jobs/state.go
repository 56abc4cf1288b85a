package jobs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// reader reads the State of a workspace. It caches the manifests and ledger entries that it read, because they never
// change.
type reader struct {
	dir     string
	options workspace.Options
	ledger  *ledger.Reader
	head    int64 // number of the newest manifest in past
	hash    lake.Hash
	origin  lake.Hash // lake.Snapshot.Origin; "" = unknown, or the lake is empty
	past    []scheduledRun
	states  map[int64]lake.Hash   // hashes of the manifests up to head, by number
	own     []scheduledRun        // runs of this process, which count even if the ledger cannot be written
	newest  map[string]period.Day // as in found, for manifest head
}

func newReader(dir string, o workspace.Options) reader {
	return reader{dir: dir, options: o, ledger: ledger.NewReader(ledger.Dir(dir))}
}

// scheduledRun is a finished run as it is recorded.
type scheduledRun struct {
	command string
	asOf    period.Instant
}

// found describes a workspace at an instant.
type found struct {
	settings settings.Settings
	plan     *Plan
	state    State
	manifest int64                 // number of the newest manifest
	states   map[int64]lake.Hash   // hashes of the lake's manifests, by number
	newest   map[string]period.Day // by feed: the newest day of which it has accepted records
	good     map[Kind]time.Time    // by kind: when the newest successful run ended, from the ledger
	skips    map[string]bool       // firings that the ledger records as skipped: kind and instant
	behind   int                   // number of cycles whose newest state is not published
}

// read reads the state at an instant. It ignores runs with a later as-of: a manual run with a wrong --as-of must not
// make the nights before that as-of look done.
func (r *reader) read(began, now period.Instant) (*found, error) {
	s, err := settings.Load(filepath.Join(r.dir, settings.File))
	if err != nil {
		return nil, err
	}
	f := &found{settings: s}
	if f.plan, err = newPlan(&s); err != nil {
		return nil, err
	}
	w := &workspace.Workspace{Dir: r.dir, Settings: s}
	l, err := w.Lake(r.options)
	if err != nil {
		return nil, err
	}
	entries, _, err := r.ledger.Read() // an unreadable entry is of a run, which its manifest describes
	if err != nil {
		return nil, err
	}
	f.state = State{Began: began, Newest: period.Past, Intake: period.Past, Closed: NoCycle, Open: NoCycle,
		Unpaid: period.Past, Monthly: make(map[period.Cycle]period.Instant), Done: make(map[Kind]period.Instant)}
	err = l.Read(func(snap *lake.Snapshot) error { return r.lake(f, snap, entries, now) })
	if err != nil {
		return nil, fmt.Errorf("read what was run: %w", err)
	}
	return f, nil
}

// lake sets the state from the lake and the ledger's entries.
func (r *reader) lake(f *found, snap *lake.Snapshot, entries []ledger.Entry, now period.Instant) error {
	if err := r.history(snap); err != nil {
		return err
	}
	f.manifest, f.states, f.newest = r.head, r.states, r.newest
	f.good, f.skips = make(map[Kind]time.Time), make(map[string]bool)
	if err := f.state.cycles(&snap.Manifest); err != nil {
		return err
	}
	for _, run := range r.past {
		f.state.ran(run, now)
	}
	paid, err := f.entries(entries, r.origin, now)
	if err != nil {
		return err
	}
	if f.state.Unpaid == period.Past && paid < f.manifest && f.state.Newest <= now {
		f.state.Unpaid = f.state.Newest // the run ended between its commit and its publish
	}
	for _, run := range r.own {
		f.state.ran(run, now)
	}
	if !f.settings.Publishes() {
		f.state.Unpaid = period.Past
	}
	if f.state.Unpaid != period.Past {
		f.behind, err = unpublished(snap, paid)
	}
	return err
}

// unpublished counts the cycles whose files differ from those in the manifest with number paid.
func unpublished(snap *lake.Snapshot, paid int64) (n int, err error) {
	chain, err := snap.Since(paid)
	if err != nil {
		return 0, err
	}
	was := make(map[lake.Cycle]lake.Hash)
	if paid > 0 && len(chain) > 0 {
		for _, ref := range chain[len(chain)-1].Cycles {
			was[ref.Cycle] = filesOf(ref)
		}
	}
	for _, ref := range snap.Manifest.Cycles {
		if known, found := was[ref.Cycle]; !found || known != filesOf(ref) {
			n++
		}
	}
	return n, nil
}

// filesOf returns the hash that identifies the files of a cycle; "" if it has none.
func filesOf(ref lake.CycleRef) lake.Hash {
	if ref.Files == nil {
		return ""
	}
	return ref.Files.Hash
}

// history adds the manifests up to the snapshot to past.
func (r *reader) history(snap *lake.Snapshot) error {
	since := r.head
	chain, err := snap.Since(max(since, 1))
	if err != nil {
		return err
	}
	// If the lake is not the one that was read before, for example because it was restored, read all manifests again.
	if known := len(chain) - 1; since > 0 && (known < 0 || hashAt(snap, chain, known) != r.hash) {
		r.past, r.own, r.states, since = nil, nil, nil, 0
		if chain, err = snap.History(); err != nil {
			return err
		}
	}
	for i := len(chain) - 1; i >= 0; i-- {
		m := &chain[i]
		if m.Number <= since || m.Number == 0 {
			continue
		}
		asOf, err := period.ParseInstant(m.AsOf)
		if err != nil {
			return fmt.Errorf("manifest %d: as_of: %w", m.Number, err)
		}
		r.past = append(r.past, scheduledRun{m.Command, asOf})
		if r.states == nil {
			r.states = make(map[int64]lake.Hash)
		}
		r.states[m.Number] = hashAt(snap, chain, i)
	}
	if r.newest == nil || r.hash != snap.Hash {
		if r.newest, err = newestDays(snap); err != nil {
			return err
		}
	}
	if r.hash != snap.Hash {
		r.origin, _ = snap.Origin() // verify reports missing first manifests
	}
	r.head, r.hash = snap.Manifest.Number, snap.Hash
	return nil
}

// newestDays returns the newest day in the files of each feed.
func newestDays(snap *lake.Snapshot) (map[string]period.Day, error) {
	inputs, err := snap.Inputs()
	if err != nil {
		return nil, err
	}
	newest := make(map[string]period.Day)
	for i := range inputs {
		if day, ok := inputs[i].LastDay.Calendar(); ok {
			newest[inputs[i].Feed] = max(newest[inputs[i].Feed], day)
		}
	}
	return newest, nil
}

// hashAt returns the hash of manifest i of a chain, which the next manifest records as its parent.
func hashAt(snap *lake.Snapshot, chain []lake.Manifest, i int) lake.Hash {
	if i == 0 {
		return snap.Hash
	}
	return chain[i-1].Parent
}

// cycles sets the state from the newest manifest.
func (s *State) cycles(m *lake.Manifest) (err error) {
	if m.Number == 0 {
		return nil
	}
	if s.Newest, err = period.ParseInstant(m.AsOf); err != nil {
		return fmt.Errorf("manifest %d: as_of: %w", m.Number, err)
	}
	s.Closed = m.ClosedThrough.Or(s.Closed)
	for _, ref := range m.Cycles { // in order of cycles
		if ref.State == lake.CycleOpen {
			s.Open = ref.Period()
			return nil
		}
	}
	return nil
}

// ran records in the state that a run ingested the inbox, published or pruned.
func (s *State) ran(r scheduledRun, now period.Instant) {
	name, cycle, _ := strings.Cut(strings.TrimSuffix(r.command, workspace.ResetClockFlag), " --cycle ")
	if r.asOf > now {
		return
	}
	switch name {
	case "ingest", "run nightly", "run monthly", "close":
		s.Intake = max(s.Intake, r.asOf)
	case "prune":
		s.Done[Prune] = max(s.Done[Prune], r.asOf)
	case "publish":
		s.Done[Publish] = max(s.Done[Publish], r.asOf)
		if s.Unpaid <= r.asOf {
			s.Unpaid = period.Past
		}
	}
	if c, err := period.ParseCycle(cycle); err == nil && name == "run monthly" {
		s.Monthly[c] = max(s.done(c), r.asOf)
	}
}

// entries adds to the state what only the ledger records: runs that changed nothing, and publishes. It ignores entries
// of another lake and of states that the lake does not have: they are from before a restore. paid is the number of the
// newest published manifest that the lake still has, by hash and origin; 0 = none is known.
func (f *found) entries(entries []ledger.Entry, origin lake.Hash, now period.Instant) (paid int64, err error) {
	s := &f.state
	for i := range entries {
		e := &entries[i]
		asOf, err := period.ParseInstant(e.AsOf)
		if err != nil {
			return 0, fmt.Errorf("runs/%s.json: as_of: %w", e.ID, err)
		}
		if e.Outcome == ledger.Skipped {
			f.skips[e.Kind+" "+e.Due] = true
			continue
		}
		if !e.Outcome.Finished() || asOf > now || !f.has(e, origin) {
			continue
		}
		f.good[Kind(e.Kind)] = e.Ended
		switch {
		case e.Owed != nil:
			s.Unpaid = asOf
		// this run did not publish either
		case slices.Contains([]Kind{Prune, Rejects, Rebucket}, Kind(e.Kind)) && !e.Changed &&
			e.Published == 0:
		case e.Kind != string(Publish) || e.Command == "publish":
			s.Unpaid = period.Past
			if e.State == "" || e.State == f.states[e.Manifest] {
				paid = max(paid, e.Manifest)
			}
		}
		if !e.Changed || e.Kind == string(Publish) {
			s.ran(scheduledRun{e.Command, asOf}, now)
		}
	}
	return paid, nil
}

// has reports whether the lake, whose first manifest is origin, can have the state after a run: it has no other state
// with the number. The first manifests of a lake may be missing.
func (f *found) has(e *ledger.Entry, origin lake.Hash) bool {
	if e.Manifest > f.manifest || e.Lake != "" && origin != "" && e.Lake != origin {
		return false
	}
	state, known := f.states[e.Manifest]
	return !known || e.State == "" || e.State == state
}

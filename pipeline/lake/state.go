package lake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NextBase is the state from which the next one starts.
type NextBase struct {
	Manifest Manifest
	Files    []FileEntry        // of all cycles and without a cycle
	Days     map[Cycle][]DayRef // the day lists of cycles, if their lists name any
	Inputs   []Input
	CutBytes int // 0 = the constant
}

// NextState is the state that a transaction will commit, initially a copy of the live one. Several goroutines may call
// the methods; the result does not depend on the order in which different keys are set.
type NextState struct {
	Entries *Entries
	base    Manifest
	// AsOf, Command, ClosedThrough, Buckets, Totals; the rest is built by Plan
	head    Manifest
	cycles  map[Cycle]CycleRef // MonthEnd and Books; State and Files are built by Plan
	inputs  map[inputKey]Input
	reset   bool               // a different AsOf alone is a change
	days    map[Cycle][]DayRef // of the base
	cut     int
	adopted map[Cycle]*ListRef // lists of adopted cycles in their lake
}

type inputKey struct{ feed, hash string }

// NewState returns a state equal to a base.
func NewState(base NextBase) *NextState {
	n := &NextState{
		Entries: NewEntries(),
		base:    base.Manifest,
		head:    base.Manifest,
		cycles:  make(map[Cycle]CycleRef),
		inputs:  make(map[inputKey]Input),
		days:    base.Days,
		cut:     cmp.Or(base.CutBytes, CutBytes),
		adopted: make(map[Cycle]*ListRef),
	}
	n.head.Totals, n.head.Accepted = slices.Clone(base.Manifest.Totals), ""
	for _, ref := range base.Manifest.Cycles {
		n.cycles[ref.Cycle] = ref
	}
	for _, e := range base.Files {
		n.Entries.add(e)
	}
	for _, in := range base.Inputs {
		n.inputs[inputKey{in.Feed, in.Hash}] = in
	}
	return n
}

// Number returns the number that the state gets if it differs from the base.
func (n *NextState) Number() int64 { return n.base.Number + 1 }

// RemoveTable removes all files of a table in a cycle; the zero cycle means files without a cycle.
func (n *NextState) RemoveTable(table string, cycle Cycle) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	maps.DeleteFunc(n.Entries.files[cycle], func(key FileKey, _ []FileEntry) bool {
		return key.Table == table && n.Entries.note(key) == nil
	})
}

// SetRun sets the run's clock, as RFC 3339 in UTC, and its command. These alone are not a change.
func (n *NextState) SetRun(asOf, command string) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.head.AsOf, n.head.Command = asOf, command
}

// ResetClock makes the run's clock a change: the state is committed even if nothing else differs.
func (n *NextState) ResetClock() {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.reset = true
}

// ResetsClock reports whether ResetClock was called.
func (n *NextState) ResetsClock() bool {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	return n.reset
}

// SetAcceptedRejects sets why the run was allowed more rejects than its gates. It alone is not a change.
func (n *NextState) SetAcceptedRejects(why string) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.head.Accepted = why
}

// SetBuckets sets the number of buckets. A lake with files keeps its number. Errors: *BucketsError.
func (n *NextState) SetBuckets(buckets int) error {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	if has := n.base.Buckets; has != 0 && has != buckets {
		return &BucketsError{Has: has, Wanted: buckets}
	}
	if buckets < 1 {
		return fmt.Errorf("lake: %d buckets", buckets)
	}
	n.head.Buckets = buckets
	return nil
}

// SetUnits sets the units. A lake that has units keeps them. Errors: *UnitsError.
func (n *NextState) SetUnits(units Units) error {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.head.Units = units
	return n.base.Units.Check(units)
}

// Rebucket changes the number of buckets of a lake whose files the transaction writes again (LAKE-19). The hash of the
// books contains the number, so cycles rated with the books was get the books is.
func (n *NextState) Rebucket(buckets int, was, is string) error {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	if has := n.base.Buckets; has < 1 || buckets%has != 0 {
		return &BucketsError{Has: has, Wanted: buckets}
	}
	n.head.Buckets = buckets
	for cycle, ref := range n.cycles {
		if ref.Books == was {
			ref.Books = is
			n.cycles[cycle] = ref
		}
	}
	return nil
}

// Rebuckets reports whether the number of buckets of the lake changes.
func (n *NextState) Rebuckets() bool {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	return n.base.Buckets != 0 && n.head.Buckets != n.base.Buckets
}

// SetCycle sets, for a cycle, whether its period-level lines exist, and the hash of the books with which it was rated.
func (n *NextState) SetCycle(cycle Cycle, monthEnd bool, books string) error {
	if err := cycle.Check(); err != nil {
		return fmt.Errorf("lake: %w", err)
	}
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.cycles[cycle] = CycleRef{Cycle: cycle, MonthEnd: monthEnd, Books: books}
	return nil
}

// CloseThrough closes every cycle up to this one. It never goes back.
func (n *NextState) CloseThrough(cycle Cycle) error {
	if err := cycle.Check(); err != nil {
		return fmt.Errorf("lake: %w", err)
	}
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	if cycle.Compare(n.head.ClosedThrough) < 0 {
		return &ClosedError{Cycle: n.head.ClosedThrough.String(),
			Detail: fmt.Sprintf("closing cannot go back to %s", cycle)}
	}
	n.head.ClosedThrough = cycle
	return nil
}

// SetClosedWith sets the settings with which a cycle is closed.
func (n *NextState) SetClosedWith(cycle Cycle, with CloseSettings) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	ref := n.cycles[cycle]
	ref.ClosedWith = with
	n.cycles[cycle] = ref
}

// SetTotals replaces the control totals. Two with the same name are an error.
func (n *NextState) SetTotals(totals []TableTotal) error {
	totals = slices.Clone(totals)
	slices.SortFunc(totals, func(a, b TableTotal) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(totals); i++ {
		if totals[i].Name == totals[i-1].Name {
			return fmt.Errorf("lake: control total %q twice", totals[i].Name)
		}
	}
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	n.head.Totals = totals
	return nil
}

// SetInput records a feed file as ingested and replaces the record for the same feed and hash. A Run of 0 becomes the
// run that first ingested it.
func (n *NextState) SetInput(in Input) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	key := inputKey{in.Feed, in.Hash}
	if in.Run == 0 {
		in.Run = n.Number()
		if old, found := n.inputs[key]; found {
			in.Run = old.Run
		}
	}
	n.inputs[key] = in
}

// Input returns the record of a feed file.
func (n *NextState) Input(feed, hash string) (Input, bool) {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	in, found := n.inputs[inputKey{feed, hash}]
	return in, found
}

// Inputs returns all recorded feed files, by run, feed, name and hash.
func (n *NextState) Inputs() []Input {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	return slices.SortedFunc(maps.Values(n.inputs), func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), strings.Compare(a.Feed, b.Feed), strings.Compare(a.Name, b.Name),
			strings.Compare(a.Hash, b.Hash))
	})
}

// Plan builds the manifest, without its number, parent, as-of and command, and the lists it names.
func (n *NextState) Plan() (m Manifest, lists []NextList, err error) {
	inputs := n.Inputs()
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	m = n.head
	m.Format = ManifestFormat
	m.Loose = n.Entries.sorted(Cycle{})
	m.Inputs, m.Cycles = nil, []CycleRef{}
	if m.Totals == nil {
		m.Totals = []TableTotal{}
	}
	cycles := slices.Collect(maps.Keys(n.cycles))
	for cycle, files := range n.Entries.files {
		if _, known := n.cycles[cycle]; !known && !cycle.IsZero() && len(files) > 0 {
			cycles = append(cycles, cycle)
		}
	}
	slices.SortFunc(cycles, Cycle.Compare)
	changed := n.changedDays()
	for _, cycle := range cycles {
		ref := n.cycles[cycle]
		ref.Cycle, ref.State, ref.Files = cycle, CycleOpen, nil
		if cycle.Compare(m.ClosedThrough) <= 0 {
			ref.State = CycleClosed
		}
		if len(n.Entries.files[cycle]) > 0 {
			if ref.Files, lists, err = n.list(lists, cycle, changed[cycle]); err != nil {
				return m, nil, err
			}
		}
		m.Cycles = append(m.Cycles, ref)
	}
	if len(inputs) > 0 {
		var made NextList
		m.Inputs, made, err = newList(InputsName, &FileList[Input]{Entries: inputs})
		if err != nil {
			return m, nil, err
		}
		lists = append(lists, made)
	}
	return m, lists, nil
}

package lake

import (
	"fmt"
	"slices"
	"strings"
)

// Archive removes files from a closed cycle: all for which stays returns false. It records them and the folder of the
// archive that has them (LAKE-8). The archive must already be durable and checked. Cycles must leave in order, the
// oldest first.
func (n *NextState) Archive(cycle Cycle, where string, stays func(FileEntry) bool) error {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	ref, known := n.base.Cycle(cycle)
	switch {
	case !known || ref.State != CycleClosed:
		return &ClosedError{Cycle: n.head.ClosedThrough.String(),
			Detail: fmt.Sprintf("%s is not, so nothing of it can be archived", cycle)}
	case ref.Archived != nil:
		return &ClosedError{Cycle: cycle.String(), Detail: "it was archived before, in " + ref.Archived.Where}
	case ref.Files == nil:
		return nil
	}
	for _, earlier := range n.base.Cycles {
		if earlier.Cycle.Compare(cycle) < 0 && earlier.Files != nil && n.cycles[earlier.Cycle].Archived == nil {
			return &ClosedError{Cycle: cycle.String(), Detail: fmt.Sprintf("%s leaves for an archive before it",
				earlier.Cycle)}
		}
	}
	gone := &Archived{Files: *ref.Files, Where: where, AsOf: n.head.AsOf, Run: n.base.Number + 1}
	left := make(map[string]*LeftTable)
	for key, files := range n.Entries.files[cycle] {
		if err := n.Entries.note(key); err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(files), func(e FileEntry) bool { return !stays(e) })
		for _, e := range files {
			if !stays(e) {
				if left[e.Table] == nil {
					left[e.Table] = &LeftTable{Table: e.Table}
				}
				t := left[e.Table]
				t.Files, t.Rows, t.Bytes = t.Files+1, t.Rows+e.Rows, t.Bytes+e.Bytes
			}
		}
		if n.Entries.files[cycle][key] = kept; len(kept) == 0 {
			delete(n.Entries.files[cycle], key)
		}
	}
	for _, t := range left {
		gone.Left = append(gone.Left, *t)
	}
	slices.SortFunc(gone.Left, func(a, b LeftTable) int { return strings.Compare(a.Table, b.Table) })
	ref = n.cycles[cycle]
	ref.Archived = gone
	n.cycles[cycle] = ref
	return nil
}

// ArchiveFor makes the state an archive of another lake, which is identified by its Origin. This never changes.
func (n *NextState) ArchiveFor(origin Hash) error {
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	if has := n.base; has.Number > 0 && has.ArchiveOf != origin {
		return fmt.Errorf("lake: not an archive of the lake that begins with manifest %s; give another folder", origin)
	}
	n.head.ArchiveOf = origin
	return nil
}

// Adopt adds a cycle in the form of another lake, with its control totals. Its files are added by Import and Add. Its
// list is cut by day if that of the other lake is, so that both are equal.
func (n *NextState) Adopt(ref CycleRef) error {
	if err := n.SetCycle(ref.Cycle, ref.MonthEnd, ref.Books); err != nil {
		return err
	}
	n.Entries.mu.Lock()
	defer n.Entries.mu.Unlock()
	own := n.cycles[ref.Cycle]
	own.Archived, own.ClosedWith = ref.Archived, ref.ClosedWith
	n.adopted[ref.Cycle] = ref.Files
	n.cycles[ref.Cycle] = own
	return nil
}

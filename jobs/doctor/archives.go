package doctor

import (
	"context"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run/archive"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// archives checks that no archive is older than a cycle that was archived to it. An archive can be moved at any time.
func (d *doctor) archives(context.Context) {
	const name = "archive"
	if d.snap == nil {
		d.describe(name, Skipped, "", "the lake cannot be read")
		return
	}
	count := 0
	var found, moved []string                // places
	heads := make(map[string]*lake.Snapshot) // by place; nil = there is no archive
	for _, ref := range d.snap.Manifest.Cycles {
		if ref.Archived == nil {
			continue
		}
		count++
		where := ref.Archived.Where
		if _, known := heads[where]; !known {
			there, err := archiveHead(d.ws, where)
			if err != nil {
				d.describe(name, Warn, "see that the archive can be read", "%s: %v", where, err)
				return
			}
			if heads[where] = there; there == nil {
				moved = append(moved, where)
			} else {
				found = append(found, where)
			}
		}
		if there := heads[where]; there != nil && archive.Older(there, ref) {
			d.describe(name, Warn, "put the newer archive back, from a backup if it is lost",
				"%s does not know cycle %s, which was archived to it: it is an older copy, or of another lake",
				where, ref.Cycle)
			return
		}
	}
	switch {
	case count == 0:
		d.describe(name, Skipped, "", "no cycle was archived")
	case len(moved) > 0:
		d.describe(name, Skipped, "", "archived cycles: %d; no archive is in %s: if it was not moved, put it back",
			count, strings.Join(moved, ", "))
	default:
		d.describe(name, OK, "", "archived cycles: %d, in %s", count, strings.Join(found, ", "))
	}
}

// archiveHead returns the live state of an archive; nil = there is none.
func archiveHead(w *workspace.Workspace, where string) (*lake.Snapshot, error) {
	place := w.Settings.ArchivePlace()
	place.Path = where
	st, err := w.OpenPlace(place, "archive/lake")
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		return nil, err
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number == 0 {
		return nil, err
	}
	return snap, nil
}

package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Time limits for old files on an object store (CHAIN-6).
const (
	// grace is how long a file is kept after the newest state that names it was replaced, and after it was written. It
	// is longer than any run or reader.
	grace = 24 * time.Hour
	// sweepTime limits how long a sweep sends deletions. A store accepts a request up to 15 minutes after its signing.
	sweepTime = 10 * time.Minute
	// markTime is how long the mark of a sweep is valid; it exceeds the sum of both.
	markTime = time.Hour
)

// sweeper deletes old files of a lake on an object store, when a run begins.
type sweeper struct {
	lake  *Lake
	base  *Snapshot
	named map[string]bool // what the base names
}

// sweep deletes files that no state of the last 24 hours names and that are older than that (CHAIN-6). seen is a
// listing that is not older than the base. The next sweep deletes files that a failed sweep leaves.
func (s *sweeper) sweep(seen []storage.Entry) {
	// Before the mark is written, the newest object gives a lower bound of the store's time.
	if len(s.old(seen, newest(seen), nil)) == 0 && !slices.ContainsFunc(seen, isMarked) {
		return
	}
	if err := s.sweepMarked(); err != nil {
		s.lake.log.Warn("old files of the lake were not all deleted; the next run does it", "why", err)
	}
}

// sweepMarked writes a mark, lists old files, deletes them, and deletes the mark.
func (s *sweeper) sweepMarked() error {
	ctx, cancel := context.WithTimeout(context.Background(), sweepTime)
	defer cancel()
	mark, err := s.lake.chain.Mark(SweepsDir + "/")
	if err != nil {
		return err
	}
	doomed, err := s.doomed()
	if err != nil { // nothing was deleted: the mark is not needed
		return errors.Join(err, s.lake.chain.Delete(ctx, mark))
	}
	for _, o := range doomed {
		s.lake.log.Debug("delete old file", "file", o.Name, "bytes", o.Size)
		if err := s.lake.chain.Delete(ctx, o.Name); err != nil {
			return err
		}
	}
	return s.lake.chain.Delete(ctx, mark)
}

// doomed lists what must be deleted, after the mark was written: old files, then old marks.
func (s *sweeper) doomed() ([]storage.Entry, error) {
	seen, err := s.lake.st.List("")
	if err != nil {
		return nil, err
	}
	if live, err := s.base.Live(); err != nil || !live {
		return nil, err // the files of the newer state are not known here
	}
	now := newest(seen)
	kept, err := s.keptFor(seen, now)
	if err != nil {
		return nil, err
	}
	out := s.old(seen, now, kept)
	for _, o := range seen {
		if isMarked(o) && o.Changed < now-int64(markTime/time.Second) {
			out = append(out, o)
		}
	}
	return out, nil
}

func isMarked(e storage.Entry) bool { return IsMark(e.Name) }

// newest returns the latest time in a listing.
func newest(seen []storage.Entry) int64 {
	var out int64
	for _, o := range seen {
		out = max(out, o.Changed)
	}
	return out
}

// old lists the data files and lists from before the grace period that neither the base nor kept names.
func (s *sweeper) old(seen []storage.Entry, now int64, kept map[string]bool) []storage.Entry {
	var out []storage.Entry
	for _, o := range seen {
		kind, _ := Classify(o.Name)
		if (kind == DataFile || kind == ListFile || kind == SharedFile) &&
			!s.named[o.Name] && !kept[o.Name] && o.Changed < now-int64(grace/time.Second) {
			out = append(out, o)
		}
	}
	return out
}

// Replaced returns a function that reports whether an unnamed file of a listing may be deleted. In a folder all may. In
// an object store another machine may be about to name a file, so it must be 24 hours older than the newest one.
func Replaced(st storage.Storage, entries []storage.Entry) func(storage.Entry) bool {
	if storage.AsChain(st) == nil {
		return func(storage.Entry) bool { return true }
	}
	before := newest(entries) - int64(grace/time.Second)
	return func(e storage.Entry) bool { return e.Changed < before }
}

// keptFor returns the files named by earlier states that were replaced within the grace period or are pinned. A state
// without its lists cannot be read and keeps nothing.
func (s *sweeper) keptFor(seen []storage.Entry, now int64) (map[string]bool, error) {
	written := make(map[int64]int64) // manifests, by number
	for _, o := range seen {
		if kind, number := Classify(o.Name); kind == ManifestFile {
			written[number] = o.Changed
		}
	}
	kept := make(map[string]bool)
	for state := s.base; state.Manifest.Number > 1; {
		if at, listed := written[state.Manifest.Number]; listed && at < now-int64(grace/time.Second) {
			break // it replaced the previous state before the grace period
		}
		before, err := s.keep(kept, state.Manifest.Number-1, state.Manifest.Parent, state.Name())
		if err != nil {
			return nil, err
		}
		state = before
	}
	for _, o := range seen { // CHAIN-8
		_, number, hash, ok := ParsePin(o.Name)
		if _, listed := written[number]; !ok || !listed {
			continue // of an earlier lake in the same place
		}
		if _, err := s.keep(kept, number, hash, o.Name); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// keep adds the files of a state to kept; by names its manifest. A state without its lists adds nothing.
func (s *sweeper) keep(kept map[string]bool, number int64, hash Hash, by string) (*Snapshot, error) {
	state, err := s.lake.load(number, hash)
	if err != nil {
		return nil, Unmoved(err, by)
	}
	files, lists, err := state.All()
	missing, moved := new(MissingError), new(MovedError)
	if err != nil && !errors.As(err, &missing) && !errors.As(err, &moved) {
		return nil, err
	}
	for _, e := range files {
		kept[e.Path] = true
	}
	for _, name := range lists {
		kept[name] = true
	}
	return state, nil
}

// checkUploads checks that the files that this run is about to name exist, and that no sweep is about to delete them
// (CHAIN-7).
func (t *Txn) checkUploads(lists []NextList) error {
	marks, err := t.SubTxn.lake.st.List(SweepsDir + "/")
	if err != nil {
		return fmt.Errorf("look for a deletion of old files of the lake: %w", err)
	}
	seen, err := t.SubTxn.lake.st.List("")
	if err != nil {
		return fmt.Errorf("list the lake: %w", err)
	}
	changed := make(map[string]int64, len(seen))
	for _, o := range seen {
		changed[o.Name] = o.Changed
	}
	fresh := newest(seen) - int64(grace/time.Second)/2
	check := func(name string) error {
		if t.SubTxn.named[name] {
			return nil
		}
		at, listed := changed[name]
		if !listed { // a listing may be late
			if _, err := t.SubTxn.lake.chain.Stat(name); err != nil {
				return fmt.Errorf("commit %s of the lake, which was uploaded: %w; run again", name, err)
			}
		}
		if len(marks) > 0 && (t.unnamedAtBegin[name] || listed && at < fresh) {
			return &SweepError{Name: name, Mark: marks[0].Name}
		}
		return nil
	}
	for name := range t.SubTxn.finished {
		if err := check(name); err != nil {
			return err
		}
	}
	for _, l := range lists {
		if err := check(l.Name); err != nil {
			return err
		}
	}
	return nil
}

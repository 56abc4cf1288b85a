package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// newFiles finds the feed files of the inbox that a run takes, and reports every name that it does not take.
type newFiles struct {
	*runState
	fsys fs.FS
}

// fresh finds the files of one feed that were not taken yet.
func (nf *newFiles) fresh(ctx context.Context, name string, hashes *inbox.Hashes) ([]*accept.File, error) {
	refs, err := nf.offered(name)
	if err != nil {
		return nil, err
	}
	known := nf.takenNames(name)
	var files []*accept.File
	seen := make(map[string]string) // first file of a hash
	for i, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if nf.o.Progress != nil {
			nf.o.Progress("look at the inbox", int64(i), int64(len(refs)))
		}
		hash, size, err := hashes.Hash(nf.fsys, ref.Name)
		if changed := new(inbox.ChangedError); errors.As(err, &changed) {
			nf.leave(name, ref.Name, err)
			continue
		}
		if errors.Is(err, fs.ErrPermission) {
			nf.passOver(name, inbox.Unreadable(ref.Name))
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, taken := nf.next.Input(name, hash); taken {
			continue
		}
		if old, taken := known[ref.Name]; taken {
			nf.note("inbox/%s has other content than when manifest %d ingested it: it is a new file; "+
				"records that are known already are duplicates or conflicts, the others are new",
				feedfile.ShownName(ref.Name), old.Run)
		}
		if first, twice := seen[hash]; twice {
			nf.report.Files = append(nf.report.Files, workspace.FileReport{Feed: name, Name: ref.Name, SameAs: first})
			continue
		}
		seen[hash] = ref.Name
		files = append(files, &accept.File{Feed: name, Name: ref.Name, Hash: hash, Bytes: size})
	}
	return files, nil
}

// offered are the files of one feed that the run may take. It reports every other name.
func (nf *newFiles) offered(name string) ([]inbox.FileRef, error) {
	found, err := inbox.Discover(nf.fsys, name)
	if err != nil {
		return nil, fmt.Errorf("look into inbox/%s: %w", name, err)
	}
	for _, other := range found.Unknown {
		nf.note("inbox/%s is no feed file (.csv, .ndjson, .parquet; the first two also .gz or .zst): not ingested",
			feedfile.ShownName(other))
	}
	for _, passed := range found.Passed {
		nf.passOver(name, passed)
	}
	return nf.waiting(name, found.Files), nil
}

// passOver reports a name behind which there is no file to read: a person should look, and the run continues.
func (nf *newFiles) passOver(name string, p inbox.Passed) {
	nf.report.Files = append(nf.report.Files, workspace.FileReport{Feed: name, Name: p.Name, Fault: p.Error() +
		": ignored",
		Hint: p.Hint})
}

// waiting takes out the files that are not this run's for their age, and reports how many.
func (nf *newFiles) waiting(name string, refs []inbox.FileRef) []inbox.FileRef {
	var late, young []string
	settle := nf.ws.Settings.Inbox.Settle
	refs = slices.DeleteFunc(refs, func(f inbox.FileRef) bool {
		switch {
		case nf.o.InboxUntil != 0 && f.Changed > nf.o.InboxUntil:
			late = append(late, feedfile.ShownName(f.Name))
		case settle != 0 && nf.o.Started != 0 && f.Changed > nf.o.Started-period.Instant(settle.Microseconds()):
			young = append(young, feedfile.ShownName(f.Name))
		default:
			return false
		}
		return true
	})
	if len(late) > 0 {
		nf.note("inbox/%s: %d changed after %s, the as-of of this run, left for a later run: %s", name, len(late),
			nf.o.InboxUntil, some(late))
	}
	if len(young) > 0 {
		nf.note("inbox/%s: %d changed less than %s before this run began (inbox.settle), left for the next run: %s",
			name, len(young), settle, some(young))
	}
	return refs
}

// some names a few files.
func some(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// takenNames are the files of a feed that earlier runs took, by name; of several that bore one name the last.
func (nf *newFiles) takenNames(name string) map[string]lake.Input {
	taken := make(map[string]lake.Input)
	for _, in := range nf.next.Inputs() {
		if in.Feed == name {
			taken[in.Name] = in
		}
	}
	return taken
}

// leave reports a file that changed while the run read it. Of what has the same content nothing was taken either.
func (nf *newFiles) leave(name, file string, why error) {
	nf.note("%v: nothing of it is ingested, the next run reads it again", why)
	changed := new(inbox.ChangedError)
	errors.As(why, &changed)
	nf.report.Files = append(nf.report.Files, workspace.FileReport{Feed: name, Name: file, Deferred: changed.How})
	for i := range nf.report.Files {
		if f := &nf.report.Files[i]; f.Feed == name && f.SameAs == file {
			f.SameAs, f.Deferred = "", "is the same as "+file+", which "+changed.How
		}
	}
}

// note reports something to a person that is no failure.
func (r *runState) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

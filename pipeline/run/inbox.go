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

// fresh finds the files of one feed that were not taken yet.
func (r *run) fresh(ctx context.Context, name string, hashes *inbox.Hashes) ([]*accept.File, error) {
	refs, err := r.offered(name)
	if err != nil {
		return nil, err
	}
	known := r.takenNames(name)
	var files []*accept.File
	seen := make(map[string]string) // first file of a hash
	for i, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if r.o.Progress != nil {
			r.o.Progress("look at the inbox", int64(i), int64(len(refs)))
		}
		hash, size, err := hashes.Hash(r.inbox, ref.Name)
		if changed := new(inbox.ChangedError); errors.As(err, &changed) {
			r.leave(name, ref.Name, err)
			continue
		}
		if errors.Is(err, fs.ErrPermission) {
			r.passOver(name, inbox.Unreadable(ref.Name))
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, taken := r.next.Input(name, hash); taken {
			continue
		}
		if old, taken := known[ref.Name]; taken {
			r.note("inbox/%s has other content than when manifest %d ingested it: it is a new file; "+
				"records that are known already are duplicates or conflicts, the others are new",
				feedfile.ShownName(ref.Name), old.Run)
		}
		if first, twice := seen[hash]; twice {
			r.report.Files = append(r.report.Files, workspace.FileReport{Feed: name, Name: ref.Name, SameAs: first})
			continue
		}
		seen[hash] = ref.Name
		files = append(files, &accept.File{Feed: name, Name: ref.Name, Hash: hash, Bytes: size})
	}
	return files, nil
}

// offered are the files of one feed that the run may take. It reports every other name.
func (r *run) offered(name string) ([]inbox.FileRef, error) {
	found, err := inbox.Discover(r.inbox, name)
	if err != nil {
		return nil, fmt.Errorf("look into inbox/%s: %w", name, err)
	}
	for _, other := range found.Unknown {
		r.note("inbox/%s is no feed file (.csv, .ndjson, .parquet; the first two also .gz or .zst): not ingested",
			feedfile.ShownName(other))
	}
	for _, passed := range found.Passed {
		r.passOver(name, passed)
	}
	return r.waiting(name, found.Files), nil
}

// passOver reports a name behind which there is no file to read: a person should look, and the run continues.
func (r *run) passOver(name string, p inbox.Passed) {
	r.report.Files = append(r.report.Files, workspace.FileReport{Feed: name, Name: p.Name, Fault: p.Error() +
		": ignored",
		Hint: p.Hint})
}

// waiting takes out the files that are not this run's for their age, and reports how many.
func (r *run) waiting(name string, refs []inbox.FileRef) []inbox.FileRef {
	var late, young []string
	settle := r.ws.Settings.Inbox.Settle
	refs = slices.DeleteFunc(refs, func(f inbox.FileRef) bool {
		switch {
		case r.o.InboxUntil != 0 && f.Changed > r.o.InboxUntil:
			late = append(late, feedfile.ShownName(f.Name))
		case settle != 0 && r.o.Started != 0 && f.Changed > r.o.Started-period.Instant(settle.Microseconds()):
			young = append(young, feedfile.ShownName(f.Name))
		default:
			return false
		}
		return true
	})
	if len(late) > 0 {
		r.note("inbox/%s: %d changed after %s, the as-of of this run, left for a later run: %s", name, len(late),
			r.o.InboxUntil, some(late))
	}
	if len(young) > 0 {
		r.note("inbox/%s: %d changed less than %s before this run began (inbox.settle), left for the next run: %s",
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
func (r *run) takenNames(name string) map[string]lake.Input {
	taken := make(map[string]lake.Input)
	for _, in := range r.next.Inputs() {
		if in.Feed == name {
			taken[in.Name] = in
		}
	}
	return taken
}

// leave reports a file that changed while the run read it. Of what has the same content nothing was taken either.
func (r *run) leave(name, file string, why error) {
	r.note("%v: nothing of it is ingested, the next run reads it again", why)
	changed := new(inbox.ChangedError)
	errors.As(why, &changed)
	r.report.Files = append(r.report.Files, workspace.FileReport{Feed: name, Name: file, Deferred: changed.How})
	for i := range r.report.Files {
		if f := &r.report.Files[i]; f.Feed == name && f.SameAs == file {
			f.SameAs, f.Deferred = "", "is the same as "+file+", which "+changed.How
		}
	}
}

// note tells a person something that is no failure.
func (r *run) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

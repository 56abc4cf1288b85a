package jobs

import (
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// OtherLakeError reports that the lake of a workspace is not one to which its runs wrote.
type OtherLakeError struct {
	Lake      string    // its folder or address
	Is, Was   lake.Hash // origins (lake.Snapshot.Origin) of the present and of the earlier lake
	Run, AsOf string    // the newest run of the ledger that wrote to the earlier lake
}

// Error names both lakes.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("the lake in %s is not this workspace's: it began with manifest %s, and run %s as of %s wrote "+
		"to one "+
		"that began with %s", e.Lake, e.Is, e.Run, e.AsOf, e.Was)
}

// Diagnosis implements problem.Diagnosed.
func (e *OtherLakeError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"put this workspace's lake back, or correct lake.path; to continue with the lake that is there, move the " +
			"folder " +
			"runs/ away"
}

// SameLake checks that a workspace's lake is one to which its runs wrote, according to the run ledger (JOBS-6). A lake
// to which no run wrote is accepted for any workspace.
func SameLake(dir, name string, snap *lake.Snapshot) error {
	origin, err := snap.Origin()
	if err != nil || origin == "" {
		return nil //nolint:nilerr // a lake without its first manifests is verify's to report
	}
	first := func() (*lake.Manifest, error) { return snap.First(origin) }
	known, last := ledger.WroteTo(ledger.Dir(dir), origin, first)
	if !known && last != nil {
		return &OtherLakeError{name, origin, last.Lake, last.ID, last.AsOf}
	}
	return nil
}

// EmptyLakeError reports that the lake of a workspace is empty although a run of the ledger wrote to one.
type EmptyLakeError struct {
	Lake      string // its folder or address
	Run, AsOf string // the newest run of the ledger that left a lake there
}

// Error names the lake and the run.
func (e *EmptyLakeError) Error() string {
	return fmt.Sprintf("the lake in %s is empty, and run %s as of %s left one that is not", e.Lake, e.Run, e.AsOf)
}

// Diagnosis implements problem.Diagnosed.
func (e *EmptyLakeError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"put the lake back, for example mount its disk, or correct lake.path; if it is lost, restore a backup; " +
			"without one `tollbook run nightly` makes it again from inbox and books, and closed cycles are open " +
			"then and can have other amounts"
}

// NotEmptied checks that a lake is not empty if the run ledger names a lake that a run left (JOBS-6).
func NotEmptied(dir, name string, snap *lake.Snapshot) error {
	if snap.Manifest.Number != 0 {
		return nil
	}
	if _, last := ledger.WroteTo(ledger.Dir(dir), "", nil); last != nil {
		if live, err := snap.Live(); err == nil && live { // no run began the lake meanwhile
			return &EmptyLakeError{name, last.ID, last.AsOf}
		}
	}
	return nil
}

// OlderLakeError reports that the lake of a workspace does not have the state that a run of the ledger left in this
// lake: an older or another copy of it was put in its place.
type OlderLakeError struct {
	Lake      string // its folder or address
	Is, Was   int64  // manifests of the lake and of the state that the run left
	Run, AsOf string // the newest run of the ledger that recorded a state of this lake
	Close     string // command of a close whose state the lake does not have either; "" = none
}

// Error names both states.
func (e *OlderLakeError) Error() string {
	text := fmt.Sprintf("the lake in %s is an older copy, at manifest %d: run %s as of %s left manifest %d", e.Lake,
		e.Is, e.Run, e.AsOf, e.Was)
	if e.Is >= e.Was {
		text = fmt.Sprintf("the lake in %s is another copy, at manifest %d: it does not have the manifest %d that "+
			"run %s as of %s left", e.Lake, e.Is, e.Was, e.Run, e.AsOf)
	}
	if e.Close != "" {
		text += fmt.Sprintf("; it does not have what the ledger lists as `%s`", e.Close)
	}
	return text
}

// Diagnosis implements problem.Diagnosed.
func (e *OlderLakeError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"put back the lake that this run left, or restore a backup of it; if the lake that is there is the right " +
			"one, `tollbook run nightly` continues from it, and cycles that it does not have as closed are open"
}

// NotOlder checks that a lake has the state that the newest run of the ledger left in it (JOBS-7). A state that a run
// commits during the check is no finding.
func NotOlder(dir, name string, snap *lake.Snapshot) error {
	runs := ledger.Dir(dir)
	origin, err := snap.Origin()
	if err != nil || origin == "" {
		return nil //nolint:nilerr // a lake without its first manifests is verify's to report
	}
	last := ledger.LastState(runs, origin)
	if last == nil || lake.InHistory(snap, last.Manifest, last.State) {
		return nil
	}
	if _, err := snap.Since(last.Manifest); err != nil {
		return nil //nolint:nilerr // as above
	}
	if live, err := snap.Live(); err != nil || !live {
		return nil //nolint:nilerr // a run committed meanwhile
	}
	e := &OlderLakeError{Lake: name, Is: snap.Manifest.Number, Was: last.Manifest, Run: last.ID, AsOf: last.AsOf}
	if closed := ledger.LastClose(runs, ""); closed != nil && closed.State != "" && closed.Lake == origin &&
		!lake.InHistory(snap, closed.Manifest, closed.State) {
		e.Close = closed.Command
	}
	return e
}

// Archives returns the live states of the archives that a lake names, by place (JOBS-8). An archive that was moved to
// the place of the settings is found there. Errors: *lake.MissingError if there is no archive.
func Archives(w *workspace.Workspace, snap *lake.Snapshot) (map[string]*lake.Snapshot, error) {
	heads := make(map[string]*lake.Snapshot)
	for _, ref := range snap.Manifest.Cycles {
		if ref.Archived == nil || heads[ref.Archived.Where] != nil {
			continue
		}
		where := ref.Archived.Where
		head, err := archiveHead(w, where)
		if err == nil && head.Manifest.Number == 0 {
			head, err = archiveHead(w, w.Settings.ArchivePlace().Below("lake").Path)
			if err == nil && !admin.HasArchived(head, ref) {
				err = &lake.MissingError{Name: where + ", the archive of cycle " + ref.Cycle.String(),
					Detail: lake.NotThereText, Manifest: snap.Name(), Hint: "mount its disk, or put it back, from a " +
						"backup if it is lost; if it was moved, leave a link in its place, or set retention.archive"}
			}
		}
		if err != nil {
			return nil, err
		}
		heads[where] = head
	}
	return heads, nil
}

// archiveHead returns the live state of an archive; its number is 0 if there is none.
func archiveHead(w *workspace.Workspace, where string) (*lake.Snapshot, error) {
	place := w.Settings.ArchivePlace()
	place.Path = where
	st, err := w.OpenPlace(place, "archive/lake")
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the archive %s: %w", where, err)
	}
	head, err := l.Head()
	return head, lake.Placed(err, where, lake.HintOther)
}

// NewLakeError reports that a run would begin a new lake that the run ledger could not record.
type NewLakeError struct{ Err error }

// Error describes the consequence.
func (e *NewLakeError) Error() string {
	return fmt.Sprintf("the lake is empty, and the run ledger, which names an earlier one, cannot note that this run "+
		"begins another: %v", e.Err)
}

// Diagnosis implements problem.Diagnosed.
func (e *NewLakeError) Diagnosis() (problem.Class, string) {
	return problem.ClassOf(e.Err),
		"make runs/ writable, with free space, and repeat the command; or put the earlier lake back"
}

func (e *NewLakeError) Unwrap() error { return e.Err }

// sameLake checks that the lake is this workspace's, and records it in the entry. If the run begins a new lake, the
// entry says so before the commit (JOBS-6). open and failed are the results of writing the entry at the start.
func (r *Runner) sameLake(res *Result, open *ledger.Open, failed error) (err error) {
	e := &res.Entry
	found, err := r.lake(true)
	if e.Lake, res.found = found.origin, found; err != nil || !found.empty || failed == nil && open == nil {
		return err
	}
	if _, res.left = ledger.WroteTo(ledger.Dir(r.Dir), "", nil); res.left == nil {
		return nil // any lake is accepted
	}
	e.NewLake = true
	if failed == nil {
		failed = open.Keep(e)
	}
	if failed != nil {
		return &NewLakeError{failed}
	}
	return nil
}

// noteLake reports that a run began on an empty lake although the ledger names an earlier one (JOBS-6), or on an older
// state of the lake (JOBS-7).
func (r *Runner) noteLake(res *Result) {
	if res.Report != nil && res.found.older != nil {
		res.Report.Note("%v; this run continued from the lake that is there", res.found.older)
	}
	if res.left == nil || res.Report == nil {
		return
	}
	closed := ""
	if last := ledger.LastClose(ledger.Dir(r.Dir), res.Entry.ID); last != nil {
		closed = fmt.Sprintf("; cycles that were closed are open again, the ledger lists `%s`", last.Command)
	}
	res.Report.Note("the lake was empty, and this run began a new one: run %s as of %s left an earlier lake%s; to "+
		"continue with the earlier lake, put it back in place of the new one", res.left.ID, res.left.AsOf, closed)
}

// left records the state of the lake after a run.
func (r *Runner) left(res *Result) {
	e, now := &res.Entry, res.found
	if e.Changed && (e.Lake == "" || e.Manifest != now.number) {
		now, _ = r.lake(false) // the run changed the lake
	}
	if e.Lake == "" && e.Changed {
		e.Lake = now.origin
	}
	if e.Manifest == now.number && (now.older == nil || res.Report != nil) { // a run without a report notes nothing
		e.State = now.hash
	}
}

// foundLake describes a lake at an instant.
type foundLake struct {
	origin lake.Hash // lake.Snapshot.Origin; "" if it is empty or unreadable, which the run reports
	empty  bool
	number int64     // of the newest manifest
	hash   lake.Hash // of it
	older  error     // *OlderLakeError; nil = the lake has what the newest run left in it
}

// lake reads the present lake. With check it is an error if it is not this workspace's (JOBS-6).
func (r *Runner) lake(check bool) (found foundLake, err error) {
	s, err := settings.Load(workspace.SettingsFile(r.Dir))
	if err != nil {
		return foundLake{}, nil //nolint:nilerr // the run itself says so
	}
	w := &workspace.Workspace{Dir: r.Dir, Settings: s}
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		return foundLake{}, nil //nolint:nilerr // as above
	}
	snap, err := l.Head()
	if err != nil {
		return foundLake{}, nil //nolint:nilerr // as above
	}
	if check {
		if err := SameLake(r.Dir, w.LakeName(), snap); err != nil {
			return foundLake{}, err // the ledger must not record it
		}
		_, err := Archives(w, snap)
		if missing := new(lake.MissingError); errors.As(err, &missing) {
			return foundLake{}, err
		}
	}
	origin, err := snap.Origin()
	if err != nil {
		return foundLake{}, nil //nolint:nilerr // verify's to report
	}
	found = foundLake{origin: origin, empty: origin == "", number: snap.Manifest.Number, hash: snap.Hash}
	if check {
		found.older = NotOlder(r.Dir, w.LakeName(), snap)
	}
	return found, nil
}

package lake

import (
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/schemas/problem"
)

// MissingError reports that a file that the lake names does not exist, or has another size than was written. The
// operation ends.
type MissingError struct {
	Name     string // the file
	Manifest string // what names it
	Detail   string // as `not there`, `has 12 bytes, 20 were written`
	Hint     string
}

// Error says file, who names it and what to do.
func (e *MissingError) Error() string {
	return fmt.Sprintf("lake: %s: %s, but %s names it; %s", e.Name, e.Detail, e.Manifest, e.Hint)
}

// Diagnosis implements problem.Diagnosed.
func (e *MissingError) Diagnosis() (problem.Class, string) { return problem.Failed, e.Hint }

// CorruptError reports that a file's content is not what was written.
type CorruptError struct {
	Name   string
	Detail string // as `hash is …, HEAD says …`
	Hint   string
}

// Error says file, what is wrong and what to do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("lake: %s: %s; %s", e.Name, e.Detail, e.Hint)
}

// Diagnosis implements problem.Diagnosed.
func (e *CorruptError) Diagnosis() (problem.Class, string) { return problem.Failed, e.Hint }

// SyncError reports that making something durable failed. The content of the disk is then unknown: the run ends at once
// (exit 3) without retrying; the next run starts from the state that HEAD names.
type SyncError struct {
	Name string // file, or folder
	Err  error
}

// Error says what could not be synced.
func (e *SyncError) Error() string {
	return fmt.Sprintf("lake: sync %s: %v; the run stops here: check the disk, then start it again", e.Name, e.Err)
}

// Unwrap returns the system's error.
func (e *SyncError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *SyncError) Diagnosis() (problem.Class, string) { return problem.Failed, "" }

// CleanError reports that a state was committed, but clearing up after it failed. The lake is correct for readers that
// use HEAD; the next run clears up.
type CleanError struct {
	Number int64 // the manifest that is live
	Err    error
}

// Error says that the state is committed.
func (e *CleanError) Error() string {
	return fmt.Sprintf("lake: manifest %d is committed, but clearing up after it failed; the next run does it: %v",
		e.Number, e.Err)
}

// Unwrap returns the reason.
func (e *CleanError) Unwrap() error { return e.Err }

// MovedError reports that a newer state was committed while this one was being read, and that a file of this one is
// gone. The reader must start over from Head; Lake.Read does.
type MovedError struct {
	Name     string // the file that is gone
	Was, Now int64  // manifest numbers
}

// Error names the file and both states.
func (e *MovedError) Error() string {
	return fmt.Sprintf("lake: %s is gone: the lake moved from manifest %d to %d while it was being read", e.Name, e.Was,
		e.Now)
}

// Diagnosis implements problem.Diagnosed.
func (e *MovedError) Diagnosis() (problem.Class, string) {
	return problem.Retryable, "a run is active: start this command again when it has ended"
}

// FencedError reports that another writer committed the manifest that a run was about to commit (CHAIN-1). The run
// committed nothing.
type FencedError struct {
	Number  int64  // of the manifest
	AsOf    string // of the other writer's run
	Command string
}

// Error names the other run and says what to do.
func (e *FencedError) Error() string {
	return fmt.Sprintf("lake: another writer (%s, as of %s) committed manifest %d while this run was in progress; "+
		"nothing of this run was committed: start it again, and let one machine at a time write to the lake",
		e.Command, e.AsOf, e.Number)
}

// UnknownCommitError reports that the object store did not confirm a commit and that its manifest does not exist. The
// store may still create it.
type UnknownCommitError struct {
	Number int64
	Err    error
}

// Error says what is not known and what to do.
func (e *UnknownCommitError) Error() string {
	return fmt.Sprintf("lake: the object store did not confirm manifest %d, and it cannot be read: %v; run again: the "+
		"next run continues from the newest manifest, with this one if it was created after all", e.Number, e.Err)
}

// Unwrap returns the store's error.
func (e *UnknownCommitError) Unwrap() error { return e.Err }

// SweepError reports that a run was about to name a file that another process may be deleting (CHAIN-7). Nothing was
// committed.
type SweepError struct {
	Name string // the file
	Mark string // of the other process
}

// Error names the file and says what to do.
func (e *SweepError) Error() string {
	return fmt.Sprintf("lake: %s may be an old file for another process, which is deleting old files (%s): "+
		"nothing was committed; run again when it has ended. If it was killed, it no longer counts after "+
		"an hour", e.Name, e.Mark)
}

// ClosedError reports that a change would affect a closed cycle (LAKE-8).
type ClosedError struct {
	Cycle  string
	Detail string
}

// Error names the cycle.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("lake: cycle %s is closed: %s", e.Cycle, e.Detail)
}

// BucketsError reports that a lake has another number of buckets than requested.
type BucketsError struct{ Has, Wanted int }

// Error gives both numbers.
func (e *BucketsError) Error() string {
	return fmt.Sprintf("lake: the number of its buckets is %d, not %d", e.Has, e.Wanted)
}

// Diagnosis implements problem.Diagnosed.
func (e *BucketsError) Diagnosis() (problem.Class, string) {
	return problem.Refused, fmt.Sprintf("set lake.buckets to %d again, or distribute the lake over more buckets with "+
		"`tollbook rebucket`", e.Has)
}

// UnitsError reports that the settings have another zone or currency than the lake.
type UnitsError struct{ Setting, Has, Wanted string }

// Error gives both.
func (e *UnitsError) Error() string {
	return fmt.Sprintf("the lake is in %s %s; the settings have %s", e.Setting, e.Has, e.Wanted)
}

// Diagnosis implements problem.Diagnosed.
func (e *UnitsError) Diagnosis() (problem.Class, string) {
	return problem.Refused, fmt.Sprintf("set %s in tollbook.yaml back; for another one %s", e.Setting, HintRebuild)
}

// The hints, one per kind of problem.
const (
	// HintRebuild is for a lake that cannot be used any more and has no backup.
	HintRebuild = "put archived feed files back into the inbox, move the lake away and run again: all months are " +
		"then calculated from inbox and books, closed ones too, which are open again and can have other amounts"
	// HintRestore is for a file that is missing or damaged, HintHead for HEAD.
	HintRestore = "put that file back from a backup; without one, " + HintRebuild
	HintHead    = "put HEAD back with `tollbook restore-head`, which checks the newest manifest and its files first; " +
		"nothing was changed"
	// HintOther is for a file of another lake than the workspace's, such as an archive, HintBackup for one of a backup.
	HintOther  = "put that file back from a backup or another copy of this lake, which is not the workspace's own"
	HintBackup = "while the workspace is there, repeat `tollbook backup` into the same folder, after removing the " +
		"damaged file from it; otherwise use another backup"
	// HintNewer is for a format that a newer version of the program wrote.
	HintNewer = "a newer version of tollbook wrote it: use that version, or restore the backup that was made before " +
		"the program was replaced"
)

// NotThereText is the Detail of a MissingError for a file that does not exist, in contrast to one with the wrong size.
const NotThereText = "not there"

// FaultOf describes an error about a file without what to do about it, for lists of faults.
func FaultOf(err error) string {
	missing, corrupt := new(MissingError), new(CorruptError)
	switch {
	case errors.As(err, &missing):
		return fmt.Sprintf("%s: %s, but %s names it", missing.Name, missing.Detail, missing.Manifest)
	case errors.As(err, &corrupt):
		return fmt.Sprintf("%s: %s", corrupt.Name, corrupt.Detail)
	}
	return err.Error()
}

// Placed returns an error about a file that is missing or damaged in another lake than the workspace's, such as an
// archive: the file's name begins with the place, and hint replaces the hint. It returns other errors as they are.
func Placed(err error, place, hint string) error {
	missing, corrupt := new(MissingError), new(CorruptError)
	switch {
	case errors.As(err, &missing):
		return &MissingError{Name: place + "/" + missing.Name, Manifest: missing.Manifest, Detail: missing.Detail,
			Hint: hint}
	case errors.As(err, &corrupt):
		return &CorruptError{Name: place + "/" + corrupt.Name, Detail: corrupt.Detail, Hint: hint}
	}
	return err
}

// Unmoved turns a *MovedError about a manifest into a *MissingError: no commit removes manifests, so it is lost.
func Unmoved(err error, by string) error {
	if moved := new(MovedError); errors.As(err, &moved) {
		return &MissingError{Name: moved.Name, Manifest: by, Detail: NotThereText,
			Hint: HintRestore}
	}
	return err
}

package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/run/gate"
	"github.com/tollbook/tollbook/pipeline/run/newfiles"
	"github.com/tollbook/tollbook/pipeline/run/totals"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// reconciler accounts for every row that a run read.
type reconciler struct {
	state  *runState
	cfg    *accept.Config
	folded *fold.Result
	files  *newfiles.Finder
}

// reconcile counts every row of every file, keeps the rejects, and notes the files as taken (INGEST-1).
func (rc *reconciler) reconcile(ctx context.Context) error {
	out, err := rc.newRejectWriter()
	if err != nil {
		return err
	}
	late := rc.folded.Rejects
	raw, err := rc.rawOf(ctx, late)
	if err != nil {
		return err
	}
	flushLate := func(upTo *accept.Reject) error {
		for len(late) > 0 && (upTo == nil || before(&late[0], upTo)) {
			late[0].Raw = raw[late[0].File][late[0].Row]
			if err := out.add(&late[0]); err != nil {
				return err
			}
			late = late[1:]
		}
		return nil
	}
	err = rc.state.scanned.EachReject(func(x *accept.Reject) error {
		if err := flushLate(x); err != nil {
			return err
		}
		return out.add(x)
	})
	if err != nil {
		return err
	}
	if err := flushLate(nil); err != nil {
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	if err := rc.correctRejects(); err != nil {
		return err
	}
	if err := rc.noteInputs(); err != nil {
		return err
	}
	rc.state.report.FeedReasons = out.tally.Reasons
	notes, accepted, err := rc.state.gate().CheckAll(out.tally)
	rc.state.report.Notes = append(rc.state.report.Notes, notes...)
	if accepted {
		rc.state.next.SetAcceptedRejects(rc.state.o.AcceptRejects)
	}
	return err
}

func before(a, b *accept.Reject) bool {
	return a.File < b.File || (a.File == b.File && a.Row < b.Row)
}

// rawOf fetches the raw records of rejects that were found by comparing records.
func (rc *reconciler) rawOf(ctx context.Context, late []accept.Reject) (map[int32]map[int64][]byte, error) {
	rows := make(map[int32][]int64)
	for i := range late {
		rows[late[i].File] = append(rows[late[i].File], late[i].Row)
	}
	out := make(map[int32]map[int64][]byte, len(rows))
	for _, file := range slices.Sorted(maps.Keys(rows)) {
		raw, err := rc.state.scanned.Raw(ctx, rc.cfg, file, rows[file])
		if err != nil {
			return nil, err
		}
		out[file] = raw
	}
	return out, nil
}

// rejectWriter writes the rejects of a run in order of file and row.
type rejectWriter struct {
	r   *runState
	out *rejects.Writer
	// untried are the rejects that a retry did not try and leaves unchanged, in order.
	untried []rejects.Row
	retries bool // the run's rejects replace the open ones
	tally   *gate.Tally
}

func (rc *reconciler) newRejectWriter() (*rejectWriter, error) {
	w := &rejectWriter{r: rc.state, out: rejects.NewWriter(rc.state.txn.SubTxn, rejects.OpenKey()),
		tally: gate.NewTally()}
	if rc.state.retried == nil {
		return w, nil
	}
	w.untried = rc.state.retried.Untried(rc.state.scanned)
	slices.SortFunc(w.untried, func(a, b rejects.Row) int { return rejects.Compare(&a, &b) })
	stored, err := rc.state.loadRejects()
	same := func(a, b rejects.Row) bool { return rejects.Compare(&a, &b) == 0 }
	if w.retries = !slices.EqualFunc(stored, w.untried, same); !w.retries {
		w.untried = nil // all stay stored as they are
	}
	return w, err
}

func (w *rejectWriter) add(x *accept.Reject) error {
	f := w.r.scanned.Files[x.File]
	w.r.report.Reasons[x.Reason.String()]++
	w.tally.Add(f.Feed, x)
	name, row := f.Name, x.Row
	if w.r.retried != nil {
		name, row = w.r.retried.Original(x.File, x.Row)
	}
	kept := rejects.Row{Feed: f.Feed, File: name, Row: row, Column: x.Column, Reason: x.Reason.String(), Value: x.Value,
		ID: x.ID, Raw: x.Raw, Hash: f.Hash, Header: f.Header}
	kept.ShowAsRead()
	for len(w.untried) > 0 && rejects.Compare(&w.untried[0], &kept) < 0 {
		if err := w.out.Add(&w.untried[0]); err != nil {
			return err
		}
		w.untried = w.untried[1:]
	}
	return w.out.Add(&kept)
}

// finish adds the run's rejects to the open ones; a retry replaces those that it tried.
func (w *rejectWriter) finish() error {
	for i := range w.untried {
		if err := w.out.Add(&w.untried[i]); err != nil {
			return err
		}
	}
	files, err := w.out.Finish()
	if err != nil {
		return err
	}
	if w.retries {
		return w.r.next.Entries.Replace(rejects.OpenKey(), files...)
	}
	return w.r.next.Entries.Add(files...)
}

// noteInputs verifies the counts of every taken file and notes the file as taken (INGEST-1).
func (rc *reconciler) noteInputs() error {
	var broken []error
	for i, f := range rc.state.scanned.Files {
		n := rc.folded.Files[i]
		f.Accepted, f.Duplicate, f.Rejected = n.Accepted, n.Duplicate, f.Rejected+n.Rejected
		rep := workspace.FileReport{Feed: f.Feed, Name: f.Name}
		if f.Deferred != nil {
			rc.files.Leave(f.Feed, f.Name, f.Deferred)
			continue
		}
		if f.Fault != nil {
			rep.Fault = f.Fault.Error()
			var whole *feedfile.Error
			if errors.As(f.Fault, &whole) {
				rep.Hint = whole.Hint
			}
			rc.state.report.Files = append(rc.state.report.Files, rep)
			continue
		}
		rep.Rows, rep.Accepted, rep.Duplicate, rep.Rejected = f.Rows, f.Accepted, f.Duplicate, f.Rejected
		if f.Rows != f.Accepted+f.Duplicate+f.Rejected {
			broken = append(broken, &totals.Error{Name: "rows of inbox/" + f.Name,
				Left: fmt.Sprint(f.Rows, " read"), Right: fmt.Sprintf("%d accepted + %d duplicate + %d rejected",
					f.Accepted, f.Duplicate, f.Rejected)})
		}
		report := rc.state.report
		report.Rows, report.Accepted = report.Rows+f.Rows, report.Accepted+f.Accepted
		report.Duplicate, report.Rejected = report.Duplicate+f.Duplicate, report.Rejected+f.Rejected
		if rc.state.retried != nil {
			rep.Name = rc.state.retried.Name(i)
			rc.noteRetried(int32(i))
		} else {
			rc.noteInput(f)
		}
		rc.state.report.Files = append(rc.state.report.Files, rep)
	}
	slices.SortFunc(rc.state.report.Files, func(a, b workspace.FileReport) int {
		return strings.Compare(a.Feed+"/"+a.Name, b.Feed+"/"+b.Name)
	})
	return errors.Join(broken...)
}

func (rc *reconciler) noteInput(f *accept.File) {
	in := manifest.Input{Feed: f.Feed, Name: f.Name, Hash: f.Hash, Bytes: f.Bytes, Rows: f.Rows, Accepted: f.Accepted,
		Duplicate: f.Duplicate, Rejected: f.Rejected}
	if f.First != 0 || f.Last != 0 {
		in.FirstDay, in.LastDay = manifest.DayOf(f.First), manifest.DayOf(f.Last)
	}
	rc.state.next.SetInput(in)
}

// noteRetried moves rows that a retry settled from rejected to accepted or duplicate in the file's counts.
func (rc *reconciler) noteRetried(file int32) {
	f, n := rc.state.scanned.Files[file], rc.folded.Files[file]
	in, ok := rc.state.next.Input(f.Feed, f.Hash)
	if !ok {
		return
	}
	in.Accepted, in.Duplicate = in.Accepted+n.Accepted, in.Duplicate+n.Duplicate
	in.Rejected -= n.Accepted + n.Duplicate
	if f.First != 0 || f.Last != 0 {
		first, last := manifest.DayOf(f.First), manifest.DayOf(f.Last)
		if in.FirstDay.IsZero() || first.Compare(in.FirstDay) < 0 {
			in.FirstDay = first
		}
		if last.Compare(in.LastDay) > 0 {
			in.LastDay = last
		}
	}
	rc.state.next.SetInput(in)
}

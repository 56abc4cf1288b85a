package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// reconcile counts every row of every file, keeps the rejects, and notes the files as taken (INGEST-1).
func (r *run) reconcile(ctx context.Context, cfg *accept.Config) error {
	out := r.newRejectWriter()
	late := r.folded.Rejects
	raw, err := r.rawOf(ctx, cfg, late)
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
	err = r.scanned.EachReject(func(x *accept.Reject) error {
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
	if err := r.correctRejects(); err != nil {
		return err
	}
	if err := r.noteInputs(); err != nil {
		return err
	}
	r.report.FeedReasons = out.tally.reasons
	return r.gateAll(out.tally)
}

func before(a, b *accept.Reject) bool {
	return a.File < b.File || (a.File == b.File && a.Row < b.Row)
}

// rawOf fetches the records that were rejected against others.
func (r *run) rawOf(ctx context.Context, cfg *accept.Config, late []accept.Reject) (map[int32]map[int64][]byte, error) {
	rows := make(map[int32][]int64)
	for i := range late {
		rows[late[i].File] = append(rows[late[i].File], late[i].Row)
	}
	out := make(map[int32]map[int64][]byte, len(rows))
	for _, file := range slices.Sorted(maps.Keys(rows)) {
		raw, err := r.scanned.Raw(ctx, cfg, file, rows[file])
		if err != nil {
			return nil, err
		}
		out[file] = raw
	}
	return out, nil
}

// rejectWriter writes the rejects of a run in order of file and row.
type rejectWriter struct {
	r   *run
	out *rejects.Writer
	// untried are rejects of a retry that stay as they were, in order.
	untried []rejects.Row
	tally   *tally
}

func (r *run) newRejectWriter() *rejectWriter {
	w := &rejectWriter{r: r, out: rejects.NewWriter(r.txn, rejects.OpenKey()), tally: newTally()}
	if r.retried != nil {
		w.untried = r.retried.untried(r.scanned)
		slices.SortFunc(w.untried, func(a, b rejects.Row) int { return order(&a, &b) })
	}
	return w
}

func (w *rejectWriter) add(x *accept.Reject) error {
	f := w.r.scanned.Files[x.File]
	w.r.report.Reasons[x.Reason.String()]++
	w.tally.add(f.Feed, x)
	name, row := f.Name, x.Row
	if w.r.retried != nil {
		name, row = w.r.retried.original(x.File, x.Row)
	}
	kept := rejects.Row{Feed: f.Feed, File: name, Row: row, Column: x.Column, Reason: x.Reason.String(), Value: x.Value,
		ID:  x.ID,
		Raw: x.Raw, Hash: f.Hash, Header: f.Header}
	asSeen(&kept)
	for len(w.untried) > 0 && order(&w.untried[0], &kept) < 0 {
		if err := w.out.Add(&w.untried[0]); err != nil {
			return err
		}
		w.untried = w.untried[1:]
	}
	return w.out.Add(&kept)
}

// finish adds the run's rejects to those that are open; a retry puts them in the place of those it tried.
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
	if w.r.retried != nil {
		return w.r.next.Replace(rejects.OpenKey(), files...)
	}
	return w.r.next.Add(files...)
}

// noteInputs checks the counts of every taken file and notes it (INGEST-1).
func (r *run) noteInputs() error {
	var broken []error
	for i, f := range r.scanned.Files {
		n := r.folded.Files[i]
		f.Accepted, f.Duplicate, f.Rejected = n.Accepted, n.Duplicate, f.Rejected+n.Rejected
		rep := workspace.FileReport{Feed: f.Feed, Name: f.Name}
		if f.Deferred != nil {
			r.leave(f.Feed, f.Name, f.Deferred)
			continue
		}
		if f.Fault != nil {
			rep.Fault = f.Fault.Error()
			var whole *feedfile.Error
			if errors.As(f.Fault, &whole) {
				rep.Hint = whole.Hint
			}
			r.report.Files = append(r.report.Files, rep)
			continue
		}
		rep.Rows, rep.Accepted, rep.Duplicate, rep.Rejected = f.Rows, f.Accepted, f.Duplicate, f.Rejected
		if f.Rows != f.Accepted+f.Duplicate+f.Rejected {
			broken = append(broken, &TotalsError{Name: "rows of inbox/" + f.Name,
				Left: fmt.Sprint(f.Rows, " read"), Right: fmt.Sprintf("%d accepted + %d duplicate + %d rejected",
					f.Accepted, f.Duplicate, f.Rejected)})
		}
		r.report.Rows, r.report.Accepted = r.report.Rows+f.Rows, r.report.Accepted+f.Accepted
		r.report.Duplicate, r.report.Rejected = r.report.Duplicate+f.Duplicate, r.report.Rejected+f.Rejected
		if r.retried != nil {
			rep.Name = r.retried.files[i].name
			r.retried.note(r, int32(i))
		} else {
			r.noteInput(f)
		}
		r.report.Files = append(r.report.Files, rep)
	}
	slices.SortFunc(r.report.Files, func(a, b workspace.FileReport) int {
		return strings.Compare(a.Feed+"/"+a.Name, b.Feed+"/"+b.Name)
	})
	return errors.Join(broken...)
}

func (r *run) noteInput(f *accept.File) {
	in := lake.Input{Feed: f.Feed, Name: f.Name, Hash: f.Hash, Bytes: f.Bytes, Rows: f.Rows, Accepted: f.Accepted,
		Duplicate: f.Duplicate, Rejected: f.Rejected}
	if f.First != 0 || f.Last != 0 {
		in.FirstDay, in.LastDay = f.First.String(), f.Last.String()
	}
	r.next.SetInput(in)
}

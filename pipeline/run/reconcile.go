package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// outcomes is what became of the rows that a run compared with others: usage, samples and events.
type outcomes struct {
	files   []state.FileCount // by file of the scan
	rejects []accept.Reject   // by file and row
}

// outcomesOf adds the counts of the rated records and those of the events.
func outcomesOf(folded *fold.Result, ev *eventStage) outcomes {
	all := outcomes{slices.Clone(folded.Files), folded.Rejects}
	for file, n := range ev.counts {
		to := &all.files[file]
		to.Accepted, to.Duplicate = to.Accepted+n.Accepted, to.Duplicate+n.Duplicate
		to.Rejected += n.Rejected
	}
	if len(ev.rejects) > 0 {
		all.rejects = slices.Concat(all.rejects, ev.rejects)
		slices.SortFunc(all.rejects, func(a, b accept.Reject) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
		})
	}
	return all
}

// reconciler accounts for every row that a run read.
type reconciler struct {
	state    *runState
	cfg      *accept.Config
	outcomes outcomes
	files    *FileFinder
	apart    map[int32]*ApartRejects // feed files that have files of rejects of their own
}

// reconcile counts every row of every file, keeps the rejects, and notes the files as taken (INGEST-1).
func (rc *reconciler) reconcile(ctx context.Context) error {
	out, err := NewRejectWriter(rc.state.txn.SubTxn, rc.state.scanned, rc.state.retried, rc.state.loadRejects)
	if err != nil {
		return err
	}
	if err := out.List(ctx, rc.cfg, rc.outcomes.rejects, rc.apart); err != nil {
		return err
	}
	if err := out.Finish(); err != nil {
		return err
	}
	if err := rc.correctRejects(); err != nil {
		return err
	}
	if err := rc.noteInputs(); err != nil {
		return err
	}
	for _, reasons := range out.Tally.Reasons {
		for why, rows := range reasons {
			rc.state.report.Reasons[why] += rows
		}
	}
	rc.state.report.FeedReasons = out.Tally.Reasons
	notes, accepted, err := rc.state.gate().CheckAll(out.Tally)
	rc.state.report.Notes = append(rc.state.report.Notes, notes...)
	if accepted {
		rc.state.next.SetAcceptedRejects(rc.state.o.AcceptRejects)
	}
	return err
}

// noteInputs verifies the counts of every taken file and notes the file as taken (INGEST-1).
func (rc *reconciler) noteInputs() error {
	var broken []error
	for i, f := range rc.state.scanned.Files {
		n := rc.outcomes.files[i]
		f.Accepted, f.Duplicate, f.Rejected = n.Accepted, n.Duplicate, f.Rejected+n.Rejected
		rep := workspace.FileReport{Feed: f.Feed, Name: f.Name}
		if rc.state.retried != nil {
			rep.Name = rc.state.retried.Name(i)
		}
		if f.Deferred != nil {
			rc.files.Leave(f.Feed, rep.Name, f.Deferred)
			continue
		}
		if f.Fault != nil {
			rep.Fault = strings.Replace(f.Fault.Error(), f.Name, rep.Name, 1)
			var whole *feed.FormError
			if errors.As(f.Fault, &whole) {
				rep.Hint = whole.Hint
			}
			rc.state.report.Files = append(rc.state.report.Files, rep)
			continue
		}
		rep.Rows, rep.Accepted, rep.Duplicate, rep.Rejected = f.Rows, f.Accepted, f.Duplicate, f.Rejected
		if f.Rows != f.Accepted+f.Duplicate+f.Rejected {
			broken = append(broken, &TotalsError{Name: "rows of inbox/" + rep.Name,
				Left: fmt.Sprint(f.Rows, " read"), Right: fmt.Sprintf("%d accepted + %d duplicate + %d rejected",
					f.Accepted, f.Duplicate, f.Rejected)})
		}
		report := rc.state.report
		report.Rows, report.Accepted = report.Rows+f.Rows, report.Accepted+f.Accepted
		report.Duplicate, report.Rejected = report.Duplicate+f.Duplicate, report.Rejected+f.Rejected
		if rc.state.retried != nil {
			if err := rc.noteRetried(int32(i)); err != nil {
				return err
			}
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
	in := lake.Input{Feed: f.Feed, Name: f.Name, Hash: f.Hash, Bytes: f.Bytes, Rows: f.Rows, Accepted: f.Accepted,
		Duplicate: f.Duplicate, Rejected: f.Rejected}
	if f.First != 0 || f.Last != 0 {
		in.FirstDay, in.LastDay = lake.DayOf(f.First), lake.DayOf(f.Last)
	}
	rc.state.next.SetInput(in)
}

// noteRetried moves rows that a retry settled from rejected to accepted or duplicate in the file's counts.
func (rc *reconciler) noteRetried(file int32) error {
	f, n := rc.state.scanned.Files[file], rc.outcomes.files[file]
	in, ok := rc.state.next.Input(f.Feed, f.Hash)
	if !ok {
		return fmt.Errorf("rejects of inbox/%s, which was never ingested", rc.state.retried.Name(int(file)))
	}
	in.Accepted, in.Duplicate = in.Accepted+n.Accepted, in.Duplicate+n.Duplicate
	in.Rejected -= n.Accepted + n.Duplicate
	if f.First != 0 || f.Last != 0 {
		first, last := lake.DayOf(f.First), lake.DayOf(f.Last)
		if in.FirstDay.IsZero() || first.Compare(in.FirstDay) < 0 {
			in.FirstDay = first
		}
		if last.Compare(in.LastDay) > 0 {
			in.LastDay = last
		}
	}
	rc.state.next.SetInput(in)
	return nil
}

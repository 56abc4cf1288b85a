package run

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// RejectWriter counts the rejects of a run, and writes those that no task writes in order of file and row.
type RejectWriter struct {
	Tally *GateTally

	txn     *lake.SubTxn
	scanned *accept.Scanned
	retried *RetriedRejects // nil = the run is no retry
	out     *accept.RejectWriter
	// untried are the rejects that a retry did not try and leaves unchanged, in order.
	untried []accept.RejectRow
	retries bool             // the run's rejects replace the open ones
	apart   []lake.FileEntry // files of rejects that tasks wrote
}

// NewRejectWriter returns a Writer. stored reads the open rejects of the lake, sorted, for a retry.
func NewRejectWriter(txn *lake.SubTxn, scanned *accept.Scanned, retried *RetriedRejects,
	stored func() ([]accept.RejectRow, error)) (*RejectWriter, error) {
	w := &RejectWriter{Tally: NewGateTally(), txn: txn, scanned: scanned, retried: retried,
		out: accept.NewRejectWriter(txn, accept.OpenRejectsKey())}
	if retried == nil {
		return w, nil
	}
	w.untried = retried.Untried(scanned)
	slices.SortFunc(w.untried, func(a, b accept.RejectRow) int { return accept.CompareRejects(&a, &b) })
	open, err := stored()
	same := func(a, b accept.RejectRow) bool { return accept.CompareRejects(&a, &b) == 0 }
	if w.retries = !slices.EqualFunc(open, w.untried, same); !w.retries {
		w.untried = nil // all stay stored as they are
	}
	return w, err
}

// List takes the rejects of all files. found are those that were found by comparing records, ascending by file and row;
// those of usage and bandwidth have their raw records, unless the run is a retry. apart is the result of Stage.Run.
func (w *RejectWriter) List(ctx context.Context, cfg *accept.Config, found []accept.Reject,
	apart map[int32]*ApartRejects) error {
	for i, f := range w.scanned.Files {
		file := int32(i)
		var of []accept.Reject
		of, found = cut(found, file)
		if !w.scanned.Taken(file) {
			continue
		}
		if own := apart[file]; own != nil {
			w.Tally.Take(f.Feed, file, &own.Counts)
			w.apart = append(w.apart, own.Files...)
			continue
		}
		if w.retried != nil || !accept.ByItself(f.Feed) {
			if err := addRaw(ctx, w.scanned, cfg, of); err != nil {
				return err
			}
		}
		if err := w.scanned.RejectsOf(file, of, w.add); err != nil {
			return err
		}
	}
	return nil
}

// cut divides rejects, of which those of a file come first, into these and the rest.
func cut(list []accept.Reject, file int32) (of, rest []accept.Reject) {
	n := 0
	for n < len(list) && list[n].File == file {
		n++
	}
	return list[:n], list[n:]
}

// add counts and writes a reject.
func (w *RejectWriter) add(x *accept.Reject) error {
	f := w.scanned.Files[x.File]
	w.Tally.Add(f.Feed, x)
	name, at := f.Name, x.Row
	if w.retried != nil {
		name, at = w.retried.Original(x.File, x.Row)
	}
	row := rowOf(f, name, at, x)
	for len(w.untried) > 0 && accept.CompareRejects(&w.untried[0], &row) < 0 {
		if err := w.out.Add(&w.untried[0]); err != nil {
			return err
		}
		w.untried = w.untried[1:]
	}
	return w.out.Add(&row)
}

// Finish adds the rejects to the open ones of the next state; a retry replaces those that it tried.
func (w *RejectWriter) Finish() error {
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
		return w.txn.Next().Replace(accept.OpenRejectsKey(), files...)
	}
	return w.txn.Next().Add(append(files, w.apart...)...)
}

// addRaw reads the raw records of rejects of one file, which are ascending by row.
func addRaw(ctx context.Context, s *accept.Scanned, cfg *accept.Config, list []accept.Reject) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]int64, len(list))
	for i := range list {
		rows[i] = list[i].Row
	}
	raw, err := s.Raw(ctx, cfg, list[0].File, rows)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Raw = raw[list[i].Row]
	}
	return nil
}

// rowOf returns a reject as it is stored. name and row are the feed file and the row in which the record came.
func rowOf(f *accept.File, name string, row int64, x *accept.Reject) accept.RejectRow {
	r := accept.RejectRow{Feed: f.Feed, File: name, Row: row, Column: x.Column, Reason: x.Reason.String(),
		Value: x.Value,
		ID:    x.ID, Raw: x.Raw, Hash: f.Hash, Header: f.Header}
	r.ShowAsRead()
	return r
}

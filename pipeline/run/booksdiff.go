package run

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/change"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// booksDiff is what today's books can touch of the open cycles that were rated with others: nil, everything, unless the
// copy that was kept is of the books, under today's settings, that all of these were rated with (CHANGE-1).
func (r *runState) booksDiff() *change.Change {
	var rated []string // with which books cycles were
	for _, ref := range r.txn.Base().Manifest.Cycles {
		if c := ref.Period(); c > r.closed && r.refold(c) {
			rated = append(rated, ref.Books)
		}
	}
	if len(rated) == 0 || r.o.BooksCopy == "" {
		return nil
	}
	newest := func() (int64, error) { return r.txn.Base().Manifest.Number, nil }
	old, err := change.Load(change.Current(r.o.BooksCopy, newest), r.ws.Settings)
	if err != nil {
		r.everything(err)
		return nil
	}
	before := workspace.Fingerprint(&workspace.Workspace{Settings: r.ws.Settings, Books: old})
	for _, books := range rated {
		if books != before {
			r.everything(errors.New("the copy of the books is not what they were rated with, or settings changed"))
			return nil
		}
	}
	return change.Compare(old, r.ws.Books)
}

// everything logs why changed books rate all days of open cycles again: that costs time and changes nothing.
func (r *runState) everything(why error) { r.o.Debug("all days of open cycles are rated again", why) }

// prepareBooks keeps the books for the run that finds others, before the commit and under the lake's lock (CHANGE-6).
func (r *runState) prepareBooks() {
	if r.o.BooksCopy == "" || r.job.dryRun {
		return
	}
	root, err := workspace.BooksRoot(r.ws.Dir, &r.ws.Settings)
	if err == nil {
		err = change.Prepare(r.o.BooksCopy, r.txn.Base().Manifest.Number, root, r.ws.Books.Hash)
	}
	r.o.Debug("changed books will rate all days of open cycles again", err)
}

// keepBooks follows the commit.
func (r *runState) keepBooks() {
	if r.o.BooksCopy != "" && !r.job.dryRun {
		err := change.Keep(r.o.BooksCopy, r.txn.Base().Manifest.Number)
		r.o.Debug("changed books will rate all days of open cycles again", err)
	}
}

package run

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// booksDiff is the effect of today's books on open cycles that were rated with others. It is nil, which means
// everything, unless all of these were rated with the books of the stored copy and with today's settings (CHANGE-1).
func (r *runState) booksDiff() *state.Change {
	var rated []string // the fingerprints with which cycles were rated
	for _, ref := range r.txn.SubTxn.Base().Manifest.Cycles {
		if c := ref.Period(); c > r.closed && r.refold(c) {
			rated = append(rated, ref.Books)
		}
	}
	if len(rated) == 0 || r.o.BooksCopy == "" {
		return nil
	}
	newest := func() (int64, error) { return r.txn.SubTxn.Base().Manifest.Number, nil }
	old, err := state.LoadKeptBooks(state.CurrentBooks(r.o.BooksCopy, newest), r.ws.Settings)
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
	return state.CompareBooks(old, r.ws.Books)
}

// everything logs why changed books cause all days of open cycles to be rated again. That costs time only.
func (r *runState) everything(why error) { r.o.Debug("all days of open cycles are rated again", why) }

// prepareBooks stores the books, before the commit and under the lake's lock, for runs with other books (CHANGE-6).
func (r *runState) prepareBooks() {
	if r.o.BooksCopy == "" || r.job.dryRun {
		return
	}
	root, err := workspace.BooksRoot(r.ws.Dir, &r.ws.Settings)
	if err == nil {
		err = state.PrepareBooks(r.o.BooksCopy, r.txn.SubTxn.Base().Manifest.Number, root, r.ws.Books.Hash)
	}
	r.o.Debug("changed books will rate all days of open cycles again", err)
}

// keepBooks completes prepareBooks after the commit.
func (r *runState) keepBooks() {
	if r.o.BooksCopy != "" && !r.job.dryRun {
		err := state.KeepBooksFile(r.o.BooksCopy, r.txn.SubTxn.Base().Manifest.Number)
		r.o.Debug("changed books will rate all days of open cycles again", err)
	}
}

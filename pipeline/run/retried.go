package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
)

// retryFiles returns the open rejects as feed files.
func (r *runState) retryFiles(cfg *accept.Config) ([]*accept.File, error) {
	all, err := r.loadRejects()
	if err != nil {
		return nil, err
	}
	if r.retried, err = WriteRetried(r.txn.SubTxn, all); err != nil {
		return nil, err
	}
	cfg.Inbox = r.retried.Inbox
	return r.retried.Files, nil
}

// loadRejects reads the open rejects, sorted by feed, file, row and hash.
func (r *runState) loadRejects() ([]rejects.Row, error) {
	var all []rejects.Row
	for _, e := range r.next.Entries.Find(rejects.OpenKey()) {
		err := rejects.Each(r.txn.SubTxn, e, func(x *rejects.Row) error {
			all = append(all, *x)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b rejects.Row) int { return rejects.Compare(&a, &b) })
	return all, nil
}

package run

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
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
func (r *runState) loadRejects() ([]accept.RejectRow, error) {
	var all []accept.RejectRow
	for _, e := range r.next.Entries.Find(accept.OpenRejectsKey()) {
		err := accept.EachReject(r.txn.SubTxn, e, func(x *accept.RejectRow) error {
			all = append(all, *x)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b accept.RejectRow) int { return accept.CompareRejects(&a, &b) })
	return all, nil
}

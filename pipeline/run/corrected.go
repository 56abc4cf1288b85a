package run

import (
	"github.com/tollbook/tollbook/pipeline/intake/accept"
)

// watchRejects prepares the search for accepted records with the identity of a reject: an open one, one that a person
// dismissed, or one of this run.
func (r *runState) watchRejects(cfg *accept.Config) error {
	r.watch = accept.NewRejectWatch(r.ws.Books.Zone, r.nameOf)
	want := func(x *accept.RejectRow) error {
		if x.End.State() != accept.CorrectedReject {
			r.watch.Want(x.Feed, x.Column, x.Reason, x.Header, x.Raw)
		}
		return nil
	}
	for _, e := range append(r.next.Entries.Find(accept.OpenRejectsKey()),
		r.next.Entries.Find(accept.EndedRejectsKey())...) {
		if err := accept.EachReject(r.txn.SubTxn, e, want); err != nil {
			return err
		}
	}
	cfg.Rejected = func(feed, header string, x *accept.Reject) {
		if x.Who.Feed != "" {
			r.watch.WantOf(&x.Who)
			return
		}
		r.watch.Want(feed, x.Column, x.Reason.String(), header, x.Raw)
	}
	return nil
}

// correctRejects ends the rejects for whose identity this run accepted a record (REJ-2).
func (rc *reconciler) correctRejects() error {
	n, err := accept.CorrectRejects(rc.state.txn.SubTxn, rc.state.ws.Books.Zone, rc.state.watch.Found(),
		rc.state.o.AsOf)
	if err != nil {
		return err
	}
	rc.state.report.Corrected = int64(n)
	switch {
	case n == 1:
		rc.state.report.Note("1 reject ended: a record of its identity was accepted")
	case n > 1:
		rc.state.report.Note("%d rejects ended: records of their identities were accepted", n)
	}
	return nil
}

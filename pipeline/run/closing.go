package run

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// OpenItemsError says that a cycle was not closed because of what it lacks. Nothing was done.
type OpenItemsError struct{ workspace.OpenItems }

// Error counts what is open.
func (e *OpenItemsError) Error() string {
	return fmt.Sprintf("cycle %s is not closed: %s; nothing was done", e.Missing.Cycle, e.Counts())
}

// Hint says how to proceed.
func (e *OpenItemsError) Hint() string {
	return fmt.Sprintf("deliver what is missing, and correct or dismiss the rejects (`tollbook rejects`); "+
		"to close it with these open items: `tollbook close --cycle %s --yes`", e.Missing.Cycle)
}

// mayClose looks for what is missing of the cycle that the run closes, in the state that it would commit, and refuses
// to close a cycle of which more is missing than the options allow. A dry run reports it.
func (r *run) mayClose(ctx context.Context) error {
	if !r.job.close {
		return nil
	}
	if err := r.refuseUnallocated(); err != nil {
		return err
	}
	r.next.SetRun(r.o.AsOf.String(), r.job.command)
	snap, err := r.txn.Preview()
	if err != nil {
		return err
	}
	s := &compose.Sources{Snap: snap, Books: r.ws.Books, Settings: &r.ws.Settings, Prices: r.prices,
		Partners: r.partners, Limits: rows.Limits{}}
	missing, err := compose.WhatIsMissing(ctx, s, r.job.cycle, r.o.AsOf)
	if err != nil {
		return booksWrong(err)
	}
	r.report.Missing = missing
	open := workspace.OpenItems{Missing: missing, NotTaken: notTaken(r.report.Files)}
	if !r.job.dryRun && !r.o.CloseIf.Allow(&open) {
		return &OpenItemsError{open}
	}
	if r.job.dryRun {
		r.noteOldRates()
		return r.noteNoCountry(ctx, snap)
	}
	if missing.NeedsAttention() || len(open.NotTaken) > 0 {
		r.note("closed although %s", open.Counts())
	}
	return nil
}

// notTaken are the feed files of which nothing was taken.
func notTaken(files []workspace.FileReport) []workspace.FileReport {
	var out []workspace.FileReport
	for i := range files {
		if files[i].Fault != "" || files[i].Deferred != "" {
			out = append(out, files[i])
		}
	}
	return out
}

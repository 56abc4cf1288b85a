package run

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/read/query"
)

// CloseTerms says what may be missing of a cycle that is closed. The zero value says: nothing that a person has to decide.
type CloseTerms struct {
	Rejects bool // rejects may be open, and incentives disputed
	Feeds   bool // records of feeds may be missing, and feed files not taken
	// Confirmed is what a person was shown and agreed to; a cycle that lacks exactly this is closed. nil = nothing.
	Confirmed *OpenItems
}

// OpenItems is what is missing of a cycle, and the feed files of the inbox that were not taken.
type OpenItems struct {
	Missing  *compose.Missing
	NotTaken []FileReport
}

// OpenItemsError says that a cycle was not closed because of what it lacks. Nothing was done.
type OpenItemsError struct{ OpenItems }

// Error counts what is open.
func (e *OpenItemsError) Error() string {
	return fmt.Sprintf("cycle %s is not closed: %s; nothing was done", e.Missing.Cycle, e.Counts())
}

// Hint says how to proceed.
func (e *OpenItemsError) Hint() string {
	return fmt.Sprintf("deliver what is missing, and correct or dismiss the rejects (`tollbook rejects`); "+
		"to close it as it is: `tollbook close --cycle %s --yes`", e.Missing.Cycle)
}

// Counts says how much is open, in one line.
func (o *OpenItems) Counts() string {
	m := o.Missing
	var rejects int64
	for _, r := range m.Rejects {
		rejects += r.Cycle + r.Unknown
	}
	days := 0
	for _, d := range m.Days {
		if d.Daily {
			days += d.Days
		}
	}
	links := 0
	for _, l := range m.Links {
		if l.Before {
			links++
		}
	}
	var parts []string
	for _, part := range []struct {
		n         int64
		one, many string
	}{
		{rejects, "reject is open", "rejects are open"},
		{int64(len(m.Disputed)), "incentive is disputed", "incentives are disputed"},
		{int64(days), "day of a daily feed has no records", "days of daily feeds have no records"},
		{int64(links), "link that had samples before has none", "links that had samples before have none"},
		{int64(len(o.NotTaken)), "feed file was not taken", "feed files were not taken"},
	} {
		switch {
		case part.n == 1:
			parts = append(parts, "1 "+part.one)
		case part.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return strings.Join(parts, ", ")
}

// allow reports whether the terms allow a cycle to be closed.
func (t *CloseTerms) allow(o *OpenItems) bool {
	if t == nil || t.Confirmed != nil && reflect.DeepEqual(t.Confirmed, o) {
		return true
	}
	return (t.Rejects || !o.Missing.Undecided()) && (t.Feeds || !o.Missing.Feeds() && len(o.NotTaken) == 0)
}

// mayClose looks for what is missing of the cycle that the run closes, in the state that it would commit, and refuses to close a
// cycle of which more is missing than the options allow. A dry run reports it.
func (r *run) mayClose(ctx context.Context) error {
	if !r.job.close {
		return nil
	}
	r.next.SetRun(r.o.AsOf.String(), r.job.command)
	snap, err := r.txn.Preview()
	if err != nil {
		return err
	}
	s := &compose.Sources{Snap: snap, Books: r.ws.Books, Settings: &r.ws.Settings, Prices: r.prices, Partners: r.partners, Limits: query.Limits{}}
	missing, err := compose.WhatIsMissing(ctx, s, r.job.cycle, r.o.AsOf)
	if err != nil {
		return booksWrong(err)
	}
	r.report.Missing = missing
	open := OpenItems{Missing: missing, NotTaken: notTaken(r.report.Files)}
	if !r.job.dryRun && !r.o.CloseIf.allow(&open) {
		return &OpenItemsError{open}
	}
	if !r.job.dryRun && (missing.Look() || len(open.NotTaken) > 0) {
		r.note("closed although %s", open.Counts())
	}
	return nil
}

// notTaken are the feed files of which nothing was taken.
func notTaken(files []FileReport) []FileReport {
	var out []FileReport
	for i := range files {
		if files[i].Fault != "" || files[i].Left != "" {
			out = append(out, files[i])
		}
	}
	return out
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// closeResult is the report of a closing as JSON.
type closeResult struct {
	runResult
	Missing *compose.Missing `json:"missing,omitempty"` // of the cycle that is closed
}

// close closes a cycle, or says what closing it would do, and tells what the cycle lacks.
func (a *app) close(ctx context.Context, t jobs.Task) error {
	cycle, dry := t.Cycle, t.DryRun
	res, failed := a.do(ctx, t)
	if res == nil || res.Report == nil {
		return failed
	}
	w, r := res.Workspace, res.Report
	if dry && r.Closed != alreadyClosed {
		r.Closed = "" // it would be
	}
	var missing *compose.Missing
	if r.Closed != alreadyClosed {
		var err error
		if missing, err = a.missing(ctx, w, cycle, r.AsOf); err != nil {
			return partnersWrong(err)
		}
	}
	if a.flags.json {
		if err := a.printJSON(closeResult{runResult{r, r.AsOf.String(), w.LakeDir(), r.Look()}, missing}); err != nil {
			return err
		}
	} else {
		a.closeText(w, r, dry, missing)
	}
	if failed == nil && (r.Look() || dry && missing != nil && missing.Look()) {
		return errLook
	}
	return failed
}

// closeText prints it for people.
func (a *app) closeText(w *workspace.Workspace, r *workspace.Report, dry bool, missing *compose.Missing) {
	if dry && r.Closed != alreadyClosed {
		a.reportHead(r)
		fmt.Fprintf(a.out, "\nclosing would rate %s and write %s\n", counted(int64(r.DaysDone), "day of a bucket", "days of a bucket"), counted(r.Lines, "line", "lines"))
		a.totalsText(r.Totals)
	} else {
		a.reportText(w, r)
	}
	switch {
	case missing != nil:
		a.missingText(missing, r)
	case r.Closed != alreadyClosed:
		fmt.Fprintln(a.out, "\nwhat is missing cannot be told: the lake has nothing of the cycle yet, `tollbook run nightly` takes the feeds in")
	}
}

// missing looks for what the cycle lacks in the lake as it stands; nil where the lake does not have the cycle yet.
func (a *app) missing(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, asOf period.Instant) (m *compose.Missing, err error) {
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	err = l.Read(func(snap *lake.Snapshot) error {
		s, err := a.sources(w, snap)
		if err != nil {
			return err
		}
		m, err = compose.WhatIsMissing(ctx, s, cycle, asOf)
		if none := new(rows.NoCycleError); errors.As(err, &none) {
			m, err = nil, nil
		}
		return err
	})
	return m, err
}

// missingText prints what a cycle lacks.
func (a *app) missingText(m *compose.Missing, r *workspace.Report) {
	if m.Empty() {
		fmt.Fprintf(a.out, "\nnothing is missing of cycle %s\n", m.Cycle)
		return
	}
	fmt.Fprintf(a.out, "\nmissing of cycle %s\n", m.Cycle)
	for _, d := range m.Days {
		days := d.First
		if d.Days > 1 {
			days = fmt.Sprintf("%s to %s, %d days", d.First, d.Last, d.Days)
		}
		fmt.Fprintf(a.out, "  no %s was accepted of %s\n", d.Feed, days)
	}
	for _, l := range m.Links {
		fmt.Fprintf(a.out, "  no sample of link %s (%s, customer %s)\n", printable(l.ResourceID), l.SKU, l.CustomerID)
	}
	if m.More > 0 {
		fmt.Fprintf(a.out, "  and none of %s\n", counted(int64(m.More), "further link", "further links"))
	}
	for _, x := range m.Rejects {
		if x.Cycle > 0 {
			fmt.Fprintf(a.out, "  %s of %s left: %s\n", counted(x.Cycle, "reject", "rejects"), x.Feed, x.Reason)
		}
		if x.Unknown > 0 {
			fmt.Fprintf(a.out, "  %s of %s left whose cycle cannot be told: %s\n", counted(x.Unknown, "reject", "rejects"), x.Feed, x.Reason)
		}
	}
	if m.Rejected() {
		fmt.Fprintln(a.out, "  (`tollbook rejects` lists them)")
	}
	for _, d := range m.Disputed {
		fmt.Fprintf(a.out, "  disputed: incentive %s of partner %s for %s, %s\n", d.ProgrammeID, d.PartnerID, d.Period, trimZeros(d.Amount))
	}
	if n := len(r.Files); n > 0 && !r.Changed {
		fmt.Fprintf(a.out, "  (of the lake as it stands, without the %s above)\n", counted(int64(n), "feed file", "feed files"))
	}
}

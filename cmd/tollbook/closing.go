package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// close closes a cycle, or says what closing it would do, and reports what the cycle lacks. On a terminal a person is
// asked where something is open.
func (a *app) close(ctx context.Context, t jobs.Task) error {
	res, failed := a.do(ctx, t)
	if open := new(run.OpenItemsError); errors.As(failed, &open) && a.asks() {
		agreed, err := a.confirm(open)
		if err != nil || !agreed {
			return errors.Join(failed, err)
		}
		t.Confirmed = &open.OpenItems
		res, failed = a.do(ctx, t)
	}
	if res == nil || res.Report == nil {
		return partnersWrong(failed)
	}
	w, r := res.Workspace, res.Report
	if t.DryRun && r.Closed != alreadyClosed {
		r.Closed = "" // it would be
	}
	if a.flags.json {
		if err := a.report(w, r); err != nil {
			return err
		}
	} else {
		a.closeText(w, r, t.DryRun)
	}
	if failed == nil && (r.NeedsAttention() || t.DryRun && r.Missing != nil && r.Missing.NeedsAttention()) {
		return errNeedsAttention
	}
	return failed
}

// asks reports whether a person at a terminal can be asked.
func (a *app) asks() bool {
	in, ok := a.in.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && isTerminal(a.err) && !a.flags.json
}

// confirm shows a person what is open of a cycle and asks whether it is to be closed all the same.
func (a *app) confirm(open *run.OpenItemsError) (bool, error) {
	fmt.Fprintf(a.err, "open items of cycle %s\n", open.Missing.Cycle)
	for _, line := range openLines(&open.OpenItems) {
		fmt.Fprintf(a.err, "  %s\n", line)
	}
	fmt.Fprintf(a.err, "Close cycle %s as it is? Its bill never changes again. [y/N] ", open.Missing.Cycle)
	answer, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}

// closeText prints it for people.
func (a *app) closeText(w *workspace.Workspace, r *workspace.Report, dry bool) {
	if dry && r.Closed != alreadyClosed {
		a.reportHead(r)
		fmt.Fprintf(a.out, "\nclosing would rate %s and write %s\n", counted(int64(r.DaysDone), "day of a bucket",
			"days of a bucket"), counted(r.Lines, "line", "lines"))
		a.totalsText(r.Totals)
	} else {
		a.reportText(w, r)
	}
	if r.Missing != nil {
		a.missingText(r.Missing, dry)
	}
}

// missingText prints what a cycle lacks.
func (a *app) missingText(m *compose.Missing, dry bool) {
	lines := missingLines(m)
	if len(lines) == 0 {
		fmt.Fprintf(a.out, "\nnothing is missing of cycle %s\n", m.Cycle)
		return
	}
	fmt.Fprintf(a.out, "\nmissing of cycle %s\n", m.Cycle)
	for _, line := range lines {
		fmt.Fprintf(a.out, "  %s\n", line)
	}
	if m.Rejected() {
		fmt.Fprintln(a.out, "  (`tollbook rejects` lists them)")
	}
	if dry && m.NeedsAttention() {
		fmt.Fprintln(a.out, "  (to close it as it is: `tollbook close --yes`)")
	}
}

// openLines says in a line each what is missing of a cycle, and which feed files were not taken.
func openLines(o *workspace.OpenItems) []string {
	lines := missingLines(o.Missing)
	for i := range o.NotTaken {
		f := &o.NotTaken[i]
		why := f.Fault
		if why == "" {
			why = "it " + f.Deferred + " while the run read it"
		}
		lines = append(lines, fmt.Sprintf("inbox/%s was not taken: %s", printable(f.Name), printable(why)))
	}
	return lines
}

// missingLines says in a line each what a cycle lacks.
func missingLines(m *compose.Missing) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, d := range m.Days {
		days := d.First
		if d.Days > 1 {
			days = fmt.Sprintf("%s to %s, %d days", d.First, d.Last, d.Days)
		}
		add("no %s was accepted of %s", d.Feed, days)
	}
	for _, l := range m.Links {
		add("no sample of link %s (%s, customer %s)", printable(l.ResourceID), l.SKU, l.CustomerID)
	}
	if m.More > 0 {
		add("and none of %s", counted(int64(m.More), "further link", "further links"))
	}
	for _, x := range m.Rejects {
		if x.Cycle > 0 {
			add("%s of %s left: %s", counted(x.Cycle, "reject", "rejects"), x.Feed, x.Reason)
		}
		if x.Unknown > 0 {
			add("%s of %s left whose cycle is not known: %s", counted(x.Unknown, "reject", "rejects"), x.Feed, x.Reason)
		}
	}
	for _, d := range m.Disputed {
		add("disputed: incentive %s of partner %s for %s, %s", d.ProgrammeID, d.PartnerID, d.Period,
			trimZeros(d.Amount))
	}
	return lines
}

package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/workspace"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// RunResult is a run's report as JSON.
type RunResult struct {
	*workspace.Report
	AsOf           string `json:"as_of"`
	Lake           string `json:"lake"`
	NeedsAttention bool   `json:"look"` // a person should look: exit code 1
}

// NewRunResult returns the JSON form of a run's report.
func NewRunResult(w *workspace.Workspace, r *workspace.Report) RunResult {
	return RunResult{r, r.AsOf.String(), w.LakeName(), r.NeedsAttention()}
}

// AlreadyClosed is the value of Report.Closed for a cycle that was closed before.
const AlreadyClosed = "already_closed"

// ShowRun prints what a run did, as Show does.
func (a *App) ShowRun(w *workspace.Workspace, r *workspace.Report, failed error) error {
	return a.Show(NewRunResult(w, r), func() { PrintRun(a, w, r) }, failed, r.NeedsAttention())
}

// PrintRunHead prints what a run did with feed files, its rejects by reason, and its notes.
func PrintRunHead(a *App, w *workspace.Workspace, r *workspace.Report) {
	fmt.Fprintf(a.Out, "%s, as of %s\n", r.Command, w.Settings.Zone.Show(r.AsOf))
	printFiles(a, r)
	if len(r.Reasons) > 0 {
		fmt.Fprintln(a.Out, "\nrejected in this run, by reason")
		g := NewGrid("reason", ">records")
		for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
			g.Add(reason, r.Reasons[reason])
		}
		g.Print(a.Out, "  ")
		fmt.Fprintln(a.Out, "  `tollbook rejects` lists them with file, row, column and value.")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(a.Out, "\nnote: %s\n", note)
	}
}

// PrintRun prints a run's report for people.
func PrintRun(a *App, w *workspace.Workspace, r *workspace.Report) {
	PrintRunHead(a, w, r)
	switch r.Closed {
	case "":
	case AlreadyClosed:
		fmt.Fprintln(a.Out, "\nthe cycle was closed before: nothing to do")
		return
	default:
		verb := "is"
		if r.DryRun {
			verb = "would be"
		}
		fmt.Fprintf(a.Out, "\ncycle %s %s closed\n", r.Closed, verb)
	}
	if r.DryRun {
		fmt.Fprintf(a.Out, "\nThe lake is at manifest %d as before.\n", r.Manifest) // a note says that it was a dry run
		return
	}
	if !r.Changed {
		fmt.Fprintf(a.Out, "\nNothing new: the lake is at manifest %d as before.\n", r.Manifest)
		PrintPublished(a, &r.Publication)
		return
	}
	fmt.Fprintf(a.Out, "\n%s rated, %s written\n", Counted(int64(r.DaysDone), "day of a bucket", "days of a bucket"),
		Counted(r.Lines, "line", "lines"))
	PrintTotals(a, r.Totals)
	if w.LakeInStore() {
		fmt.Fprintf(a.Out, "\nThe lines are in %s as Parquet (manifest %d). Files of earlier states are there too: "+
			"read them with `tollbook export`.\n", w.LakeName(), r.Manifest)
		PrintPublished(a, &r.Publication)
		return
	}
	lines := filepath.Join(w.LakeDir(), "lines")
	fmt.Fprintf(a.Out, "\nThe lines are in %s as Parquet (manifest %d):\n", lines, r.Manifest)
	fmt.Fprintf(a.Out, "  SELECT * FROM read_parquet('%s/**/*.parquet', hive_partitioning=1)\n",
		filepath.ToSlash(lines))
	PrintPublished(a, &r.Publication)
}

// PrintTotals prints the control totals: for each cycle the sums of its lines and of its statements by column, and the
// sums of the tables of partners' money.
func PrintTotals(a *App, totals []lake.TableTotal) {
	type cell struct{ lines, statements string }
	values := map[string]map[string]*cell{}
	for _, t := range totals {
		name, column, _ := strings.Cut(t.Name, ".")
		cycle, table, ok := strings.Cut(name, "/")
		if !ok || column == "rows" {
			continue
		}
		if values[cycle] == nil {
			values[cycle] = map[string]*cell{}
		}
		c := values[cycle][column]
		if c == nil {
			c = &cell{}
			values[cycle][column] = c
		}
		if table == tables.Lines().Name {
			c.lines = t.Value
		} else {
			c.statements = t.Value
		}
	}
	for _, cycle := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(a.Out, "\ncontrol totals of %s\n", cycle)
		g := NewGrid("", ">.lines", ">.statements", "")
		for _, column := range slices.Sorted(maps.Keys(values[cycle])) {
			c := values[cycle][column]
			if strings.Trim(c.lines+c.statements, "0.") == "" {
				continue
			}
			same := ""
			if c.lines == c.statements {
				same = "same"
			}
			g.Add(column, c.lines, c.statements, same)
		}
		g.Print(a.Out, "  ")
	}
	PrintPartnerTotals(a, rows.PartnerMoneyTotals(totals))
}

// PrintPartnerTotals prints the control totals of partners' money that are not 0, one line per table.
func PrintPartnerTotals(a *App, totals []lake.TableTotal) {
	if len(totals) == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\ncontrol totals of partners' money")
	g := NewGrid("table", ">rows", "sums")
	var sums []string
	for i, t := range totals {
		table, name, _ := strings.Cut(t.Name, ".")
		switch {
		case name == "rows":
			g.Add(table, t.Value, "")
		case strings.Trim(t.Value, "0.") != "":
			sums = append(sums, name+" "+TrimZeros(t.Value))
		}
		next, _, _ := strings.Cut(totals[min(i+1, len(totals)-1)].Name, ".")
		if last := i+1 == len(totals); last || next != table {
			g.Rows[len(g.Rows)-1][2].Text = strings.Join(sums, ", ")
			sums = nil
		}
	}
	g.Print(a.Out, "  ")
}

// printFiles prints the counts of each feed file, and why files were not ingested.
func printFiles(a *App, r *workspace.Report) {
	if len(r.Files) == 0 {
		return
	}
	g := NewGrid("file", ">rows", ">accepted", ">duplicate", ">rejected", "")
	for _, f := range r.Files {
		note := ""
		switch {
		case f.Fault != "":
			note = "not ingested, see below"
		case f.Deferred != "":
			note = "left for the next run"
		case f.SameAs != "":
			note = "same content as " + feed.ShownName(f.SameAs)
		}
		g.Add(feed.ShownName(f.Name), f.Rows, f.Accepted, f.Duplicate, f.Rejected, note)
	}
	g.Add("total", r.Rows, r.Accepted, r.Duplicate, r.Rejected, "")
	fmt.Fprintln(a.Out)
	g.Print(a.Out, "  ")
	for _, f := range r.Files {
		if f.Fault == "" {
			continue
		}
		fmt.Fprintf(a.Out, "\nnot ingested: %s\n", f.Fault)
		if f.Hint != "" {
			fmt.Fprintf(a.Out, "    hint: %s\n", f.Hint)
		}
	}
}

package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// runResult is a run's report as JSON.
type runResult struct {
	*workspace.Report
	AsOf           string `json:"as_of"`
	Lake           string `json:"lake"`
	NeedsAttention bool   `json:"look"` // a person should look: exit code 1
}

// alreadyClosed is what Report.Closed says of a cycle that was closed before.
const alreadyClosed = "already_closed"

// report prints what a run did.
func (a *app) report(w *workspace.Workspace, r *workspace.Report) error {
	if a.flags.json {
		return a.printJSON(runResult{r, r.AsOf.String(), w.LakeDir(), r.NeedsAttention()})
	}
	a.reportText(w, r)
	return nil
}

// reportHead prints what a run did with feed files, and what a person should know.
func (a *app) reportHead(r *workspace.Report) {
	fmt.Fprintf(a.out, "%s, as of %s\n", r.Command, r.AsOf)
	a.reportFiles(r)
	if len(r.Reasons) > 0 {
		fmt.Fprintln(a.out, "\nrejected in this run, by reason")
		g := newGrid("reason", ">records")
		for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
			g.add(reason, r.Reasons[reason])
		}
		g.print(a.out, "  ")
		fmt.Fprintln(a.out, "  `tollbook rejects` lists them with file, row, column and value.")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(a.out, "\nnote: %s\n", note)
	}
}

// reportText prints it for people.
func (a *app) reportText(w *workspace.Workspace, r *workspace.Report) {
	a.reportHead(r)
	switch r.Closed {
	case "":
	case alreadyClosed:
		fmt.Fprintln(a.out, "\nthe cycle was closed before: nothing to do")
		return
	default:
		verb := "is"
		if r.DryRun {
			verb = "would be"
		}
		fmt.Fprintf(a.out, "\ncycle %s %s closed\n", r.Closed, verb)
	}
	if r.DryRun {
		fmt.Fprintf(a.out, "\nThe lake is at manifest %d as before.\n", r.Manifest) // a note says that it was a dry run
		return
	}
	if !r.Changed {
		fmt.Fprintf(a.out, "\nNothing new: the lake stands at manifest %d as before.\n", r.Manifest)
		a.publishedText(r)
		return
	}
	fmt.Fprintf(a.out, "\n%s rated, %s written\n", counted(int64(r.DaysDone), "day of a bucket", "days of a bucket"),
		counted(r.Lines, "line", "lines"))
	a.totalsText(r.Totals)
	lines := filepath.Join(w.LakeDir(), "lines")
	fmt.Fprintf(a.out, "\nThe lines lie in %s as Parquet (manifest %d):\n", lines, r.Manifest)
	fmt.Fprintf(a.out, "  SELECT * FROM read_parquet('%s/**/*.parquet', hive_partitioning=1)\n",
		filepath.ToSlash(lines))
	a.publishedText(r)
}

// totalsText prints the control totals: for each cycle what its lines and its statements add up to, column by column.
func (a *app) totalsText(totals []lake.Total) {
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
		fmt.Fprintf(a.out, "\ncontrol totals of %s\n", cycle)
		g := newGrid("", ">.lines", ">.statements", "")
		for _, column := range slices.Sorted(maps.Keys(values[cycle])) {
			c := values[cycle][column]
			if strings.Trim(c.lines+c.statements, "0.") == "" {
				continue
			}
			same := ""
			if c.lines == c.statements {
				same = "same"
			}
			g.add(column, c.lines, c.statements, same)
		}
		g.print(a.out, "  ")
	}
}

// reportFiles prints what became of each feed file.
func (a *app) reportFiles(r *workspace.Report) {
	if len(r.Files) == 0 {
		return
	}
	g := newGrid("file", ">rows", ">accepted", ">duplicate", ">rejected", "")
	for _, f := range r.Files {
		note := ""
		switch {
		case f.Fault != "":
			note = "not taken, see below"
		case f.Deferred != "":
			note = "left for the next run"
		case f.SameAs != "":
			note = "same content as " + feed.ShownName(f.SameAs)
		}
		g.add(feed.ShownName(f.Name), f.Rows, f.Accepted, f.Duplicate, f.Rejected, note)
	}
	g.add("total", r.Rows, r.Accepted, r.Duplicate, r.Rejected, "")
	fmt.Fprintln(a.out)
	g.print(a.out, "  ")
	for _, f := range r.Files {
		if f.Fault == "" {
			continue
		}
		fmt.Fprintf(a.out, "\nnot taken: %s\n", f.Fault)
		if f.Hint != "" {
			fmt.Fprintf(a.out, "    hint: %s\n", f.Hint)
		}
	}
}

// counted is a number with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

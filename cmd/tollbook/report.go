package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/tollbook/tollbook/pipeline"
)

// runResult is a run's report as JSON.
type runResult struct {
	*pipeline.Report
	AsOf string `json:"as_of"`
	Lake string `json:"lake"`
	Look bool   `json:"look"` // a person should look: exit code 1
}

// alreadyClosed is what Report.Closed says of a cycle that was closed before.
const alreadyClosed = "already_closed"

// report prints what a run did.
func (a *app) report(w *pipeline.Workspace, r *pipeline.Report) error {
	if a.flags.json {
		return a.printJSON(runResult{r, r.AsOf.String(), w.LakeDir(), r.Look()})
	}
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
	switch r.Closed {
	case "":
	case alreadyClosed:
		fmt.Fprintln(a.out, "\nthe cycle was closed before: nothing to do")
		return nil
	default:
		fmt.Fprintf(a.out, "\ncycle %s is closed\n", r.Closed)
	}
	if !r.Changed {
		fmt.Fprintf(a.out, "\nNothing new: the lake stands at manifest %d as before.\n", r.Manifest)
		return nil
	}
	fmt.Fprintf(a.out, "\n%s rated, %s written\n", counted(int64(r.DaysDone), "day of a bucket", "days of a bucket"), counted(r.Lines, "line", "lines"))
	if len(r.Totals) > 0 {
		fmt.Fprintln(a.out, "\ncontrol totals")
		g := newGrid("name", ">value")
		for _, t := range r.Totals {
			g.add(t.Name, t.Value)
		}
		g.print(a.out, "  ")
	}
	lines := filepath.Join(w.LakeDir(), "lines")
	fmt.Fprintf(a.out, "\nThe lines lie in %s as Parquet (manifest %d):\n", lines, r.Manifest)
	fmt.Fprintf(a.out, "  SELECT * FROM read_parquet('%s/**/*.parquet', hive_partitioning=1)\n", filepath.ToSlash(lines))
	return nil
}

// reportFiles prints what became of each feed file.
func (a *app) reportFiles(r *pipeline.Report) {
	if len(r.Files) == 0 {
		return
	}
	g := newGrid("file", ">rows", ">accepted", ">duplicate", ">rejected", "")
	for _, f := range r.Files {
		note := ""
		switch {
		case f.Fault != "":
			note = "not taken, see below"
		case f.SameAs != "":
			note = "same content as " + f.SameAs
		}
		g.add(f.Name, f.Rows, f.Accepted, f.Duplicate, f.Rejected, note)
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

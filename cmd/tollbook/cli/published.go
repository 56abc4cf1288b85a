package cli

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// PrintPublished prints the result of publishing at the end of a run.
func PrintPublished(a *App, r *workspace.Publication) {
	if r.Published != nil && r.Published.Changed {
		fmt.Fprintf(a.Out, "\nPublished to %s, database %s: its views show manifest %d.\n", r.Published.Server,
			r.Published.Database, r.Published.Manifest)
		PrintRepaired(a, r.Published.Repaired)
		PrintUncleaned(a, r.Published)
	}
	if r.Iceberg != nil && r.Iceberg.Changed {
		fmt.Fprintf(a.Out, "\nPublished to Iceberg, %s/%s: its tables show manifest %d.\n", r.Iceberg.Warehouse,
			r.Iceberg.Namespace, r.Iceberg.Manifest)
	}
	if r.Owed != nil {
		fmt.Fprintf(a.Out, "\nThe publish is pending: %s\n", r.Owed.Why)
		if r.Owed.Hint != "" {
			fmt.Fprintf(a.Out, "    hint: %s\n", r.Owed.Hint)
		}
		fmt.Fprintln(a.Out, "  The next run publishes it, or `tollbook publish`.")
	}
}

// PrintRepaired lists what differed on the server and was inserted again, at most 20 items.
func PrintRepaired(a *App, list []string) {
	const most = 20
	for i, text := range list {
		if i == 0 {
			fmt.Fprintln(a.Out, "\ndifferent on the server, and inserted again")
		}
		if i == most {
			fmt.Fprintf(a.Out, "  and %d more\n", len(list)-most)
			return
		}
		fmt.Fprintf(a.Out, "  %s\n", text)
	}
}

// PrintUncleaned prints what the server has not deleted yet.
func PrintUncleaned(a *App, r *publish.Report) {
	if r.Uncleaned != "" {
		fmt.Fprintf(a.Out, "\nshown by no view, and not deleted yet: %s\n", r.Uncleaned)
	}
}

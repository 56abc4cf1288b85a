package doctor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/schemas/problem"
)

// archives checks that the archives that the lake names are there (JOBS-8), and that none is older than a cycle that
// was archived to it.
func (d *doctor) archives(context.Context) {
	const name = "archive"
	if d.snap == nil {
		d.describe(name, Skipped, "", "the lake cannot be read")
		return
	}
	heads, err := jobs.Archives(d.ws, d.snap)
	if missing := new(lake.MissingError); errors.As(err, &missing) {
		d.broken(name, problem.HintOf(err), "%s", lake.FaultOf(err))
		return
	} else if err != nil {
		d.describe(name, Warn, "see that the archive can be read", "%v", err)
		return
	}
	count := 0
	for _, ref := range d.snap.Manifest.Cycles {
		if ref.Archived == nil {
			continue
		}
		count++
		if where := ref.Archived.Where; admin.OlderInArchive(heads[where], ref) {
			d.describe(name, Warn, "put the newer archive back, from a backup if it is lost",
				"%s does not know cycle %s, which was archived to it: it is an older copy, or of another lake",
				where, ref.Cycle)
			return
		}
	}
	if count == 0 {
		d.describe(name, Skipped, "", "no cycle was archived")
		return
	}
	d.describe(name, OK, "", "archived cycles: %d, in %s", count,
		strings.Join(slices.Sorted(maps.Keys(heads)), ", "))
}

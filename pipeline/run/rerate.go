package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// RerateOptions says how to rate a closed cycle again.
type RerateOptions struct {
	Books  string // folder with the books to rate by; "" = the workspace's
	DryRun bool   // calculate the differences, write nothing
}

// rerateJob is the re-rating of a job; reposted are the buckets in which it posted differences.
type rerateJob struct {
	RerateOptions
	cycle    period.Cycle
	reposted map[int]bool
	list     []Difference
	dir      string       // RerateOptions.Books, absolute; "" = the workspace's
	draft    *books.Books // of dir, once read; nil = the workspace's
}

// Rerate rates the usage and bandwidth of a closed cycle again (§4.12) and posts the differences from what was billed
// to the earliest open cycle. With unchanged books there are none, and it writes nothing. Errors: *RefusedError for a
// cycle that is not closed, and the errors of the books.
func Rerate(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, ro RerateOptions,
	o workspace.Options) (*workspace.Report, []Difference, error) {
	re := &rerateJob{RerateOptions: ro, cycle: cycle}
	if ro.Books != "" {
		var err error
		if re.dir, err = filepath.Abs(ro.Books); err != nil {
			return nil, nil, fmt.Errorf("find %s: %w", ro.Books, err)
		}
	}
	report, err := perform(ctx, w, o, job{command: rerateCommand(cycle), cycle: lake.NoCycle, dryRun: ro.DryRun,
		rerate: re})
	return report, re.list, err
}

func rerateCommand(c period.Cycle) string { return "rerate --cycle " + c.String() }

// checkRerate refuses to rate an open cycle again.
func (r *runState) checkRerate() error {
	c := r.job.rerate.cycle
	if c > r.closed {
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s is not closed", c),
			Hint: "an open cycle is rated by the current books: `tollbook run nightly`"}
	}
	ref, known := r.txn.SubTxn.Base().Cycle(lake.CycleOf(c))
	if !known {
		return r.checkSkipped(c)
	}
	if ref.Archived != nil {
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s was archived at %s: its files are in %s", c,
			ref.Archived.AsOf, ref.Archived.Where),
			Hint: "archived cycles are not rated again; set retention.lines_months to keep lines longer"}
	}
	return nil
}

// checkSkipped refuses to rate again a cycle of which the lake has nothing, unless it follows a cycle of which the lake
// has something and all archived ones, or its late records were billed (RUN-7). Books that changed since can charge
// such a cycle without a record.
func (r *runState) checkSkipped(c period.Cycle) error {
	base := r.txn.SubTxn.Base()
	if cycles := base.Cycles(); len(cycles) > 0 && c > r.archivedThrough() {
		if cycles[0] < c {
			return nil
		}
		if billed, err := BilledLater(base, c); err != nil || billed {
			return err
		}
	}
	return &workspace.RefusedError{What: fmt.Sprintf("cycle %s: the lake has no data of it", c),
		Hint: "check --cycle"}
}

// rerating is a run that rates a closed cycle again.
type rerating struct{ run *run }

// rerate calculates the differences and posts them.
func (r rerating) rerate(ctx context.Context) error {
	r.run.state.o.BeginStage(workspace.StageRerate)
	re := r.run.state.job.rerate
	f, err := r.rerater()
	if err != nil {
		return err
	}
	list, reposted, err := f.Rerate(ctx, re.cycle, !re.DryRun)
	if err != nil {
		return err
	}
	re.reposted, re.list = reposted, ReratedCosts(r.run.restated)
	lines := int64(0)
	for i := range list {
		re.list = append(re.list, ReratedOf(f.Books, &list[i]))
		if list[i].Commitment == "" {
			lines++ // those of commitments are written and counted with the others
		}
	}
	SortRerated(re.list)
	r.run.state.report.Lines += lines
	r.run.state.o.CountRows(int64(len(list)))
	return nil
}

// rerater returns the rater of a re-rating, with its books.
func (r rerating) rerater() (*fold.Folder, error) {
	f, re := r.run.rater(), r.run.state.job.rerate
	if err := r.readDraft(); err != nil || re.draft == nil {
		return f, err
	}
	f.Books, f.Prices = re.draft, tariff.Compile(re.draft, workspace.Rules(&r.run.state.ws.Settings))
	return f, nil
}

// readDraft reads the books of a re-rating if they are not the workspace's. They must be those of the plan.
func (r rerating) readDraft() (err error) {
	re, s := r.run.state.job.rerate, r.run.state.job.sharing
	if re.Books == "" || re.draft != nil {
		return nil
	}
	if re.draft, err = DraftBooks(re.Books, r.run.state.ws); err != nil {
		return err
	}
	err = state.CheckPackages(r.run.state.txn.SubTxn.Base(), re.draft)
	if found := (problem.Problems)(nil); errors.As(err, &found) {
		return found.In(re.Books)
	}
	if err != nil || s == nil || s.plan == nil {
		return err
	}
	return s.plan.Draft.Check(s.run, re.draft)
}

// share reads the books of a re-rating, and makes the plan if other processes do its tasks.
func (r rerating) share() error {
	if err := r.readDraft(); err != nil {
		return err
	}
	return r.run.shareWithoutFiles()
}

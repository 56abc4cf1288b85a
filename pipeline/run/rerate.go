package run

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/fold/rerate"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// RerateOptions is how a closed cycle is to be rated again.
type RerateOptions struct {
	Books  string // folder with the books to rate by; "" = the workspace's
	DryRun bool   // work the differences out, write nothing
}

// Difference is what re-rating makes of the lines of one customer, sku, region and resource: what is due now less all
// that was billed.
type Difference struct {
	CustomerID     string               `json:"customer_id"`
	SKU            string               `json:"sku"`
	Region         string               `json:"region_code"`
	Resource       string               `json:"resource_id,omitempty"`
	UsageAmount    money.SignedQuantity `json:"usage_amount"`
	Free           money.SignedQuantity `json:"free_resource_usage"`
	Official       money.Amount         `json:"official_amount"`
	DiscountAmount money.Amount         `json:"official_discount_amount"`
	Truncated      money.Amount         `json:"truncated_amount"`
	Payment        money.Amount         `json:"payment_amount"`
	// what of its lines is another: package, price, discount, quantity or other
	Why []string `json:"why"`
}

// rerateJob is a job's re-rating; reposted are the buckets in which it changed something.
type rerateJob struct {
	RerateOptions
	cycle    period.Cycle
	reposted map[int]bool
	list     []Difference
	dir      string       // RerateOptions.Books, absolute; "" = the workspace's
	draft    *books.Books // of dir, once read; nil = the workspace's
}

// add lists differences of cost files too.
func (re *rerateJob) add(list []costs.Difference) {
	for _, d := range list {
		one := Difference{CustomerID: d.Customer, SKU: d.SKU, Region: d.Region, Resource: d.Resource,
			UsageAmount: d.Usage, Free: d.Free, Official: d.Official, DiscountAmount: d.Discount,
			Truncated: d.Truncated, Payment: d.Payment}
		for _, why := range []struct {
			is   bool
			word string
		}{{d.Repriced, rerate.ReasonPrice}, {d.Rediscounted, rerate.ReasonDiscount},
			{d.Requantified, rerate.ReasonQuantity}} {
			if why.is {
				one.Why = append(one.Why, why.word)
			}
		}
		if one.Why == nil {
			one.Why = []string{rerate.ReasonOther}
		}
		re.list = append(re.list, one)
	}
	slices.SortStableFunc(re.list, compareDifferences)
}

// compareDifferences is the order in which differences are listed.
func compareDifferences(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.SKU, b.SKU),
		cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource))
}

// Rerate rates the usage and bandwidth of a closed cycle again (§4.12) and posts the differences to what was
// billed into the earliest open cycle. Unchanged books give none, and then nothing is written. Errors: *RefusedError
// for a cycle that is not closed, and what is wrong with the books.
func Rerate(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, ro RerateOptions,
	o workspace.Options) (*workspace.Report, []Difference, error) {
	re := &rerateJob{RerateOptions: ro, cycle: cycle}
	if ro.Books != "" {
		var err error
		if re.dir, err = filepath.Abs(ro.Books); err != nil {
			return nil, nil, fmt.Errorf("find %s: %w", ro.Books, err)
		}
	}
	report, err := perform(ctx, w, o, job{command: rerateCommand(cycle), cycle: place.NoCycle, dryRun: ro.DryRun,
		rerate: re})
	return report, re.list, err
}

func rerateCommand(c period.Cycle) string { return "rerate --cycle " + c.String() }

// checkRerate refuses to rate an open cycle again.
func (r *runState) checkRerate() error {
	c := r.job.rerate.cycle
	if c > r.closed {
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s is not closed", c),
			Hint: "an open cycle is rated by today's books anyway: `tollbook run nightly`"}
	}
	ref, known := r.txn.Base().Cycle(manifest.CycleOf(c))
	switch {
	case !known:
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s: the lake has no data of it", c),
			Hint: "check --cycle"}
	case ref.Archived != nil:
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s was archived at %s: its files are in %s", c,
			ref.Archived.AsOf, ref.Archived.Where),
			Hint: "archived cycles are not rated again; set retention.lines_months to keep lines longer"}
	}
	return nil
}

// rerate works the differences out and posts them.
func (r *run) rerate(ctx context.Context) error {
	r.o.BeginStage(workspace.StageRerate)
	re := r.job.rerate
	f, err := r.rerater()
	if err != nil {
		return err
	}
	list, reposted, err := f.Rerate(ctx, re.cycle, !re.DryRun)
	if err != nil {
		return err
	}
	re.reposted, re.list = reposted, nil
	for i := range list {
		re.list = append(re.list, differenceOf(f.Books, &list[i]))
	}
	slices.SortStableFunc(re.list, compareDifferences)
	r.report.Lines += int64(len(list))
	r.o.CountRows(int64(len(list)))
	return nil
}

// rerater is the rater of a re-rating, with its books.
func (r *run) rerater() (*fold.Folder, error) {
	f, re := r.rater(), r.job.rerate
	if err := r.readDraft(); err != nil || re.draft == nil {
		return f, err
	}
	f.Books, f.Prices = re.draft, tariff.Compile(re.draft, workspace.Rules(&r.ws.Settings))
	return f, nil
}

// readDraft reads the books of a re-rating, if they are not the workspace's. They must be those of the plan.
func (r *run) readDraft() (err error) {
	re, s := r.job.rerate, r.job.sharing
	if re.Books == "" || re.draft != nil {
		return nil
	}
	if re.draft, err = draftBooks(re.Books, r.ws); err != nil || s == nil || s.plan == nil {
		return err
	}
	return s.plan.Draft.Check(s.run, re.draft)
}

// shareRerate makes the plan of a re-rating whose tasks other processes do.
func (r *run) shareRerate() error {
	if s := r.job.sharing; s != nil {
		if err := r.readDraft(); err != nil {
			return err
		}
	}
	return r.shareWithoutFiles()
}

func differenceOf(b *books.Books, d *rerate.Difference) Difference {
	return Difference{CustomerID: b.Customers[d.Customer].ID, SKU: b.Products[d.SKU].SKU, Region: d.Region,
		Resource:    d.Resource,
		UsageAmount: d.Used, Free: d.Free, Official: d.Official, DiscountAmount: d.Discount, Truncated: d.Truncated,
		Payment: d.Payment, Why: d.Why}
}

// draftBooks reads the books of another folder.
func draftBooks(dir string, w *workspace.Workspace) (*books.Books, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("%s is no folder with books", dir), Hint: "check --books"}
	}
	b, err := load.Books(draft{os.DirFS(dir)}, w.Settings)
	if err != nil {
		return nil, fmt.Errorf("books in %s: %w", dir, err)
	}
	return b, nil
}

// draft shows a folder as the folder books of a workspace.
type draft struct{ files fs.FS }

// Open implements fs.FS.
func (d draft) Open(name string) (fs.File, error) {
	if name == "books" {
		return d.files.Open(".")
	}
	below, ok := strings.CutPrefix(name, "books/")
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return d.files.Open(below)
}

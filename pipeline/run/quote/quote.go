package quote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Question says what to price.
type Question struct {
	Customer string
	File     string // usage, any feed format
	Books    string // a folder with books to use instead of books/; "" = the workspace's own
	FromLake bool   // open with the customer's current positions; otherwise with those of an empty lake
	Rules    tariff.Rules
}

// Quote is the price of a file. Its totals include all cycles.
type Quote struct {
	CustomerID string           `json:"customer_id"`
	Name       string           `json:"name,omitempty"`
	File       string           `json:"file"`
	FromLake   bool             `json:"from_lake"`
	Currency   string           `json:"currency"`
	Rows       int64            `json:"rows"` // = accepted + duplicate + rejected
	Accepted   int64            `json:"accepted"`
	Duplicate  int64            `json:"duplicate"`
	Rejected   int64            `json:"rejected"`
	Others     int64            `json:"other_customers"` // accepted records of other customers
	Replaced   int64            `json:"replaced"`        // accepted records that another one replaced
	Reasons    map[string]int64 `json:"reasons,omitempty"`
	Rejects    []Reject         `json:"rejects"` // the first 50 (MaxRejects), by row
	Cycles     []Cycle          `json:"cycles"`
	Due        money.Amount     `json:"due_amount"` // of all cycles
}

// MaxRejects is the number of rejects that a quote lists.
const MaxRejects = 50

// Reject is a record that was not accepted.
type Reject struct {
	Row    int64  `json:"row"` // 1 = the first data row
	Column string `json:"column"`
	Reason string `json:"reason"`
	Value  string `json:"value"`
	ID     string `json:"id"`
}

// Cycle is the part of a quote for one cycle, as its statement would show it.
type Cycle struct {
	rows.Statement
	Taxes    []rows.Tax          `json:"taxes,omitempty"`
	Sections []query.BillSection `json:"sections"` // by service, sku
	// in the order of rating, followed by month-end lines, recurring charges and commitments
	Priced []Line `json:"lines"`
}

// Line is one line of a quote.
type Line struct {
	ID         string         `json:"id"`
	Tier       int            `json:"tier"`
	Kind       string         `json:"kind"`
	SKU        string         `json:"sku"`
	Region     string         `json:"region_code"`
	ResourceID string         `json:"resource_id"`
	Start      period.Instant `json:"-"`
	End        period.Instant `json:"-"`
	UsageStart string         `json:"usage_start"`
	UsageEnd   string         `json:"usage_end"`
	// a subtracted line: of the opening positions alone, or of the lake without the file (QUOTE-2, QUOTE-7, QUOTE-8)
	Before     bool                 `json:"before,omitempty"`
	Usage      money.SignedQuantity `json:"usage_amount"`
	Free       money.SignedQuantity `json:"free_resource_usage"`
	Quantity   money.SignedQuantity `json:"quantity"`
	UnitPrice  money.UnitPrice      `json:"unit_price"`
	Official   money.Amount         `json:"official_amount"`
	Discount   money.Amount         `json:"official_discount_amount"`
	DiscountID string               `json:"discount_id,omitempty"`
	Truncated  money.Amount         `json:"truncated_amount"`
	Payment    money.Amount         `json:"payment_amount"`
	Draws      string               `json:"package_draws,omitempty"`

	service string
	own     period.Instant // own time, for tax
	counts  period.Instant // when it counts for commitments
	record  bool           // it belongs to one record
}

// Run prices a file. The acceptance checks use o's clock. The customer's records and lines are held in memory. Errors:
// *workspace.RefusedError if the file, the customer or the flags do not fit; problem.Problems of the other books.
func Run(ctx context.Context, w *workspace.Workspace, o workspace.Options, q Question) (out *Quote, err error) {
	l, err := w.Lake(workspace.Options{AsOf: o.AsOf, Log: o.Log})
	if err != nil {
		return nil, err
	}
	err = l.Read(func(snap *lake.Snapshot) (err error) {
		if err := state.CheckPackages(snap, w.Books); err != nil {
			return err
		}
		out, err = quote(ctx, &job{Question: q, o: o, ws: w, snap: snap})
		return err
	})
	return out, err
}

// quote does a new job.
func quote(ctx context.Context, j *job) (out *Quote, err error) {
	folder, err := storage.NewScratch("", "quote")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	j.out = &Quote{CustomerID: j.Customer, File: j.File, FromLake: j.FromLake,
		Currency: j.ws.Settings.Currency.Code, Rejects: []Reject{}, Cycles: []Cycle{}}
	if err := j.prepare(folder.Path); err != nil {
		return nil, err
	}
	if j.FromLake {
		if err := j.meet(ctx); err != nil {
			return nil, err
		}
	}
	if err := j.accept(ctx); err != nil {
		return nil, err
	}
	l, err := j.trial.Lake(j.o)
	if err != nil {
		return nil, err
	}
	if err := l.Read(func(snap *lake.Snapshot) error { return j.price(ctx, snap) }); err != nil {
		return nil, err
	}
	return j.out, nil
}

// job is one quote in progress.
type job struct {
	Question
	o        workspace.Options
	ws       *workspace.Workspace
	snap     *lake.Snapshot            // of the lake of ws
	file     string                    // the file's absolute path
	trial    *workspace.Workspace      // has the file, and what it refers to in the lake
	present  map[period.Cycle]*present // what the lake has; only with FromLake
	prices   *tariff.Book
	customer int32
	taken    *workspace.Report // result of ingesting the file
	out      *Quote
	spent    []rating.CommitmentSpent // what counts for commitments, in all cycles so far
}

// prepare creates the trial workspace: an inbox, the books, an empty lake.
func (j *job) prepare(dir string) (err error) {
	if j.file, err = filepath.Abs(j.File); err != nil {
		return fmt.Errorf("find %s: %w", j.File, err)
	}
	if info, err := os.Stat(j.file); err != nil || !info.Mode().IsRegular() {
		return &workspace.RefusedError{What: fmt.Sprintf("--usage %s: no such file", j.File),
			Hint: "name a file of the usage feed: .csv, .ndjson or .parquet"}
	}
	r, err := feed.Open(os.DirFS(filepath.Dir(j.file)), filepath.Base(j.file), feed.UsageSpec(), feed.ReadOptions{})
	if err != nil {
		return j.refuse(err)
	}
	if err := r.Close(); err != nil {
		return err
	}
	trial := *j.ws
	trial.Dir, trial.Settings.Lake = dir, settings.Lake{Path: filepath.Join(dir, "lake")}
	trial.Settings.Inbox, trial.Settings.Books = settings.Default().Inbox, settings.Default().Books
	trial.Settings.ClickHouse = settings.ClickHouse{} // the trial is not published
	trial.Settings.Gates = settings.Gates{}           // a quote reports what it could not price
	// amounts do not depend on it, and few files are fastest for few records
	trial.Settings.Lake.Buckets = 1
	usage := filepath.Join(dir, "inbox", feed.UsageSpec().Name)
	if err := storage.MakeDir(usage, 0o755, storage.Unsynced); err != nil {
		return fmt.Errorf("make an inbox for %s: %w", j.File, err)
	}
	if j.Books != "" {
		if trial.Books, err = j.otherBooks(dir); err != nil {
			return err
		}
	}
	j.trial = &trial
	j.o.Wrap, j.o.StopAt = nil, nil    // faults are meant for the workspace's own lake
	j.o.Started, j.o.InboxUntil = 0, 0 // the file is priced however recent it is
	if j.customer = trial.Books.Customer(j.Customer); j.customer < 0 {
		return &workspace.RefusedError{What: fmt.Sprintf("no customer %q in customers.csv", j.Customer),
			Hint: "check --customer"}
	}
	j.out.Currency = trial.Books.CustomerCurrency(j.customer).Code
	rows := trial.Books.Customers[j.customer].Rows
	j.out.Name = rows[len(rows)-1].Name
	j.prices = tariff.Compile(trial.Books, j.Rules)
	return nil
}

// inbox is the folder of the usage feed of the trial workspace.
func (j *job) inbox() string { return filepath.Join(j.trial.Dir, "inbox", feed.UsageSpec().Name) }

// inboxName is the file's name in the trial inbox; readers of an inbox do not ignore it.
func inboxName(file string) string { return "quote-" + filepath.Base(file) }

// otherBooks reads the books in the folder that replaces the workspace's.
func (j *job) otherBooks(dir string) (*books.Books, error) {
	other, err := filepath.Abs(j.Books)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", j.Books, err)
	}
	if info, err := os.Stat(other); err != nil || !info.IsDir() {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("--books %s: no such folder", j.Books),
			Hint: "name a folder with products.csv, prices.csv and customers.csv"}
	}
	if err := os.Symlink(other, filepath.Join(dir, "books")); err != nil {
		return nil, fmt.Errorf("put %s in the place of the books: %w", j.Books, err)
	}
	b, err := load.Books(os.DirFS(dir), j.ws.Settings)
	if found := (problem.Problems)(nil); errors.As(err, &found) {
		return nil, found.In(j.Books)
	}
	return b, err
}

// refuse makes an error about the complete file show the name that the caller gave.
func (j *job) refuse(err error) error {
	var whole *feed.FormError
	if !errors.As(err, &whole) {
		return err
	}
	at := j.File
	if whole.Line > 0 {
		at += fmt.Sprintf(":%d", whole.Line)
		if whole.Column > 0 {
			at += fmt.Sprintf(":%d", whole.Column)
		}
	}
	return &workspace.RefusedError{What: fmt.Sprintf("%s: %s", at, whole.Text), Hint: whole.Hint}
}

// accept ingests the file in the trial lake.
func (j *job) accept(ctx context.Context) error {
	if err := os.Symlink(j.file, filepath.Join(j.inbox(), inboxName(j.File))); err != nil {
		return fmt.Errorf("put %s into an inbox of its own: %w", j.File, err)
	}
	o := j.o
	o.LinkedInbox = true
	report, err := run.Ingest(ctx, j.trial, o)
	if no := new(workspace.RefusedError); errors.As(err, &no) {
		return &workspace.RefusedError{What: j.byName(no.What), Hint: no.Hint}
	}
	if err != nil {
		return err
	}
	for _, f := range report.Files {
		if f.Deferred != "" {
			return fmt.Errorf("quote %s: the file %s while it was read", j.File, f.Deferred)
		}
		if f.Fault != "" {
			return &workspace.RefusedError{What: j.byName(f.Fault), Hint: f.Hint}
		}
	}
	j.taken = report
	return nil
}

// byName replaces the file's name in the trial inbox, in a message, by the name that the caller gave.
func (j *job) byName(text string) string {
	return strings.ReplaceAll(text, "inbox/"+feed.UsageSpec().Name+"/"+inboxName(j.File), j.File)
}

// price rates the customer's records, cycle by cycle.
func (j *job) price(ctx context.Context, snap *lake.Snapshot) error {
	if err := j.rejects(ctx, snap); err != nil {
		return err
	}
	j.out.Others = j.out.Accepted
	j.out.Cycles, j.out.Replaced, j.spent = j.out.Cycles[:0], 0, nil
	var closing []tables.PositionRow
	for _, ref := range snap.Manifest.Cycles {
		cycle := ref.Period()
		records, err := j.records(ctx, snap, cycle)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			continue
		}
		opening, err := j.opening(cycle, closing)
		if err != nil {
			return err
		}
		p := &pricing{job: j, cycle: cycle, rater: rating.NewRater(j.prices, func(n int32) string {
			return j.regionName(records, n)
		})}
		rate := p.rate
		switch {
		case slices.ContainsFunc(records, func(r record) bool { return r.old }):
			rate = p.changed
		case j.FromLake && j.present[cycle].closed:
			rate = p.late
		}
		if closing, err = rate(opening, records); err != nil {
			return run.BookProblem(err)
		}
	}
	var due money.AmountTotal
	for i := range j.out.Cycles {
		if err := due.Add(j.out.Cycles[i].Due); err != nil {
			return err
		}
	}
	var err error
	j.out.Due, err = due.Amount()
	return err
}

// opening returns the customer's opening positions of a cycle.
func (j *job) opening(cycle period.Cycle, closing []tables.PositionRow) ([]tables.PositionRow, error) {
	if !j.FromLake {
		return rating.NextCycle(j.prices, nil, closing, j.customer, cycle), nil
	}
	if len(j.out.Cycles) > 0 {
		return nil,
			&workspace.RefusedError{
				What: fmt.Sprintf("the file has records of %s and of %s: present positions are those of one cycle",
					j.out.Cycles[0].Cycle, cycle),
				Hint: "split the file by cycle"}
	}
	if archived := j.snap.Manifest.ArchivedThrough(lake.NoCycle); cycle <= archived {
		return nil, &workspace.RefusedError{
			What: fmt.Sprintf("the file has records of %s, and cycles up to %s are archived: a run rejects them as %s",
				cycle, archived, reason.TooOld),
			Hint: "take them out of the file"}
	}
	return j.present[cycle].closing, nil
}

// rejects reads the rejected records.
func (j *job) rejects(ctx context.Context, snap *lake.Snapshot) (err error) {
	j.out.Rows, j.out.Accepted, j.out.Duplicate = j.taken.Rows, j.taken.Accepted, j.taken.Duplicate
	j.out.Rejected, j.out.Reasons, j.out.Rejects = j.taken.Rejected, maps.Clone(j.taken.Reasons), j.out.Rejects[:0]
	if j.out.Rejected == 0 {
		return nil
	}
	rows, err := rows.Rejects(ctx, snap, nil, rows.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		row, ok, err := rows.Next()
		if err != nil || !ok {
			return err
		}
		if j.ignored(row) {
			j.out.Accepted, j.out.Rejected = j.out.Accepted+1, j.out.Rejected-1
			if why := row.Word(tables.RejectReason); j.out.Reasons[why] > 1 {
				j.out.Reasons[why]--
			} else {
				delete(j.out.Reasons, why)
			}
			continue
		}
		if len(j.out.Rejects) == MaxRejects {
			continue
		}
		j.out.Rejects = append(j.out.Rejects, Reject{Row: row.Whole(tables.RejectRow),
			Column: row.Word(tables.RejectColumn),
			Reason: row.Word(tables.RejectReason), Value: string(row.Text(tables.RejectValue)),
			ID: string(row.Text(tables.RejectID))})
	}
}

// ignored reports whether a reject is a record of another customer that can replace a record in the lake. The quote
// copies only its own customer's records from there (QUOTE-5).
func (j *job) ignored(row rows.Row[tables.Reject]) bool {
	if !j.FromLake || row.Word(tables.RejectReason) != reason.ReplacesUnknown.String() {
		return false
	}
	texts := feed.Fields(row.Word(tables.RejectHeader), row.Text(tables.RejectRaw))
	return texts["customer_id"] != j.Customer
}

// pricing is the rating of one cycle.
type pricing struct {
	job   *job
	cycle period.Cycle
	rater *rating.Rater
	lines []Line
}

// rate adds the cycle's lines to the quote, and returns the closing positions.
func (p *pricing) rate(opening []tables.PositionRow, records []record) ([]tables.PositionRow, error) {
	var without []Line
	if p.job.FromLake {
		if err := p.rater.Open(p.job.customer, p.cycle, opening); err != nil {
			return nil, err
		}
		var err error
		if without, err = p.monthEnd(); err != nil {
			return nil, err
		}
	}
	// monthEnd opened the meters of the subscribers: a run opens them after the records, so all are opened again
	if err := p.rater.Open(p.job.customer, p.cycle, opening); err != nil {
		return nil, err
	}
	for i := range records {
		if err := p.usage(&records[i]); err != nil {
			return nil, err
		}
	}
	with, err := p.monthEnd()
	if err != nil {
		return nil, err
	}
	// lines for the opening positions follow the usage, next to the month-end lines to which they belong
	off, on := difference(without, with)
	p.lines = slices.Concat(p.lines, off, on)
	if !p.job.FromLake { // the file does not add these
		if err := p.recurring(); err != nil {
			return nil, err
		}
		if err := p.commitments(); err != nil {
			return nil, err
		}
	}
	return p.rater.Positions(nil), p.finish()
}

// usage adds the lines of a record.
func (p *pricing) usage(r *record) error {
	var charges tables.LineCharges
	if err := p.rater.Usage(&r.Record, 0, &charges); err != nil {
		return err
	}
	p.usageLines(r, &charges)
	return nil
}

// usageLines adds a record's charges.
func (p *pricing) usageLines(r *record, charges *tables.LineCharges) {
	for k := range charges.List {
		l := p.line(&charges.List[k], charges.Draws, r.SKU, r.region)
		l.ID, l.ResourceID, l.Start, l.End = string(r.ID), string(r.Resource), r.Start, r.End
		l.own, l.counts, l.record = r.Start, r.Start, true
		p.lines = append(p.lines, l)
	}
}

// monthEnd returns the month-end lines of the meters in their present state.
func (p *pricing) monthEnd() ([]Line, error) {
	var charges tables.LineCharges
	var objects []rating.Object
	p.rater.Subscribe() // a meter of subscribers.csv owes its fee at zero without the file
	if err := p.rater.CycleEnd(&charges, &objects); err != nil {
		return nil, err
	}
	return p.endLines(&charges, objects), nil
}

// endLines converts month-end charges to lines; a charge's Record is an index in objects.
func (p *pricing) endLines(charges *tables.LineCharges, objects []rating.Object) (out []Line) {
	bounds := p.job.trial.Books.Zone.Bounds(p.cycle)
	for i := range charges.List {
		c := &charges.List[i]
		o := &objects[c.Record]
		l := p.line(c, charges.Draws, o.SKU, o.Region)
		l.ID = p.cycle.String() + "/" + l.SKU + "/" + o.Region + "/" + o.Resource
		l.ResourceID, l.Start, l.End = o.Resource, bounds.From, bounds.To
		l.own, l.counts = bounds.From, bounds.To-1
		out = append(out, l)
	}
	return out
}

// difference returns the lines of without that with lacks, negated, and the lines of with that without lacks. Of equal
// lines it does not matter which are returned.
func difference(without, with []Line) (off, on []Line) {
	same := make(map[Line]int)
	for i := range with {
		same[with[i]]++
	}
	for i := range without {
		if l := without[i]; same[l] > 0 {
			same[l]--
			continue
		}
		off = append(off, without[i])
		off[len(off)-1].takeOff()
	}
	for i := range with {
		if l := with[i]; same[l] > 0 {
			same[l]--
			on = append(on, l)
		}
	}
	return off, on
}

// takeOff negates a line.
func (l *Line) takeOff() {
	l.Before, l.Draws = true, ""
	l.Usage, l.Free, l.Quantity = l.Usage.Neg(), l.Free.Neg(), l.Quantity.Neg()
	l.Official, l.Discount, l.Truncated, l.Payment = l.Official.Neg(), l.Discount.Neg(), l.Truncated.Neg(),
		l.Payment.Neg()
}

// line converts a charge to a line; sku -1 means no product.
func (p *pricing) line(c *tables.Charge, draws []tables.PackageDraw, sku int32, region string) Line {
	b := p.job.trial.Books
	l := Line{Tier: int(c.Tier), Kind: c.Kind.String(), Region: region, Usage: c.UsageAmount, Free: c.Free,
		Quantity:  c.Quantity,
		UnitPrice: c.UnitPrice, Official: c.Official, Discount: c.Discount, Truncated: c.Truncated, Payment: c.Payment}
	if sku >= 0 {
		l.SKU, l.service = b.Products[sku].SKU, b.Products[sku].ServiceTypeCode
	}
	if c.DiscountID >= 0 {
		l.DiscountID = b.Discounts[c.DiscountID].ID
	}
	l.Draws = string(tables.AppendDraws(nil, b.Packages, draws[c.DrawsFrom:c.DrawsTo]))
	return l
}

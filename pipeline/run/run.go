package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/change"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/pipeline/rejects"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement"
)

// RefusedError says that a command cannot be done as asked: nothing was done, exit code 2.
type RefusedError struct{ What, Hint string }

func (e *RefusedError) Error() string { return e.What }

// noCycle stands for "no cycle" where a run works for none in particular.
const noCycle = accept.NoCycle

// job is what one run is to do beyond taking new feeds in.
type job struct {
	command string
	cycle   period.Cycle // whose month-end lines it makes; noCycle = none
	close   bool
	dryRun  bool
	retry   bool // rejects instead of the inbox
	rerate  *rerateJob
}

// Ingest takes new feed files in and rates what they change.
func (w *Workspace) Ingest(ctx context.Context, o Options) (*Report, error) {
	return w.run(ctx, o, job{command: "ingest", cycle: noCycle})
}

// RetryRejects tries the kept rejects again with today's books (spec §3.20).
func (w *Workspace) RetryRejects(ctx context.Context, o Options) (*Report, error) {
	return w.run(ctx, o, job{command: "ingest --retry-rejects", cycle: noCycle, retry: true})
}

// Nightly takes new feed files in, rates the days that changed, and brings the statements of open cycles up to date (spec §7.1).
func (w *Workspace) Nightly(ctx context.Context, o Options) (*Report, error) {
	return w.run(ctx, o, job{command: "run nightly", cycle: noCycle})
}

// Monthly does what Nightly does and makes the month-end lines of a cycle (spec §7.1, §4.6).
func (w *Workspace) Monthly(ctx context.Context, cycle period.Cycle, o Options) (*Report, error) {
	return w.run(ctx, o, job{command: "run monthly --cycle " + cycle.String(), cycle: cycle})
}

// Close does what Monthly does and freezes the cycle. With dryRun nothing is committed: the report says what closing would do.
// Errors: *OpenItemsError for a cycle of which more is missing than Options.CloseIf allows; nothing was done then.
func (w *Workspace) Close(ctx context.Context, cycle period.Cycle, dryRun bool, o Options) (*Report, error) {
	return w.run(ctx, o, job{command: "close --cycle " + cycle.String(), cycle: cycle, close: true, dryRun: dryRun})
}

// run is one run in the making.
type run struct {
	ws      *Workspace
	o       Options
	job     job
	txn     *lake.Txn
	next    *lake.NextState
	inbox   fs.FS
	prices  *rating.Book
	closed  period.Cycle
	books   string         // fingerprint of what rating depends on
	change  *change.Change // what its being another than that of open cycles can touch; nil = everything
	scanned *accept.Scanned
	folded  *fold.Result
	report  *Report
	retried *retried
	watch   *rejects.Watch // finds accepted records with the identity of a reject
	intake  *events.Intake
	decided []events.Decision
	touched map[events.Place]bool // places whose event lines were made anew

	partners *settlement.Book
}

// run does a job and publishes what it left, where there is a server for it. The report is there with an error of publishing too: the
// lake has the run then.
func (w *Workspace) run(ctx context.Context, o Options, j job) (*Report, error) {
	report, err := w.transact(ctx, o, j)
	if err != nil {
		return nil, err
	}
	if j.dryRun || !w.Settings.ClickHouse.DSN.Set() {
		return report, nil
	}
	return report, w.publishRun(ctx, o, report)
}

// transact does a job as one transaction on the lake.
func (w *Workspace) transact(ctx context.Context, o Options, j job) (report *Report, err error) {
	r := &run{ws: w, o: o, job: j, report: &Report{Command: j.command, AsOf: o.AsOf, Reasons: make(map[string]int64)}}
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	o.stage(StageBegin)
	if r.txn, err = l.Begin(); err != nil {
		return nil, err
	}
	defer func() {
		if r.scanned != nil {
			err = errors.Join(err, r.scanned.Close())
		}
		err = errors.Join(err, r.txn.Close())
	}()
	r.next = r.txn.Next()
	r.report.Manifest = r.txn.Base().Manifest.Number
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if r.report.Closed == alreadyClosed {
		return r.report, nil
	}
	if err := r.work(ctx); err != nil {
		return nil, err
	}
	if err := r.mayClose(ctx); err != nil {
		return nil, err
	}
	if err := r.commit(ctx); err != nil {
		return r.report, err
	}
	r.keepBooks()
	r.remember(l)
	return r.report, nil
}

// alreadyClosed is what the report says of closing a closed cycle: nothing to do, and no error.
const alreadyClosed = "already_closed"

// prepare reads the lake's state and refuses what cannot be done.
func (r *run) prepare() (err error) {
	m := r.txn.Base().Manifest
	r.closed = noCycle
	if m.ClosedThrough != "" {
		if r.closed, err = period.ParseCycle(m.ClosedThrough); err != nil {
			return err
		}
	}
	if err := r.next.SetBuckets(r.ws.Settings.Lake.Buckets); err != nil {
		return &RefusedError{What: err.Error()}
	}
	if r.inbox, err = r.ws.Inbox(); err != nil {
		return err
	}
	r.prices = r.ws.Prices()
	if r.partners, err = r.ws.PartnerBook(); err != nil {
		return err
	}
	r.books = fingerprint(r.ws)
	r.change = r.mended()
	if r.job.rerate != nil {
		return r.checkRerate()
	}
	if r.job.cycle != noCycle {
		return r.checkCycle()
	}
	return nil
}

// Rules are the settings as rating takes them (spec §2.1, currency and rounding).
func Rules(s *settings.Settings) rating.Rules {
	grain := rating.PerLine
	if s.Rounding.Grain == settings.PerCycle {
		grain = rating.PerCycle
	}
	return rating.Rules{Grain: grain, Mode: s.Rounding.Mode, Digits: s.Currency.Digits}
}

// RefundRules are the settings' terms of refunds as rating takes them (spec §2.1, refund).
func RefundRules(s *settings.Settings) rating.RefundRules {
	return rating.RefundRules{UnconditionalHours: s.Refund.UnconditionalHours, FeeRate: s.Refund.FeeRate, Digits: s.Currency.Digits}
}

// Prices is the workspace's books as rating asks them.
func (w *Workspace) Prices() *rating.Book { return rating.Compile(w.Books, Rules(&w.Settings)) }

// fingerprint names everything beside the records that lines depend on.
func fingerprint(w *Workspace) string {
	s := &w.Settings
	text := fmt.Sprintf("%x|%s|%s|%d|%d|%d|%d|%d|%s|%d", w.Books.Hash, s.Zone.Name(), s.Currency.Code, s.Currency.Digits, s.Rounding.Grain, s.Rounding.Mode, s.Lake.Buckets,
		s.Refund.UnconditionalHours, s.Refund.FeeRate, s.Payments)
	return string(lake.HashBytes([]byte(text)))
}

// checkCycle refuses month-end work that makes no sense.
func (r *run) checkCycle() error {
	c := r.job.cycle
	bounds := r.ws.Books.Zone.Bounds(c)
	switch {
	case c <= r.closed && r.job.close:
		r.report.Closed = alreadyClosed
		return nil
	case c <= r.closed:
		return &RefusedError{What: fmt.Sprintf("cycle %s is closed", c), Hint: "a closed cycle does not change; `tollbook bill` shows it"}
	case bounds.From > r.o.AsOf:
		return &RefusedError{What: fmt.Sprintf("cycle %s has not begun at %s", c, r.o.AsOf), Hint: "check --cycle and --as-of"}
	case r.job.close && bounds.To > r.o.AsOf:
		return &RefusedError{What: fmt.Sprintf("cycle %s does not end before %s", c, bounds.To), Hint: "close it after its last day, or check --as-of"}
	}
	if !r.job.close {
		return nil
	}
	for _, ref := range r.txn.Base().Manifest.Cycles {
		earlier, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return err
		}
		if earlier > r.closed && earlier < c && ref.Files != nil {
			return &RefusedError{What: fmt.Sprintf("cycle %s is still open", earlier), Hint: fmt.Sprintf("close cycles in order: `tollbook close --cycle %s` first", earlier)}
		}
	}
	return nil
}

// work takes feeds in and folds.
func (r *run) work(ctx context.Context) (err error) {
	cfg := &accept.Config{Books: r.ws.Books, Prices: r.prices, Settings: &r.ws.Settings, AsOf: r.o.AsOf, Archived: r.archivedThrough(),
		Inbox: r.inbox, Txn: r.txn, Workers: r.o.Workers, BatchRows: r.o.BatchRows, ChunkBytes: r.o.ChunkBytes, Log: r.o.Log, Progress: r.o.Progress}
	r.intake = &events.Intake{Books: r.ws.Books, Prices: r.prices, AsOf: r.o.AsOf, Latest: r.o.AsOf + period.Instant(r.ws.Settings.Usage.FutureTolerance)}
	cfg.Events = r.intake
	if err := r.watchRejects(cfg); err != nil {
		return err
	}
	if err := r.scan(ctx, cfg); err != nil {
		return err
	}
	if r.job.rerate != nil {
		if err := r.rerate(ctx); err != nil || r.job.dryRun {
			return booksWrong(err)
		}
	}
	r.o.stage(StageEvents)
	if err := r.events(); err != nil {
		return booksWrong(err)
	}
	r.o.stage(StageFold)
	f := r.folder()
	if r.folded, err = f.Run(ctx); err != nil {
		return booksWrong(err)
	}
	r.o.rows(r.folded.Lines)
	r.o.stage(StagePay)
	if err := r.pay(ctx, f); err != nil {
		return booksWrong(err)
	}
	r.countEvents()
	r.report.DaysDone, r.report.Lines = r.folded.Days, r.report.Lines+r.folded.Lines
	r.o.stage(StageRejects)
	if err := r.account(ctx, cfg); err != nil {
		return err
	}
	r.o.rows(r.report.Rejected)
	r.o.stage(StageSettle)
	if err := r.settle(ctx); err != nil {
		return booksWrong(err)
	}
	r.o.stage(StageTotals)
	if err := r.cycles(); err != nil {
		return err
	}
	return r.totals()
}

// archivedThrough is the last cycle whose lines are archived.
func (r *run) archivedThrough() period.Cycle {
	last := noCycle
	for _, ref := range r.txn.Base().Manifest.Cycles {
		if c, err := period.ParseCycle(ref.Cycle); err == nil && ref.Archived != nil {
			last = c
		}
	}
	return last
}

// scan finds the feed files that are new and reads them.
func (r *run) scan(ctx context.Context, cfg *accept.Config) error {
	r.o.stage(StageInbox)
	files, err := r.files(ctx, cfg)
	if err != nil {
		return err
	}
	r.o.stage(StageScan)
	if r.scanned, err = accept.Scan(ctx, cfg, files); err != nil {
		return err
	}
	var rows int64
	for _, f := range files {
		rows += f.Rows
	}
	r.o.rows(rows)
	return r.gateScanned()
}

// booksWrong turns an error that mended books would heal into what a check of the books would have said.
func booksWrong(err error) error {
	rowBack := func(book string) error {
		return problem.Problems{{Pos: problem.Pos{File: "books/" + book}, Text: err.Error(), Hint: "put the row back: end it with valid_to instead of deleting it"}}
	}
	var missing *fold.MissingBookError
	var unnamed *partners.MissingBookError
	var price *rating.NoPriceError
	var gone *events.GoneError
	switch {
	case errors.As(err, &gone):
		return rowBack(gone.Book)
	case errors.As(err, &unnamed):
		return rowBack(unnamed.Book)
	case errors.As(err, &missing):
		return rowBack(missing.Book)
	case errors.As(err, &price):
		return problem.Problems{{Pos: problem.Pos{File: "books/prices.csv"}, Text: err.Error(), Hint: "records were accepted under this price: put the version back, or one that covers the instant"}}
	}
	return err
}

// files finds what there is to read: new feed files, or the kept rejects.
func (r *run) files(ctx context.Context, cfg *accept.Config) ([]*accept.File, error) {
	switch {
	case r.job.rerate != nil:
		return nil, nil
	case r.job.retry:
		return r.retryFiles(cfg)
	}
	hashes, err := feed.LoadHashes(r.o.HashCache)
	r.o.debug(notHashed, err)
	var files []*accept.File
	for _, spec := range accept.Feeds() {
		fresh, err := r.fresh(ctx, spec.Name, hashes)
		if err != nil {
			return nil, err
		}
		files = append(files, fresh...)
	}
	cfg.Still = hashes.Still
	r.o.debug(notHashed, hashes.Save())
	return files, nil
}

// notHashed is what a run says that cannot remember the hashes of the inbox: a later one reads it again.
const notHashed = "hashes of the inbox are not remembered"

// debug logs why something kept for later runs is of no use, with more about it in pairs: that costs time and changes nothing.
func (o *Options) debug(what string, why error, more ...any) {
	if why != nil && o.Log != nil {
		o.Log.Debug(what, append(more, "why", why)...)
	}
}

func (r *run) folder() *fold.Folder {
	rule := Rules(&r.ws.Settings)
	base := r.txn.Base()
	ref := func(c period.Cycle) lake.CycleRef {
		known, _ := base.Cycle(c.String())
		return known
	}
	ending := r.job.cycle
	if ending != noCycle && ref(ending).MonthEnd {
		ending = noCycle
	}
	lateIn := noCycle
	if r.closed != noCycle {
		lateIn = r.closed + 1
	}
	f := &fold.Folder{
		Txn: r.txn, Books: r.ws.Books, Prices: r.prices, Scanned: r.scanned, Buckets: r.ws.Settings.Lake.Buckets, Workers: r.o.Workers,
		Open:     func(c period.Cycle) bool { return c > r.closed },
		MonthEnd: func(c period.Cycle) bool { return ref(c).MonthEnd || c == r.job.cycle },
		Refold:   r.refold,
		Watch:    r.watch,
		Change:   r.change,
		Ending:   ending,
		LateIn:   lateIn, AsOf: r.o.AsOf,
		Touched: func(bucket int, c period.Cycle) bool { return r.touched[events.Place{Cycle: c, Bucket: bucket}] },
		Events:  r.touchedCycles(),
		Grain:   rule.Grain, Mode: rule.Mode, Digits: rule.Digits, Progress: r.o.Progress,
	}
	if r.job.rerate != nil {
		f.Reposted = r.job.rerate.reposted
	}
	return f
}

// cycles notes the state of every cycle that the run touched.
func (r *run) cycles() error {
	touched := slices.Clone(r.folded.Cycles)
	if r.job.cycle != noCycle {
		touched = append(touched, r.job.cycle)
	}
	for _, ref := range r.txn.Base().Manifest.Cycles {
		c, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return err
		}
		if c > r.closed && ref.Books != r.books {
			touched = append(touched, c)
		}
	}
	for _, c := range touched {
		old, _ := r.txn.Base().Cycle(c.String())
		if err := r.next.SetCycle(c.String(), old.MonthEnd || c == r.job.cycle, r.books); err != nil {
			return err
		}
	}
	if r.job.close {
		r.report.Closed = r.job.cycle.String()
		return r.next.CloseThrough(r.job.cycle.String())
	}
	return nil
}

// commit makes the run's outcome the live state, unless it is a dry run.
func (r *run) commit(ctx context.Context) error {
	r.next.SetRun(r.o.AsOf.String(), r.job.command)
	if r.job.dryRun {
		r.report.DryRun = true
		r.report.Notes = append(r.report.Notes, "dry run: nothing was written")
		return nil
	}
	r.o.stage(StageCommit)
	changed, err := r.txn.Commit(ctx)
	r.report.Changed = changed
	if changed {
		r.report.Manifest = r.next.Number()
	}
	return err
}

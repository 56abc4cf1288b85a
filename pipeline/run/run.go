package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// job says what a run does in addition to taking new feed files in.
type job struct {
	command string
	cycle   period.Cycle // cycle whose month-end lines the run makes; lake.NoCycle = none
	close   bool
	dryRun  bool
	retry   bool // read rejects instead of the inbox
	rerate  *rerateJob
	sharing *sharing // other processes do the tasks; nil = this process does
}

// Ingest takes new feed files in and rates what they change.
func Ingest(ctx context.Context, w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
	return perform(ctx, w, o, job{command: ingestCommand, cycle: lake.NoCycle})
}

// RetryRejects tries the open rejects again with today's books (§3.20).
func RetryRejects(ctx context.Context, w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
	return perform(ctx, w, o, job{command: retryCommand, cycle: lake.NoCycle, retry: true})
}

// Nightly takes new feed files in, rates the days that changed, and updates the statements of open cycles (§7.1).
func Nightly(ctx context.Context, w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
	return perform(ctx, w, o, job{command: nightlyCommand, cycle: lake.NoCycle})
}

const (
	ingestCommand  = "ingest"
	retryCommand   = "ingest --retry-rejects"
	nightlyCommand = "run nightly"
)

func monthlyCommand(c period.Cycle) string { return "run monthly --cycle " + c.String() }

// Monthly does what Nightly does and makes the month-end lines of a cycle (§7.1, §4.6).
func Monthly(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, o workspace.Options) (*workspace.Report,
	error) {
	return perform(ctx, w, o, job{command: monthlyCommand(cycle), cycle: cycle})
}

// Close does what Monthly does and freezes the cycle. With dryRun it commits nothing: the report says what closing
// would do. Errors: *OpenItemsError if the cycle has more open items than Options.CloseIf allows; then nothing was
// done.
func Close(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, dryRun bool, o workspace.Options) (
	*workspace.Report, error) {
	return perform(ctx, w, o, job{command: closeCommand(cycle), cycle: cycle, close: true, dryRun: dryRun})
}

func closeCommand(c period.Cycle) string { return "close --cycle " + c.String() }

// runState is shared by the stages of a run.
type runState struct {
	ws       *workspace.Workspace
	o        workspace.Options
	job      job
	txn      *lake.Txn
	next     *lake.NextState
	report   *workspace.Report
	prices   *tariff.Book
	partners *settlement.Book
	closed   period.Cycle
	later    period.Instant // as-of of the newest state, if it is after that of the run
	books    string         // fingerprint of what rating depends on
	change   *state.Change  // scope of the change of the books since open cycles were rated; nil = everything
	scanned  *accept.Scanned
	retried  *RetriedRejects
	watch    *accept.RejectWatch // finds accepted records with the identity of a reject
}

// run is one run in progress: its stages in order.
type run struct {
	state   *runState
	inbox   fs.FS
	hashes  *inbox.Hashes // of the inbox; nil = not loaded
	events  *eventStage
	folded  *fold.Result
	sellers []lake.PartnerSellers   // of the cycle that the run closes
	apart   map[int32]*ApartRejects // feed files that have files of rejects of their own
	// does tasks of buckets and slices in a process that does tasks of a shared run; nil = none was done
	recalled *fold.Folder
	known    []period.Cycle // cycles of the next state, before anything is rated

	restated []costs.Difference // differences of the cost files of a cycle that is rated again

	money      *partner.Stage
	issued     *pay.Issued                                   // coupons that pay lines
	couponUses map[period.Cycle]map[string]money.AmountTotal // by cycle and customer, as coupon_records have them
}

// newRun returns a new run of a job.
func newRun(w *workspace.Workspace, o workspace.Options, j job) *run {
	s := &runState{ws: w, o: o, job: j, report: &workspace.Report{Command: j.command, AsOf: o.AsOf,
		Reasons: make(map[string]int64)}}
	return &run{state: s, events: &eventStage{state: s, counts: make(map[int32]state.FileCount)}}
}

// perform does a job and publishes the result if the settings say so. With an error of publishing there is a report
// too, because the run is committed.
func perform(ctx context.Context, w *workspace.Workspace, o workspace.Options, j job) (*workspace.Report, error) {
	do := transact
	if o.Engine != nil && j.onEngine() {
		do = transactOnEngine
	}
	report, err := do(ctx, w, o, j)
	if err != nil {
		return nil, PlanRefused(err)
	}
	if j.dryRun || !w.Settings.Publishes() {
		return report, nil
	}
	return report, PublishAfterRun(ctx, w, o, &report.Publication)
}

// transact does a job as one transaction on the lake.
func transact(ctx context.Context, w *workspace.Workspace, o workspace.Options, j job) (report *workspace.Report,
	err error) {
	r := newRun(w, o, j)
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	o.BeginStage(workspace.StageBegin)
	if err = r.begin(l); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.giveUp(err))
		}
		if r.state.scanned != nil {
			err = errors.Join(err, r.state.scanned.Close())
		}
		if r.events.intake != nil {
			err = errors.Join(err, r.events.intake.Close())
		}
		if j.dryRun {
			err = errors.Join(err, r.state.txn.Close())
		} else {
			err = r.state.txn.End(err)
		}
	}()
	r.state.next = r.state.txn.Next()
	r.state.report.Manifest = r.state.txn.SubTxn.Base().Manifest.Number
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if r.state.report.Closed == alreadyClosed {
		return r.state.report, nil
	}
	if err := r.work(ctx); err != nil {
		return nil, err
	}
	if j.close {
		if err := (&closingCheck{r.state}).mayClose(ctx); err != nil {
			return nil, err
		}
	}
	r.state.prepareBooks()
	if err := r.commit(ctx); err != nil {
		return r.state.report, err
	}
	r.state.keepBooks()
	return r.state.report, nil
}

// alreadyClosed is the outcome in the report if the cycle is already closed: nothing to do, and no error.
const alreadyClosed = "already_closed"

// prepare reads the lake's state and refuses jobs that cannot be done.
func (r *run) prepare() (err error) {
	m := r.state.txn.SubTxn.Base().Manifest
	r.state.closed = m.ClosedThrough.Or(lake.NoCycle)
	if err := errors.Join(r.state.next.SetUnits(r.state.ws.Units()),
		r.state.next.SetBuckets(r.state.ws.Settings.Lake.Buckets)); err != nil {
		return err
	}
	if r.state.ws.LacksInbox() && m.Number > 0 {
		r.state.report.Note("the folder inbox/ did not exist: see that its file system is mounted")
	}
	if r.inbox, err = r.state.ws.InboxOf(&r.state.o); err != nil {
		return err
	}
	r.state.prices = r.state.ws.Prices()
	if r.state.partners, err = r.state.ws.PartnerBook(); err != nil {
		return err
	}
	if err := CheckCurrencies(r.state.txn.SubTxn.Base(), r.state.ws.Books); err != nil {
		return err
	}
	if err := state.CheckPackages(r.state.txn.SubTxn.Base(), r.state.ws.Books); err != nil {
		return err
	}
	r.state.books = workspace.Fingerprint(r.state.ws)
	r.state.change = r.state.booksDiff()
	if r.state.job.rerate != nil {
		return r.state.checkRerate()
	}
	if r.state.job.cycle != lake.NoCycle {
		return r.state.checkCycle()
	}
	return nil
}

// problem adds to an error of the run's work what to do and, if the error is about a row of the run, which row.
func (r *runState) problem(err error) error {
	if e := new(tariff.LimitError); errors.As(err, &e) && e.Row > 0 {
		name, row := r.nameOf(e.File, e.Row)
		err = fmt.Errorf("inbox/%s row %d: %w", feed.ShownName(name), row, err)
	}
	return BookProblem(err)
}

// checkCycle refuses a cycle for which the month-end job is not possible.
func (r *runState) checkCycle() error {
	c := r.job.cycle
	bounds := r.ws.Books.Zone.Bounds(c)
	switch {
	case c <= r.closed && r.job.close:
		r.report.Closed = alreadyClosed
		return nil
	case c <= r.closed:
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s is closed", c),
			Hint: "a closed cycle does not change; `tollbook bill` shows it"}
	case bounds.From > r.o.AsOf:
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s has not begun at %s", c, r.o.AsOf),
			Hint: "check --cycle and --as-of"}
	case r.job.close && bounds.To > r.o.AsOf:
		return &workspace.RefusedError{What: fmt.Sprintf("cycle %s does not end before %s", c, bounds.To),
			Hint: "close it after its last day, or check --as-of"}
	}
	if !r.job.close {
		return nil
	}
	return r.checkOrder()
}

// work does the stages of the run up to the commit.
func (r *run) work(ctx context.Context) (err error) {
	cfg := r.scanConfig()
	r.events.intake = &accept.EventIntake{Books: r.state.ws.Books, Prices: r.state.prices, AsOf: r.state.o.AsOf,
		Latest: r.state.o.AsOf + period.Instant(r.state.ws.Settings.Usage.FutureTolerance),
		Money:  accept.MoneyWords{Vendor: r.state.ws.Settings.Vendor.ID, Content: r.state.ws.Settings.Invoice.Content},
		Temp:   r.state.txn.SubTxn, SortBytes: r.state.o.ChunkBytes}
	cfg.Events = r.events.intake
	if err := r.state.watchRejects(cfg); err != nil {
		return err
	}
	if err := r.scan(ctx, cfg); err != nil {
		return err
	}
	r.state.o.BeginStage(workspace.StageEvents)
	if err := r.events.decide(); err != nil {
		return r.state.problem(err)
	}
	if err := r.state.haveRates(r.events.touchedCycles()...); err != nil {
		return err
	}
	if err := r.costs(ctx); err != nil {
		return r.state.problem(err)
	}
	if r.state.job.rerate != nil {
		if err := (rerating{r}).rerate(ctx); err != nil || r.state.job.dryRun {
			return r.state.problem(err)
		}
	}
	if err := r.issueCoupons(); err != nil {
		return r.state.problem(err)
	}
	r.state.o.BeginStage(workspace.StageFold)
	r.known = r.knownCycles()
	if err := r.shareTerms(); err != nil {
		return err
	}
	f := r.folder()
	if err := r.rateBuckets(ctx, cfg, f); err != nil {
		return r.state.problem(err)
	}
	r.state.o.BeginStage(workspace.StageSettle)
	if err := r.events.refuse(r.folded.Refused); err != nil {
		return r.state.problem(err)
	}
	r.events.addCycles()
	if err := r.settle(f.Settle); err != nil {
		return r.state.problem(err)
	}
	if err := r.partnerMoney(); err != nil {
		return r.state.problem(err)
	}
	r.events.count()
	r.state.report.DaysDone = r.folded.Days
	r.state.report.Lines += r.folded.Lines
	r.state.o.BeginStage(workspace.StageRejects)
	if err := r.reconciler(cfg).reconcile(ctx); err != nil {
		return err
	}
	r.state.o.CountRows(r.state.report.Rejected)
	r.state.o.BeginStage(workspace.StageTotals)
	if err := r.cycles(); err != nil {
		return err
	}
	return r.setTotals()
}

// rateBuckets rates the records that were scanned.
func (r *run) rateBuckets(ctx context.Context, cfg *accept.Config, f *fold.Folder) (err error) {
	if r.folded, err = f.Run(ctx); err != nil {
		return err
	}
	if n := r.folded.Slices; n > 0 {
		inform(&r.state.o, "rated slices of large customers apart", "slices", n)
	}
	r.state.o.CountRows(r.folded.Lines)
	if err := r.state.scanned.Release(cfg); err != nil {
		return err
	}
	if r.state.retried == nil {
		if r.apart, err = r.state.rejectStage(cfg, r.engine()).Run(ctx, r.folded.Rejects); err != nil {
			return err
		}
	}
	return nil
}

// rejectStage returns the stage of the rejects of usage and bandwidth, which the run read with cfg.
func (r *runState) rejectStage(cfg *accept.Config, tasks lake.LocalTasks) *RejectStage {
	return &RejectStage{Txn: r.txn, Tasks: tasks, Scanned: r.scanned, Config: cfg, Fewest: r.o.FileRejects,
		Progress: r.o.Progress}
}

// scanConfig returns the configuration for reading feed files, without events.
func (r *run) scanConfig() *accept.Config {
	return &accept.Config{Books: r.state.ws.Books, Prices: r.state.prices, Settings: &r.state.ws.Settings,
		AsOf: r.state.o.AsOf, Archived: r.state.archivedThrough(), Inbox: r.inbox, Feed: new(feed.Files),
		Txn: r.state.txn.SubTxn, Workers: r.state.o.Workers, BatchRows: r.state.o.BatchRows,
		ChunkBytes: r.state.o.ChunkBytes, SegmentRows: r.state.o.SlotLines, RangeBytes: r.state.o.RangeBytes,
		TaskBytes: r.state.o.TaskBytes, Elsewhere: r.engine().Elsewhere, Log: r.state.o.Log,
		Progress: r.state.o.Progress}
}

// archivedThrough is the last cycle whose lines are archived.
func (r *runState) archivedThrough() period.Cycle {
	return r.txn.SubTxn.Base().Manifest.ArchivedThrough(lake.NoCycle)
}

// scan finds the feed files that are new and reads them.
func (r *run) scan(ctx context.Context, cfg *accept.Config) error {
	r.state.o.BeginStage(workspace.StageInbox)
	files, err := r.files(ctx, cfg)
	if err != nil {
		return err
	}
	r.state.o.BeginStage(workspace.StageScan)
	if r.state.scanned, err = accept.Scan(ctx, cfg, files); err != nil {
		return err
	}
	var rows int64
	for i, f := range files {
		if r.state.scanned.Taken(int32(i)) {
			rows += f.Rows
		}
	}
	r.state.o.CountRows(rows)
	if err := r.state.gate().CheckScanned(); err != nil {
		return err
	}
	return r.state.haveRates()
}

// gate returns the gate for the files that the run read.
func (r *runState) gate() *Gate {
	return &Gate{Scanned: r.scanned, Gates: r.ws.Settings.Gates, Retry: r.retried != nil,
		Accept: r.o.AcceptRejects}
}

// files returns the files to read: new feed files, or the open rejects.
func (r *run) files(ctx context.Context, cfg *accept.Config) ([]*accept.File, error) {
	switch {
	case r.state.job.rerate != nil:
		return nil, rerating{r}.share()
	case r.state.job.retry:
		if err := r.shareWithoutFiles(); err != nil {
			return nil, err
		}
		return r.state.retryFiles(cfg)
	}
	hashes, err := inbox.LoadHashes(r.state.o.HashCache)
	r.state.o.Debug(notHashed, err)
	files, err := r.inboxFiles(ctx, hashes)
	if err != nil {
		return nil, err
	}
	cfg.Still, r.hashes = hashes.Still, hashes
	r.state.o.Debug(notHashed, hashes.Save())
	return files, nil
}

// inboxFiles returns the new files of the inbox, or those of the plan.
func (r *run) inboxFiles(ctx context.Context, hashes *inbox.Hashes) ([]*accept.File, error) {
	s := r.state.job.sharing
	if s != nil && s.plan != nil {
		return r.continuedFiles(ctx, hashes)
	}
	finder := r.state.newFiles(r.inbox)
	if s != nil {
		if err := (planning{r.state}).hash(ctx, r.engine(), finder, hashes); err != nil {
			return nil, err
		}
	}
	files, err := freshFiles(ctx, finder, hashes)
	if err != nil || s == nil {
		return files, err
	}
	return files, r.share(files)
}

// freshFiles returns the files of all feeds that were not taken yet.
func freshFiles(ctx context.Context, finder *FileFinder, hashes *inbox.Hashes) ([]*accept.File, error) {
	if err := finder.Strangers(); err != nil {
		return nil, err
	}
	var files []*accept.File
	for _, spec := range accept.Feeds() {
		fresh, err := finder.Fresh(ctx, spec.Name, hashes)
		if err != nil {
			return nil, err
		}
		files = append(files, fresh...)
	}
	return files, nil
}

// newFiles returns the finder of new files in an inbox.
func (r *runState) newFiles(in fs.FS) *FileFinder {
	return &FileFinder{Inbox: in, Settle: r.ws.Settings.Inbox.Settle, Options: &r.o, Next: r.next,
		Report: r.report, Sources: r.ws.Settings.Costs.Sources.Names()}
}

// reconciler returns the reconciler of the rows that the run read with cfg.
func (r *run) reconciler(cfg *accept.Config) *reconciler {
	return &reconciler{r.state, cfg, outcomesOf(r.folded, r.events), r.state.newFiles(r.inbox), r.apart}
}

// notHashed is logged if the hashes of the inbox cannot be stored; a later run then reads it again.
const notHashed = "hashes of the inbox are not remembered"

// folder returns what processes buckets, after events are decided and coupons are issued.
func (r *run) folder() *fold.Folder {
	f := r.rater()
	f.Pay, f.Settle = r.payer(), r.settleStep()
	return f
}

// rater returns what rates buckets.
func (r *run) rater() *fold.Folder {
	rule := workspace.Rules(&r.state.ws.Settings)
	base := r.state.txn.SubTxn.Base()
	ref := func(c period.Cycle) lake.CycleRef {
		known, _ := base.Cycle(lake.CycleOf(c))
		return known
	}
	ending := r.state.job.cycle
	if ending != lake.NoCycle && ref(ending).MonthEnd {
		ending = lake.NoCycle
	}
	lateIn := lake.NoCycle
	if r.state.closed != lake.NoCycle {
		lateIn = r.state.closed + 1
	}
	f := &fold.Folder{
		Txn: r.state.txn, Books: r.state.ws.Books, Prices: r.state.prices, Scanned: r.state.scanned,
		Buckets:  r.state.ws.Settings.Lake.Buckets,
		Tasks:    r.engine(),
		Open:     func(c period.Cycle) bool { return c > r.state.closed },
		MonthEnd: func(c period.Cycle) bool { return ref(c).MonthEnd || c == r.state.job.cycle },
		Refold:   r.state.refold,
		Watch:    r.state.watch,
		Change:   r.state.change,
		Ending:   ending,
		LateIn:   lateIn, AsOf: r.state.o.AsOf,
		Touched: func(bucket int, c period.Cycle) bool {
			return r.events.touched[lake.Place{Cycle: c, Bucket: bucket}]
		},
		Events: r.events.touchedCycles(), EventLines: lake.PlacesInOrder(r.events.remade),
		Refunds: workspace.RefundRules(&r.state.ws.Settings),
		Mode:    rule.Mode, Digits: rule.Digits, Tax: r.state.ws.Settings.Tax, Progress: r.state.o.Progress,
	}
	if r.state.job.rerate != nil {
		f.Reposted = r.state.job.rerate.reposted
	}
	f.SlotLines = r.state.o.SlotLines
	return f
}

// engine returns what runs the tasks of the run.
func (r *run) engine() lake.LocalTasks {
	l := lake.LocalTasks{Workers: r.state.o.Workers, Bytes: r.state.o.TaskBytes, Spare: new(lake.SpareCores)}
	if r.state.job.sharing != nil {
		l.Elsewhere = r.state.job.sharing.elsewhere
	}
	return l
}

// cycles stores the state of every cycle that the run changed.
func (r *run) cycles() error {
	touched := slices.Concat(r.folded.Cycles, r.events.cycles, r.state.jobCycles())
	for _, ref := range r.state.txn.SubTxn.Base().Manifest.Cycles {
		c := ref.Period()
		if c > r.state.closed && ref.Books != r.state.books {
			touched = append(touched, c)
		}
	}
	for _, c := range touched {
		old, _ := r.state.txn.SubTxn.Base().Cycle(lake.CycleOf(c))
		monthEnd := old.MonthEnd || c == r.state.job.cycle
		if err := r.state.next.SetCycle(lake.CycleOf(c), monthEnd, r.state.books); err != nil {
			return err
		}
	}
	if r.state.job.close {
		r.state.report.Closed = r.state.job.cycle.String()
		cycle, s := lake.CycleOf(r.state.job.cycle), &r.state.ws.Settings
		r.state.next.SetClosedWith(cycle, lake.CloseSettings{Payments: s.Payments.String(),
			RoundingMode: s.Rounding.Mode.String(),
			Sellers:      r.sellers})
		closed := r.state.job.cycle
		if err := state.KeepBooks(r.state.txn.SubTxn, r.state.ws.Books, closed, closed); err != nil {
			return err
		}
		return r.state.next.CloseThrough(cycle)
	}
	return nil
}

// commit makes the run's result the live state, unless it is a dry run.
func (r *run) commit(ctx context.Context) error {
	if err := r.state.checkClock(); err != nil {
		return err
	}
	r.state.next.SetRun(r.state.o.AsOf.String(), r.state.job.command)
	if r.state.job.dryRun {
		r.state.report.DryRun = true
		r.state.report.Notes = append(r.state.report.Notes, "dry run: nothing was written")
		return nil
	}
	r.state.o.BeginStage(workspace.StageCommit)
	changed, err := r.state.txn.Commit(ctx)
	r.state.report.Changed = changed
	if changed {
		r.state.report.Manifest = r.state.next.Number()
	}
	if changed && r.state.later != 0 {
		r.state.report.Note("the as-of of this run, %s, is before that of the state before, %s: states of incentives, "+
			"days overdue and deadlines went back to it until a later run", r.state.o.AsOf, r.state.later)
	}
	return err
}

// checkClock sets the lake's clock back to that of this run, if this is requested and the newest state has a later
// clock. Everything that the run commits already uses its own clock, so it only ensures that a state is committed even
// if nothing else is new. If it is not requested, it stores the later clock for a
// note.
func (r *runState) checkClock() error {
	m := &r.txn.SubTxn.Base().Manifest
	if m.Number == 0 {
		return nil
	}
	was, err := period.ParseInstant(m.AsOf)
	if err != nil {
		return fmt.Errorf("manifest %d: as_of: %w", m.Number, err)
	}
	if was <= r.o.AsOf {
		return nil
	}
	if !r.o.ResetClock {
		r.later = was
		return nil
	}
	r.next.ResetClock()
	r.job.command += workspace.ResetClockFlag
	r.report.Command = r.job.command
	r.report.Note("the lake's clock was %s and is now %s. Records that were rejected as too old by the later clock: "+
		"`tollbook ingest --retry-rejects` tries them again", was, r.o.AsOf)
	return nil
}

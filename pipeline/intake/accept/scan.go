package accept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/settings"
)

// File is one feed file of a run.
type File struct {
	Feed, Name string // Name below inbox/
	Hash       string
	Stamp      string // inbox.Hashes.SettledStamp
	Bytes      int64
	Ranges     []feed.Range // parts that are read separately; nil = a text is read in one piece
	Fault      error        // why the file fails as a whole; none of its rows are taken
	Deferred   error        // why the file is left for the next run: an *inbox.ChangedError
	Header     string       // what must precede a raw record to parse it again

	Rows                          int64
	Accepted, Duplicate, Rejected int64 // complete only after the fold
	First, Last                   period.Day
}

// Scanned is the result of a scan.
type Scanned struct {
	Files     []*File // in order of feed and name; a row's File indexes it
	Usage     []*Run
	Bandwidth []*Run
	Regions   *Regions
	Parts     Parts
	tasks     []*task // in the order of files and rows
	scratch   []scratchFile
	released  errgroup.Group // closes scratch files
	held      atomic.Int64   // bytes of runs in memory
	mu        sync.Mutex
}

// Taken reports whether the rows of a file count.
func (s *Scanned) Taken(file int32) bool {
	return s.Files[file].Fault == nil && s.Files[file].Deferred == nil
}

// task is a part of one file that one worker reads.
type task struct {
	file     int32
	from, to int         // row groups
	text     *feed.Range // nil = not a range of a text
	bytes    int64       // of the part
	first    int64
	rejects  spool

	fault, deferred error // of the part of the file that the task read
	run             *Run  // with its rows, if they are in a file with those of other parts
}

// Scan reads all files, checks every record by itself, and returns sorted runs of the records that passed. An error is
// one of the environment. A file that fails as a whole, or that no longer has the hashed content after the scan, is
// marked and skipped.
func Scan(ctx context.Context, cfg *Config, files []*File) (*Scanned, error) {
	s := &Scanned{Files: files, Regions: NewRegions()}
	lim := newLimits(cfg)
	s.Parts = lim.parts
	if err := s.plan(cfg); err != nil {
		return nil, err
	}
	err := s.run(ctx, cfg, lim)
	s.blame(s.tasks)
	for i := 0; i < len(files) && err == nil; i++ {
		err = files[i].inspect(cfg)
	}
	if err == nil {
		err = s.leave(cfg, s.tasks)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// run reads all tasks.
func (s *Scanned) run(ctx context.Context, cfg *Config, lim *limits) error {
	if !cfg.separate() {
		return s.readAll(ctx, cfg, lim, s.tasks)
	}
	var apart, here []*task
	for _, t := range s.tasks {
		if s.apart(t) {
			apart = append(apart, t)
		} else {
			here = append(here, t)
		}
	}
	if err := s.readAll(ctx, cfg, lim, here); err != nil {
		return err
	}
	return s.readApart(ctx, cfg, lim, apart)
}

// readAll reads tasks with workers. A worker collects the rows of all its tasks.
func (s *Scanned) readAll(ctx context.Context, cfg *Config, lim *limits, tasks []*task) error {
	var next, done atomic.Int64
	total := int64(len(tasks))
	group, ctx := errgroup.WithContext(ctx)
	for range max(1, min(cfg.Workers, len(tasks))) {
		group.Go(func() error {
			w := newWorker(cfg, lim, s)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					break
				}
				last := total-int64(i) < int64(cfg.Workers) // fewer tasks are left than there are workers
				found, err := w.run(ctx, tasks[i], s.Files[tasks[i].file], last)
				if err != nil {
					return err
				}
				s.add(tasks[i], found)
				if cfg.Progress != nil {
					cfg.Progress("read feeds", done.Add(1), total)
				}
			}
			return w.end()
		})
	}
	return group.Wait()
}

// add adds the findings of a task to its file.
func (s *Scanned) add(t *task, found *found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.Files[t.file]
	t.first, t.fault, t.deferred, f.Header = found.first, found.fault, found.deferred, found.header
	f.Rows += found.rows
	f.Rejected += found.rejected
	if found.firstDay <= found.lastDay {
		if f.First == 0 && f.Last == 0 {
			f.First, f.Last = found.firstDay, found.lastDay
		}
		f.First, f.Last = min(f.First, found.firstDay), max(f.Last, found.lastDay)
	}
}

// blame marks files that fail as a whole or are left for the next run. The first task that reports it decides; tasks
// are in the order of the rows. If one task of a file fails, the rows of all its tasks are ignored (INGEST-3).
func (s *Scanned) blame(tasks []*task) {
	for _, t := range tasks {
		f := s.Files[t.file]
		if f.Fault == nil {
			f.Fault = t.fault
		}
		if f.Deferred == nil {
			f.Deferred = t.deferred
		}
	}
}

// leave removes the parts of runs in which all rows belong to files that are not taken, so that a day with only such
// rows is not rated. Other rows of these files are skipped when the runs are read.
func (s *Scanned) leave(cfg *Config, tasks []*task) error {
	some := false
	for i, f := range s.Files {
		some = some || !s.Taken(int32(i)) && ByItself(f.Feed) && f.Rows > f.Rejected
	}
	if !some {
		return nil
	}
	taken, left := make(map[*Run]bool), make(map[*Run]bool) // runs with rows of such files
	for _, t := range tasks {
		taken[t.run], left[t.run] = taken[t.run] || s.Taken(t.file), left[t.run] || !s.Taken(t.file)
	}
	for _, runs := range []*[]*Run{&s.Usage, &s.Bandwidth} {
		*runs = slices.DeleteFunc(*runs, func(r *Run) bool { return left[r] && !taken[r] })
		mixed := slices.DeleteFunc(slices.Clone(*runs), func(r *Run) bool { return taken[r] && !left[r] })
		if err := Without(mixed, s.Taken, &Buffers{Temp: cfg.Txn}); err != nil {
			return err
		}
	}
	return nil
}

// inspect marks a file whose content is no longer the hashed one: then neither its rows nor its faults count.
func (f *File) inspect(cfg *Config) error {
	if cfg.Still == nil || f.Deferred != nil {
		return nil
	}
	err := cfg.Still(cfg.Inbox, f.Name)
	if changed := new(inbox.ChangedError); errors.As(err, &changed) {
		f.Deferred, err = err, nil
	}
	return err
}

// judge returns what an error in reading a file means for the run: nil if the file fails as a whole, or is left because
// it changed.
func (f *File) judge(cfg *Config, err error) error {
	if err == nil || f.fail(err) {
		return nil
	}
	if unknown := f.inspect(cfg); unknown != nil || f.Deferred == nil {
		return errors.Join(err, unknown)
	}
	return nil
}

// Release removes the scratch files of runs after the buckets were rated, and begins to close them. Closing a large
// file takes time, because the system frees its page cache; the rest of the run does not wait for it.
func (s *Scanned) Release(cfg *Config) error {
	closed := make(chan scratchFile, len(s.scratch))
	for _, f := range s.scratch {
		if err := cfg.Txn.RemoveTemp(f.name); err != nil {
			return err
		}
		closed <- f
	}
	close(closed)
	s.scratch = nil
	for range max(1, cfg.Workers) {
		s.released.Go(func() error {
			var errs []error
			for f := range closed {
				errs = append(errs, f.Close())
			}
			return errors.Join(errs...)
		})
	}
	return nil
}

// Discard frees the rows of a bucket in the scratch files of this process after the bucket was rated. The system can
// then use their page cache for the next buckets, and need not write these rows to the disk.
func (s *Scanned) Discard(txn *lake.SubTxn, bucket int) {
	first, last := s.Parts.Bucket(bucket)
	for _, f := range s.scratch {
		if f.run == nil {
			continue
		}
		off, n := f.run.Extent(first, last)
		txn.DiscardTemp(f.name, off, n)
	}
}

// Close closes the scratch files and waits for those that are being closed.
func (s *Scanned) Close() error {
	errs := []error{s.released.Wait()}
	for _, f := range s.scratch {
		errs = append(errs, f.Close())
	}
	s.scratch = nil
	return errors.Join(errs...)
}

func newLimits(cfg *Config) *limits {
	zone := cfg.Books.Zone
	oldest := max(zone.Cycle(cfg.AsOf).Add(-cfg.Settings.Usage.MaxAgeMonths), cfg.Archived+1)
	lim := &limits{
		latest: cfg.AsOf + period.Instant(cfg.Settings.Usage.FutureTolerance),
		oldest: zone.Bounds(oldest).From,
		parts:  newParts(oldest),
	}
	customers := cfg.Books.Customers
	lim.known = make([]known, len(customers))
	lim.customers = make(map[string]int32, len(customers))
	for i := range customers {
		list, valid := cfg.Prices.FirstList(int32(i))
		lim.known[i] = known{valid, int32(i), int32(lake.BucketOf(customers[i].ID, cfg.Settings.Lake.Buckets)), list}
		lim.customers[customers[i].ID] = int32(i)
	}
	return lim
}

// plan divides the files into tasks: one per row group of a Parquet file, or per several if tasks are separate, one per
// range of a text that has ranges, and one for every other file.
func (s *Scanned) plan(cfg *Config) error {
	for i, f := range s.Files {
		for r := range f.Ranges {
			text := &f.Ranges[r]
			s.tasks = append(s.tasks, &task{file: int32(i), to: 1, text: text, bytes: text.To - text.From})
		}
		if f.Ranges != nil {
			continue
		}
		groups, err := cfg.Feed.Groups(cfg.Inbox, f.Name, f.Bytes, cfg.spec(f.Feed), cfg.readOptions())
		if err != nil {
			if err := f.judge(cfg, err); err != nil {
				return err
			}
			continue
		}
		var list []*task
		for g, bytes := range groups {
			list = append(list, &task{file: int32(i), from: g, to: g + 1, bytes: bytes})
		}
		for _, several := range chunks(list, cfg.taskBytes()) {
			t := several[0]
			for _, next := range several[1:] {
				t.to, t.bytes = next.to, t.bytes+next.bytes
			}
			s.tasks = append(s.tasks, t)
		}
	}
	return nil
}

// chunks divides a list of parts into chunks of at least the given size each, if there is that much.
func chunks(list []*task, least int64) (divided [][]*task) {
	left, from, bytes := int64(0), 0, int64(0)
	for _, t := range list {
		left += t.bytes
	}
	for i, t := range list {
		bytes, left = bytes+t.bytes, left-t.bytes
		if bytes >= least && left >= least || i+1 == len(list) {
			divided = append(divided, list[from:i+1])
			from, bytes = i+1, 0
		}
	}
	return divided
}

func (c *Config) readOptions() feed.ReadOptions { return feed.ReadOptions{BatchRows: c.BatchRows} }

// Feeds lists the feeds that a run ingests, by name.
func Feeds() []*feed.Spec {
	return []*feed.Spec{
		feed.AccountsSpec(),
		feed.AdjustmentsSpec(),
		feed.BandwidthSpec(),
		feed.CouponsSpec(),
		feed.FundEventsSpec(),
		feed.IncentiveEventsSpec(),
		feed.InvoicesSpec(),
		feed.OrdersSpec(),
		feed.PartnerAccountsSpec(),
		feed.TransfersSpec(),
		feed.UsageSpec(),
		feed.WithdrawalsSpec(),
	}
}

// spec returns the feed of a folder below inbox/, with the senders' own columns that the books count.
func (c *Config) spec(name string) *feed.Spec {
	for _, s := range Feeds() {
		if s.Name == name && name != "usage" {
			return s
		}
	}
	spec := feed.UsageSpec().With(c.Books.OwnColumns())
	if c.Books.AnySigned() {
		return spec.WithSigned()
	}
	return spec
}

// fail marks the file if err means that it fails as a whole.
func (f *File) fail(err error) bool {
	var whole *feed.FormError
	if !errors.As(err, &whole) {
		return false
	}
	f.Fault = err
	return true
}

// found is the result of a task without its rows and rejects.
type found struct {
	first             int64  // row number of its first row; 0 = it has none
	header            string // see File
	rows, rejected    int64
	firstDay, lastDay period.Day // of accepted rows; none if lastDay is before firstDay
	fault, deferred   error      // of its file
}

// worker reads tasks one after the other and collects their rows in its chunks.
type worker struct {
	cfg     *Config
	scanned *Scanned
	check   *acceptor
	chunks  *[2]Chunk // usage, bandwidth
	runs    [2][]*Run // in scratch files
	held    [2][]*Run // in memory
	scratch []scratchFile
	rejects spool  // of the parts of a separate task
	raw     []byte // of the last reject
	file    *File
	task    *task
	batch   *feed.Batch
	slot    int // index in chunks: 0 usage, 1 bandwidth
	found   found
}

func newWorker(cfg *Config, lim *limits, s *Scanned) *worker {
	w := &worker{cfg: cfg, scanned: s, check: newAcceptor(cfg, lim, s.Regions)}
	w.use(new([2]Chunk))
	return w
}

// use makes the worker collect rows in empty chunks.
func (w *worker) use(chunks *[2]Chunk) {
	for i := range chunks {
		chunks[i].SegmentRows = w.cfg.SegmentRows
	}
	w.chunks = chunks
}

// run reads one task to its end or until the file fails. With ahead it uses more than one core.
func (w *worker) run(ctx context.Context, t *task, f *File, ahead bool) (*found, error) {
	t.rejects.txn = w.cfg.Txn
	w.file, w.task, w.slot = f, t, 0
	if f.Feed == "bandwidth" {
		w.slot = 1
	}
	w.found = found{firstDay: 1 << 30, lastDay: -1 << 30}
	ours, err := w.read(ctx, t, f, ahead)
	out := w.found
	if !ours && err != nil {
		judged := File{Name: f.Name}
		err = judged.judge(w.cfg, err)
		out.fault, out.deferred = judged.Fault, judged.Deferred
	}
	if err != nil {
		return nil, fmt.Errorf("read inbox/%s: %w", f.Name, err)
	}
	return &out, nil
}

// read reads a task's rows. ours reports that the error does not come from reading the file.
func (w *worker) read(ctx context.Context, t *task, f *File, ahead bool) (ours bool, err error) {
	if (f.Feed == "partner_accounts" || f.Feed == "withdrawals") && w.cfg.Settings.Payments != settings.Ledger {
		return false, &feed.FormError{File: f.Name, Text: "partners' accounts need payments: ledger",
			Hint: "set payments: ledger in tollbook.yaml, or remove the file"}
	}
	opts := w.cfg.readOptions()
	opts.Ahead = ahead
	r, err := t.open(w.cfg, f, opts)
	if err != nil {
		return false, err
	}
	defer r.Close()
	w.found.header = string(r.Header())
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if w.found.first == 0 {
			w.found.first = b.First
		}
		w.batch = b
		w.found.rows += int64(b.Len())
		err = w.take(b, t.file)
		b.Release()
		if err != nil {
			return true, err
		}
	}
}

// open opens the part of the file that a task reads.
func (t *task) open(cfg *Config, f *File, opts feed.ReadOptions) (feed.Reader, error) {
	if t.text != nil {
		return cfg.Feed.OpenText(cfg.Inbox, f.Name, cfg.spec(f.Feed), opts, *t.text)
	}
	return cfg.Feed.OpenRange(cfg.Inbox, f.Name, cfg.spec(f.Feed), opts, t.from, t.to)
}

// take checks a batch according to its feed.
func (w *worker) take(b *feed.Batch, file int32) error {
	switch w.file.Feed {
	case "usage":
		return w.check.usage(b, file, w)
	case "bandwidth":
		return w.check.bandwidth(b, file, w)
	}
	fields := func(i int) map[string]string { return feed.Fields(w.found.header, b.Raw(nil, i)) }
	return w.cfg.Events.Batch(w.cfg.spec(w.file.Feed), b, file, fields, w.reject)
}

// keep implements sink.
func (w *worker) keep(part RunPart, day period.Day, r *Record) error {
	c := w.chunk()
	c.Add(part, r)
	return w.kept(c, day)
}

// keepSample implements sink.
func (w *worker) keepSample(part RunPart, day period.Day, s *Sample) error {
	c := w.chunk()
	c.AddSample(part, s)
	return w.kept(c, day)
}

// chunk returns the chunk of the file's feed and reserves memory for more rows.
func (w *worker) chunk() *Chunk {
	c := &w.chunks[w.slot]
	c.Reserve(w.cfg.chunkBytes())
	return c
}

// kept turns the chunk into a sorted run if it is full. day is the day of the row that was added.
func (w *worker) kept(c *Chunk, day period.Day) error {
	w.found.firstDay, w.found.lastDay = min(w.found.firstDay, day), max(w.found.lastDay, day)
	if c.Size() < w.cfg.chunkBytes() {
		return nil
	}
	return w.flush(w.slot)
}

// reject implements sink.
func (w *worker) reject(index int, column string, why reason.Reason, value, id string) error {
	w.found.rejected++
	w.raw = w.batch.Raw(w.raw[:0], index)
	x := &Reject{Row: w.batch.First + int64(index), Column: column, Reason: why, Value: value, ID: id, Raw: w.raw,
		Who: w.identity(index, column, why)}
	if w.cfg.Rejected != nil {
		w.cfg.Rejected(w.file.Feed, w.found.header, x)
	}
	return w.task.rejects.add(x)
}

// identity returns the identity of a rejected usage record or sample. It is that of its raw record (RejectRow), which
// need not be parsed again for it.
func (w *worker) identity(i int, column string, why reason.Reason) (none RejectIdentity) {
	if column == "" && why == reason.BadRow {
		return none
	}
	col := w.batch.Rows.Column
	switch w.file.Feed {
	case "usage":
		customer, start, record := col(uCustomer), col(uStart), col(uRecord)
		if customer.IsValid(i) && start.IsValid(i) && record.IsValid(i) {
			t := period.Instant(start.(*array.Timestamp).Value(i))
			return UsageIdentity(word(customer.(*array.Dictionary), i), w.check.clock.Cycle(t),
				record.(*array.String).Value(i))
		}
	case "bandwidth":
		if link, at := col(bResource), col(bTime); link.IsValid(i) && at.IsValid(i) {
			t := period.Instant(at.(*array.Timestamp).Value(i))
			return SampleIdentity(word(link.(*array.Dictionary), i), percentile.SlotOf(t).Start())
		}
	}
	return none
}

// openRuns is the largest number of sorted runs of all workers: each needs an open file, and a read buffer in every
// merge.
const openRuns = 384

// flush turns a chunk into a sorted run: in memory while the limit allows, else in a scratch file. It joins the
// worker's runs in files when there are too many.
func (w *worker) flush(slot int) error {
	if w.scanned.hold(int64(w.chunks[slot].Bytes()), w.cfg.heldBytes()) {
		w.held[slot] = append(w.held[slot], w.chunks[slot].Hold())
		return nil
	}
	run, err := w.scratchRun(func(f io.Writer, open func() (io.ReaderAt, error)) (*Run, error) {
		return w.chunks[slot].Flush(f, open)
	})
	if err != nil {
		return err
	}
	w.runs[slot] = append(w.runs[slot], run)
	if len(w.runs[slot]) < max(2, openRuns/max(1, w.cfg.Workers)/2) {
		return nil
	}
	old := w.runs[slot]
	joined, err := w.scratchRun(func(f io.Writer, open func() (io.ReaderAt, error)) (*Run, error) {
		return Join(old, &Buffers{}, f, open)
	})
	if err != nil {
		return err
	}
	w.runs[slot] = []*Run{joined}
	return w.dropScratch(old)
}

// scratchRun writes a run to a scratch file, which stays open for reading.
func (w *worker) scratchRun(write func(io.Writer, func() (io.ReaderAt, error)) (*Run, error)) (*Run,
	error) {
	f, err := w.cfg.Txn.CreateTemp("run")
	if err != nil {
		return nil, err
	}
	at := len(w.scratch)
	run, err := write(f, func() (io.ReaderAt, error) {
		if err := f.Close(); err != nil {
			return nil, err
		}
		r, err := w.cfg.Txn.OpenTemp(f.Name())
		if err == nil {
			w.scratch = append(w.scratch, scratchFile{ReadFile: r, name: f.Name()})
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	w.scratch[at].run = run
	return run, nil
}

// scratchFile is the open file of a run, with its name in the lake.
type scratchFile struct {
	storage.ReadFile
	name string
	run  *Run // nil = another process may read it too
}

// dropScratch closes and deletes the files of runs that were joined.
func (w *worker) dropScratch(old []*Run) error {
	kept := w.scratch[:0]
	var errs []error
	for _, f := range w.scratch {
		if slices.Contains(old, f.run) {
			errs = append(errs, f.Close(), w.cfg.Txn.RemoveTemp(f.name))
			continue
		}
		kept = append(kept, f)
	}
	w.scratch = kept
	return errors.Join(errs...)
}

// hold reserves memory for a run of that size and reports whether the limit allows it.
func (s *Scanned) hold(size, limit int64) bool {
	if s.held.Add(size) <= limit {
		return true
	}
	s.held.Add(-size)
	return false
}

// end passes the worker's runs to the scan and frees the memory of its chunks. Rows that never filled a chunk stay in
// memory.
func (w *worker) end() error {
	for slot := range w.chunks {
		if w.chunks[slot].Len() == 0 {
			continue
		}
		if len(w.runs[slot]) > 0 {
			if err := w.flush(slot); err != nil {
				return err
			}
			continue
		}
		w.held[slot] = append(w.held[slot], w.chunks[slot].Hold())
	}
	w.chunks = new([2]Chunk)
	w.scanned.mu.Lock()
	defer w.scanned.mu.Unlock()
	w.scanned.Usage = slices.Concat(w.scanned.Usage, w.held[0], w.runs[0])
	w.scanned.Bandwidth = slices.Concat(w.scanned.Bandwidth, w.held[1], w.runs[1])
	w.scanned.scratch = append(w.scanned.scratch, w.scratch...)
	return nil
}

// Raw returns the original records of the given rows of a file, by row. It reads the file again and returns an error if
// the file changed.
func (s *Scanned) Raw(ctx context.Context, cfg *Config, file int32, rows []int64) (map[int64][]byte, error) {
	slices.Sort(rows)
	out := make(map[int64][]byte, len(rows))
	tasks := s.tasksOf(file)
	for i, t := range tasks {
		last := int64(1<<62 - 1)
		if i+1 < len(tasks) && tasks[i+1].first > 0 {
			last = tasks[i+1].first - 1
		}
		at, _ := slices.BinarySearch(rows, t.first)
		if t.first == 0 || at == len(rows) || rows[at] > last {
			continue
		}
		if err := s.rawOf(ctx, cfg, t, rows[at:], out); err != nil {
			return nil, errors.Join(s.still(cfg, file), fmt.Errorf("read inbox/%s again: %w", s.Files[file].Name, err))
		}
	}
	return out, s.still(cfg, file)
}

// tasksOf returns the tasks of a file in the order of its rows.
func (s *Scanned) tasksOf(file int32) []*task {
	compare := func(t *task, file int32) int { return cmp.Compare(t.file, file) }
	from, _ := slices.BinarySearchFunc(s.tasks, file, compare)
	to, _ := slices.BinarySearchFunc(s.tasks, file+1, compare)
	return s.tasks[from:to]
}

// still returns an error if a file changed after its rows were taken: the run can no longer leave it out.
func (s *Scanned) still(cfg *Config, file int32) error {
	if cfg.Still == nil {
		return nil
	}
	if err := cfg.Still(cfg.Inbox, s.Files[file].Name); err != nil {
		return fmt.Errorf("read rejected records again: %w", err)
	}
	return nil
}

// rawOf reads the wanted rows of a task; rows are ascending.
func (s *Scanned) rawOf(ctx context.Context, cfg *Config, t *task, rows []int64, out map[int64][]byte) error {
	f := s.Files[t.file]
	r, err := t.open(cfg, f, cfg.readOptions())
	if err != nil {
		return err
	}
	defer r.Close()
	for len(rows) > 0 {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for len(rows) > 0 && rows[0] < b.First+int64(b.Len()) {
			out[rows[0]] = b.Raw(nil, int(rows[0]-b.First))
			rows = rows[1:]
		}
		b.Release()
	}
	return nil
}

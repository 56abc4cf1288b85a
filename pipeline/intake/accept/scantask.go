package accept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	tasks "github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// scanTask reads parts of usage or bandwidth files.
type scanTask struct {
	Task  int        `json:"task"` // number in the scan
	Feed  string     `json:"feed"`
	Parts []scanPart `json:"parts"`
}

// scanPart is a part of a file.
type scanPart struct {
	File int32  `json:"file"`
	Name []byte `json:"name"`
	Hash string `json:"hash"` // "" = the file cannot change
	// Stamp is the file's stamp when it was hashed (inbox.Stamp); "" = unknown, or a change might not alter it
	Stamp string      `json:"stamp"`
	From  int         `json:"from"` // row groups
	To    int         `json:"to"`
	Text  *feed.Range `json:"text"` // range of a text; null = all of it, or Parquet
}

// scanResult is the result of a scanTask.
type scanResult struct {
	Task  int          `json:"task"`
	Parts []partResult `json:"parts"`
	Run   *storedRun   `json:"run"` // accepted rows, sorted; nil = none
	// Rejects are those of one part after those of the other; nil = none
	Rejects *storedFile `json:"rejects"`
}

// partResult is the result of a scanPart without its rows.
type partResult struct {
	First    int64      `json:"first"`
	Header   []byte     `json:"header"`
	Rows     int64      `json:"rows"`
	Rejected int64      `json:"rejected"`
	FirstDay period.Day `json:"first_day"`
	LastDay  period.Day `json:"last_day"`
	Fault    *fileFault `json:"fault"`
	Deferred *fileFault `json:"deferred"`
	Rejects  int64      `json:"rejects"` // end of its rejects in the file of the task
}

// storedFile is a temporary file of the lake.
type storedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// storedRun is the file of a run with a footer.
type storedRun struct {
	storedFile
	Rows int64 `json:"rows"` // bytes before the footer
}

// fileFault encodes a *feed.FormError or an *inbox.ChangedError with the text of the error that wraps it.
type fileFault struct {
	Text   []byte `json:"text"`
	File   []byte `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	What   []byte `json:"what"`
	Hint   []byte `json:"hint"`
}

// wrapped is a decoded error with its original text.
type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.err }

func faultOf(err error) *fileFault {
	if e := new(feed.FormError); errors.As(err, &e) {
		return &fileFault{[]byte(err.Error()), []byte(e.File), e.Line, e.Column, []byte(e.Text), []byte(e.Hint)}
	}
	if e := new(inbox.ChangedError); errors.As(err, &e) {
		return &fileFault{Text: []byte(err.Error()), File: []byte(e.File), What: []byte(e.How), Hint: []byte{}}
	}
	return nil
}

// fault returns the error of a file that fails; deferred returns that of one that changed. nil = none.
func (f *fileFault) fault() error {
	if f == nil {
		return nil
	}
	e := &feed.FormError{File: string(f.File), Line: f.Line, Column: f.Column, Text: string(f.What),
		Hint: string(f.Hint)}
	return &wrapped{string(f.Text), e}
}

func (f *fileFault) deferred() error {
	if f == nil {
		return nil
	}
	return &wrapped{string(f.Text), &inbox.ChangedError{File: string(f.File), How: string(f.What)}}
}

// readApart does tasks separately: results go through files, and each task numbers its own regions.
func (s *Scanned) readApart(ctx context.Context, cfg *Config, lim *limits, list []*task) error {
	var pieces [][]*task // by task
	for _, feed := range []string{"bandwidth", "usage"} {
		other := func(t *task) bool { return s.Files[t.file].Feed != feed }
		pieces = append(pieces, chunks(slices.DeleteFunc(slices.Clone(list), other), cfg.taskBytes())...)
	}
	var todo []*scanTask
	for i, several := range pieces {
		one := &scanTask{Task: i, Feed: s.Files[several[0].file].Feed}
		for _, t := range several {
			f := s.Files[t.file]
			p := scanPart{File: t.file, Name: []byte(f.Name), From: t.from, To: t.to, Text: t.text}
			if cfg.Still != nil {
				p.Hash, p.Stamp = f.Hash, f.Stamp
			}
			one.Parts = append(one.Parts, p)
		}
		todo = append(todo, one)
	}
	done := int64(0)
	engine := tasks.LocalTasks{Workers: cfg.Workers, Bytes: true, Elsewhere: cfg.Elsewhere}
	return tasks.RunTasks(ctx, engine, tasks.TaskStage[scanTask, scanResult]{
		Kind: ScanTask, Tasks: todo,
		Worker: func() func(context.Context, *scanTask) (*scanResult, error) {
			keep := func(f storage.File, _ string, _ []byte) (string, error) { return f.Name(), f.Close() }
			return func(ctx context.Context, t *scanTask) (*scanResult, error) {
				return scanApart(ctx, cfg, lim, t, keep, false)
			}
		},
		Take: func(r *scanResult) error {
			if r.Task < 0 || r.Task >= len(pieces) {
				return fmt.Errorf("take the result of scan task %d: there are %d", r.Task, len(pieces))
			}
			if done++; cfg.Progress != nil {
				cfg.Progress("read feeds", done, int64(len(pieces)))
			}
			return s.take(cfg, pieces[r.Task], r)
		},
	})
}

// ScanTask is the kind of tasks that read usage and bandwidth.
const ScanTask = "scan"

// DoTask does a scan task for a run that is shared by several processes, and returns its result. The result's files are
// objects of the run.
func DoTask(ctx context.Context, cfg *Config, b []byte) ([]byte, error) {
	lim := newLimits(cfg)
	return tasks.DoTask(ctx, ScanTask, b, func(ctx context.Context, t *scanTask) (*scanResult, error) {
		return scanApart(ctx, cfg, lim, t, cfg.Txn.KeepShared, true)
	})
}

// sameHash returns an *inbox.ChangedError if a file does not have a hash.
func sameHash(fsys fs.FS, name, want string) error {
	hash, _, err := inbox.Hash(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &inbox.ChangedError{File: name, How: "was removed"}
	case err == nil && hash != want:
		return &inbox.ChangedError{File: name, How: "was written to"}
	}
	return err
}

// stillPlanned checks that a file that was read has the content that a run was planned with; else it returns an
// *inbox.ChangedError. planned is its stamp in the plan, before that before it was read. A later check by the run's
// process would miss a change that was undone.
func stillPlanned(fsys fs.FS, name, hash, planned, before string) error {
	if before != "" && before == planned && before == stampOf(fsys, name) {
		return nil
	}
	if err := sameHash(fsys, name, hash); err != nil {
		return err
	}
	if stampOf(fsys, name) != before {
		return &inbox.ChangedError{File: name, How: "was written to"}
	}
	return nil
}

// ReadPlanned calls read, which reads a file of a plan. If what it read need not be the content of the plan, the error
// is an *inbox.ChangedError, whatever the error of read is.
func ReadPlanned(fsys fs.FS, f *File, read func() error) error {
	before := stampOf(fsys, f.Name)
	err := read()
	if changed := stillPlanned(fsys, f.Name, f.Hash, f.Stamp, before); changed != nil {
		return changed
	}
	return err
}

// stampOf returns the stamp of a file; "" if it is unknown. Reading the file reports errors.
func stampOf(fsys fs.FS, name string) string {
	text, _ := inbox.StampOf(fsys, name)
	return text
}

// Deferred returns the indexes of the files that are not taken.
func (s *Scanned) Deferred() []int32 {
	deferred := []int32{}
	for i := range s.Files {
		if !s.Taken(int32(i)) {
			deferred = append(deferred, int32(i))
		}
	}
	return deferred
}

// errDeferred is the error of a file that the scanning process did not take.
var errDeferred = errors.New("it is not taken")

// DoneTask is a task that another process did, and its result.
type DoneTask struct {
	Task   []byte `json:"task"`
	Result []byte `json:"result"`
}

// Recall rebuilds the result of a scan done by other processes from its tasks and the files that were deferred
// (Deferred). It has only usage and bandwidth.
func Recall(cfg *Config, files []*File, done []DoneTask, deferred []int32) (*Scanned, error) {
	s := &Scanned{Files: files, Regions: NewRegions(), Parts: newLimits(cfg).parts}
	for i, one := range done {
		if err := s.recall(cfg, &one); err != nil {
			return nil, errors.Join(fmt.Errorf("scan task %d: %w", i, err), s.Close())
		}
	}
	s.blame(s.tasks)
	for _, i := range deferred {
		if i < 0 || int(i) >= len(files) {
			return nil, errors.Join(fmt.Errorf("file %d is deferred, the run has %d", i, len(files)), s.Close())
		}
		files[i].Deferred = cmp.Or(files[i].Deferred, errDeferred)
	}
	return s, s.leave(cfg, s.tasks)
}

func (s *Scanned) recall(cfg *Config, done *DoneTask) error {
	t, r := new(scanTask), new(scanResult)
	err := errors.Join(tasks.DecodeTask(ScanTask+" task", done.Task, t),
		tasks.DecodeTask(ScanTask+" result", done.Result, r))
	if err != nil {
		return err
	}
	var pieces []*task
	for _, p := range t.Parts {
		if p.File < 0 || int(p.File) >= len(s.Files) {
			return fmt.Errorf("it is of file %d, the run has %d", p.File, len(s.Files))
		}
		pieces = append(pieces, p.piece())
	}
	s.tasks = append(s.tasks, pieces...)
	return s.take(cfg, pieces, r)
}

func (p *scanPart) piece() *task { return &task{file: p.File, from: p.From, to: p.To, text: p.Text} }

// apart reports whether a task can be done separately. Other tasks add their rows to Config.Events.
func (s *Scanned) apart(t *task) bool {
	return ByItself(s.Files[t.file].Feed)
}

// ByItself reports whether the files of a feed are read by separate scan tasks.
func ByItself(feed string) bool { return feed == "usage" || feed == "bandwidth" }

// keepFile closes a file of a task's result and returns its name. The content is known by digest, if it is not nil.
type keepFile func(f storage.File, kind string, digest []byte) (name string, err error)

// freeChunks are the empty chunks of ended scan tasks, with the memory that the next task needs.
var freeChunks = sync.Pool{New: func() any { return new([2]Chunk) }}

// scanApart does a scan task. With elsewhere, files can change after their hashes were found by another process.
func scanApart(ctx context.Context, cfg *Config, lim *limits, t *scanTask, keep keepFile, elsewhere bool) (
	r *scanResult, err error) {
	own := *cfg
	own.Workers, own.Rejected, own.apart = 1, nil, true
	s := &Scanned{Regions: NewRegions(), Parts: lim.parts}
	defer func() { err = errors.Join(err, s.Close()) }()
	w := newWorker(&own, lim, s)
	w.use(freeChunks.Get().(*[2]Chunk))
	r = &scanResult{Task: t.Task}
	for i := range t.Parts {
		p := &t.Parts[i]
		read := w.readPart
		if elsewhere && p.Hash != "" {
			read = w.readPlanned
		}
		done, err := read(ctx, t.Feed, p)
		if err != nil {
			return nil, errors.Join(err, w.drop())
		}
		r.Parts = append(r.Parts, *done)
	}
	if r.Run, err = w.store(t.Task, keep); err != nil {
		return nil, err
	}
	r.Rejects, err = w.rejects.store(keep)
	freeChunks.Put(w.chunks) // all of their rows are stored
	return r, err
}

// readPart reads a part of a task.
func (w *worker) readPart(ctx context.Context, feed string, p *scanPart) (*partResult, error) {
	piece := p.piece()
	piece.rejects = w.rejects
	found, err := w.run(ctx, piece, &File{Feed: feed, Name: string(p.Name), Hash: p.Hash}, false)
	if err != nil {
		return nil, err
	}
	w.rejects = piece.rejects
	return &partResult{First: found.first, Header: []byte(found.header), Rows: found.rows, Rejected: found.rejected,
		FirstDay: found.firstDay, LastDay: found.lastDay, Fault: faultOf(found.fault),
		Deferred: faultOf(found.deferred), Rejects: w.rejects.onDisk + int64(len(w.rejects.buf))}, nil
}

// readPlanned is readPart for a part that must have the content that the run was planned with.
func (w *worker) readPlanned(ctx context.Context, feed string, p *scanPart) (*partResult, error) {
	w.cfg.Still = func(fsys fs.FS, name string) error { return sameHash(fsys, name, p.Hash) }
	before := stampOf(w.cfg.Inbox, string(p.Name))
	r, err := w.readPart(ctx, feed, p)
	if err != nil || r.Deferred != nil {
		return r, err
	}
	err = stillPlanned(w.cfg.Inbox, string(p.Name), p.Hash, p.Stamp, before)
	if changed := faultOf(err); changed != nil {
		r.Fault, r.Deferred, err = nil, changed, nil
	}
	return r, err
}

// drop closes the scratch files of a worker that failed.
func (w *worker) drop() error {
	var errs []error
	for _, f := range w.scratch {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// store writes the rows of the only task of a worker, which has a number, into one file, with the words of their region
// codes.
func (w *worker) store(number int, keep keepFile) (*storedRun, error) {
	chunk, runs := &w.chunks[w.slot], w.runs[w.slot]
	if len(runs) > 0 {
		if err := w.end(); err != nil {
			return nil, err
		}
		runs = slices.Concat(w.scanned.Usage, w.scanned.Bandwidth) // of one feed
	} else if chunk.Len() == 0 {
		return nil, nil
	}
	f, err := w.cfg.Txn.CreateTemp("run")
	if err != nil {
		return nil, err
	}
	var run *Run
	if len(runs) > 0 {
		run, err = Join(runs, &Buffers{}, f, func() (io.ReaderAt, error) { return nil, nil })
	} else {
		run, err = chunk.Store(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	end, err := run.Footer(w.scanned.Regions.names)
	if err == nil {
		_, err = f.Write(end)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// The footer has the checksums of all rows; they need not differ between two tasks.
	name, err := keep(f, "rows", fmt.Appendf(nil, "scan task %d: %s", number, end))
	if err != nil {
		return nil, err
	}
	out := &storedRun{storedFile{name, run.Size() + int64(len(end))}, run.Size()}
	for _, old := range w.scanned.scratch {
		if err := errors.Join(old.Close(), w.cfg.Txn.RemoveTemp(old.name)); err != nil {
			return nil, err
		}
	}
	w.scanned.scratch = nil
	return out, nil
}

// store writes all rejects of a spool to its file.
func (s *spool) store(keep keepFile) (*storedFile, error) {
	if len(s.buf) > 0 {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	if s.file == nil {
		return nil, nil
	}
	name, err := keep(s.file, "rejects", nil)
	return &storedFile{name, s.onDisk}, err
}

// take adds the result of a scan task, which read pieces.
func (s *Scanned) take(cfg *Config, pieces []*task, r *scanResult) error {
	if len(r.Parts) != len(pieces) {
		return fmt.Errorf("the result of a scan task has %d parts, want %d", len(r.Parts), len(pieces))
	}
	rejects := spool{txn: cfg.Txn, kept: true}
	if r.Rejects != nil {
		rejects.name = r.Rejects.Name
	}
	for i, t := range pieces {
		rejects.from, rejects.onDisk = rejects.onDisk, r.Parts[i].Rejects
		t.rejects = rejects
		if err := s.takePart(cfg, t, &r.Parts[i]); err != nil {
			return err
		}
	}
	if r.Run == nil {
		return nil
	}
	data, err := cfg.Txn.OpenTemp(r.Run.Name)
	if err != nil {
		return err
	}
	s.scratch = append(s.scratch, scratchFile{ReadFile: data, name: r.Run.Name})
	if data.Size() != r.Run.Bytes {
		return fmt.Errorf("%s of a scan task has %d bytes, want %d", r.Run.Name, data.Size(), r.Run.Bytes)
	}
	run, err := OpenStored(data, r.Run.Rows, r.Run.Bytes, s.Regions.Code)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Run.Name, err)
	}
	for _, t := range pieces {
		t.run = run
	}
	if s.Files[pieces[0].file].Feed == "bandwidth" {
		s.Bandwidth = append(s.Bandwidth, run)
	} else {
		s.Usage = append(s.Usage, run)
	}
	return nil
}

// takePart adds the result of a part of a scan task, without the accepted rows.
func (s *Scanned) takePart(cfg *Config, t *task, r *partResult) error {
	s.add(t, &found{first: r.First, header: string(r.Header), rows: r.Rows, rejected: r.Rejected, firstDay: r.FirstDay,
		lastDay: r.LastDay, fault: r.Fault.fault(), deferred: r.Deferred.deferred()})
	if cfg.Rejected == nil || t.rejects.name == "" {
		return nil
	}
	return t.rejects.eachOnDisk(t.file, func(x *Reject) error {
		cfg.Rejected(s.Files[t.file].Feed, string(r.Header), x)
		return nil
	})
}

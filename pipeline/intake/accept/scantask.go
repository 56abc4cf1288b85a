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

	"github.com/tollbook/tollbook/pipeline/intake/cuts"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tasks "github.com/tollbook/tollbook/pipeline/lake/task"
	"github.com/tollbook/tollbook/schemas/period"
)

// scanTask reads a part of a usage or bandwidth file.
type scanTask struct {
	Task int    `json:"task"` // number in the scan
	File int32  `json:"file"`
	Feed string `json:"feed"`
	Name []byte `json:"name"`
	Hash string `json:"hash"` // "" = the file cannot change
	// Stamp is the file's stamp when it was hashed (inbox.Stamp); "" = unknown, or a change might not alter it
	Stamp string      `json:"stamp"`
	From  int         `json:"from"` // row groups
	To    int         `json:"to"`
	Text  *cuts.Range `json:"text"` // range of a text; null = all of it, or Parquet
}

// scanResult is the result of a scanTask.
type scanResult struct {
	Task     int         `json:"task"`
	First    int64       `json:"first"`
	Header   []byte      `json:"header"`
	Rows     int64       `json:"rows"`
	Rejected int64       `json:"rejected"`
	FirstDay period.Day  `json:"first_day"`
	LastDay  period.Day  `json:"last_day"`
	Fault    *fileFault  `json:"fault"`
	Deferred *fileFault  `json:"deferred"`
	Run      *storedFile `json:"run"` // accepted rows, sorted; nil = none
	Rejects  *storedFile `json:"rejects"`
}

// storedFile is a temporary file of the lake.
type storedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// fileFault encodes a *feedfile.Error or an *inbox.ChangedError with the text of the error that wraps it.
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
	if e := new(feedfile.Error); errors.As(err, &e) {
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
	e := &feedfile.Error{File: string(f.File), Line: f.Line, Column: f.Column, Text: string(f.What),
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
	var todo []*scanTask
	for i, t := range list {
		f := s.Files[t.file]
		one := &scanTask{Task: i, File: t.file, Feed: f.Feed, Name: []byte(f.Name), From: t.from, To: t.to,
			Text: t.text}
		if cfg.Still != nil {
			one.Hash, one.Stamp = f.Hash, f.Stamp
		}
		todo = append(todo, one)
	}
	done := int64(0)
	engine := tasks.Local{Workers: cfg.Workers, Bytes: true, Elsewhere: cfg.Elsewhere}
	return tasks.Run(ctx, engine, tasks.Stage[scanTask, scanResult]{
		Kind: ScanTask, Tasks: todo,
		Worker: func() func(context.Context, *scanTask) (*scanResult, error) {
			keep := func(f storage.File, _ string, _ []byte) (string, error) { return f.Name(), f.Close() }
			return func(ctx context.Context, t *scanTask) (*scanResult, error) {
				return scanApart(ctx, cfg, lim, t, keep)
			}
		},
		Take: func(r *scanResult) error {
			if r.Task < 0 || r.Task >= len(list) {
				return fmt.Errorf("take the result of scan task %d: there are %d", r.Task, len(list))
			}
			if done++; cfg.Progress != nil {
				cfg.Progress("read feeds", done, int64(len(list)))
			}
			return s.take(cfg, list[r.Task], r)
		},
	})
}

// ScanTask is the kind of tasks that read usage and bandwidth.
const ScanTask = "scan"

// DoTask does a scan task for a run that is shared by several processes, and returns its result. The result's files are
// objects of the run.
func DoTask(ctx context.Context, cfg *Config, b []byte) ([]byte, error) {
	lim := newLimits(cfg)
	return tasks.Do(ctx, ScanTask, b, func(ctx context.Context, t *scanTask) (*scanResult, error) {
		own := *cfg
		if t.Hash == "" {
			return scanApart(ctx, &own, lim, t, cfg.Txn.KeepShared)
		}
		own.Still = func(fsys fs.FS, name string) error { return sameHash(fsys, name, t.Hash) }
		before := stampOf(cfg.Inbox, string(t.Name))
		r, err := scanApart(ctx, &own, lim, t, cfg.Txn.KeepShared)
		if err != nil || r.Deferred != nil {
			return r, err
		}
		err = stillPlanned(cfg.Inbox, string(t.Name), t.Hash, t.Stamp, before)
		if changed := faultOf(err); changed != nil {
			r.Fault, r.Deferred, err = nil, changed, nil
		}
		return r, err
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

// Recall rebuilds the result of a scan done by other processes from the tasks, their results as passed to Elsewhere,
// and the files that were deferred (Deferred). It has only usage and bandwidth.
func Recall(cfg *Config, files []*File, todo, results [][]byte, deferred []int32) (*Scanned, error) {
	s := &Scanned{Files: files, Regions: NewRegions(), Parts: newLimits(cfg).parts}
	var done []*task
	for i := range todo {
		t, r := new(scanTask), new(scanResult)
		err := errors.Join(tasks.Decode(ScanTask+" task", todo[i], t), tasks.Decode(ScanTask+" result", results[i], r))
		if err == nil && (t.File < 0 || int(t.File) >= len(files)) {
			err = fmt.Errorf("scan task %d is of file %d, the run has %d", i, t.File, len(files))
		}
		if err == nil {
			done = append(done, &task{file: t.File, from: t.From, to: t.To, text: t.Text})
			err = s.take(cfg, done[i], r)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.tasks = done
	s.blame(done)
	for _, i := range deferred {
		if i < 0 || int(i) >= len(files) {
			return nil, errors.Join(fmt.Errorf("file %d is deferred, the run has %d", i, len(files)), s.Close())
		}
		files[i].Deferred = cmp.Or(files[i].Deferred, errDeferred)
	}
	return s, s.leave(done)
}

// Tasks returns the number of tasks that read usage and bandwidth.
func (s *Scanned) Tasks() int {
	n := 0
	for _, t := range s.tasks {
		if s.apart(t) {
			n++
		}
	}
	return n
}

// apart reports whether a task can be done separately. Other tasks add their rows to Config.Events.
func (s *Scanned) apart(t *task) bool {
	return ByItself(s.Files[t.file].Feed)
}

// ByItself reports whether the files of a feed are read by separate scan tasks.
func ByItself(feed string) bool { return feed == "usage" || feed == "bandwidth" }

// keepFile closes a file of a task's result and returns its name. The content is known by digest, if it is not nil.
type keepFile func(f storage.File, kind string, digest []byte) (name string, err error)

// freeChunks are the empty chunks of ended scan tasks, with the memory that the next task needs.
var freeChunks = sync.Pool{New: func() any { return new([2]sorting.Chunk) }}

// scanApart does a scan task.
func scanApart(ctx context.Context, cfg *Config, lim *limits, t *scanTask, keep keepFile) (r *scanResult, err error) {
	own := *cfg
	own.Workers, own.Rejected, own.apart = 1, nil, true
	s := &Scanned{Regions: NewRegions(), Parts: lim.parts}
	defer func() { err = errors.Join(err, s.Close()) }()
	w := newWorker(&own, lim, s)
	w.use(freeChunks.Get().(*[2]sorting.Chunk))
	piece := &task{file: t.File, from: t.From, to: t.To, text: t.Text}
	found, err := w.run(ctx, piece, &File{Feed: t.Feed, Name: string(t.Name), Hash: t.Hash}, false)
	if err != nil {
		return nil, errors.Join(err, w.drop())
	}
	r = &scanResult{Task: t.Task, First: found.first, Header: []byte(found.header), Rows: found.rows,
		Rejected: found.rejected, FirstDay: found.firstDay, LastDay: found.lastDay, Fault: faultOf(found.fault),
		Deferred: faultOf(found.deferred)}
	if r.Run, err = w.store(t.Task, keep); err != nil {
		return nil, err
	}
	r.Rejects, err = piece.rejects.store(keep)
	freeChunks.Put(w.chunks) // all of their rows are stored
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
func (w *worker) store(number int, keep keepFile) (*storedFile, error) {
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
	var run *sorting.Run
	if len(runs) > 0 {
		run, err = sorting.Join(runs, &sorting.Buffers{}, f, func() (io.ReaderAt, error) { return nil, nil })
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
	out := &storedFile{name, run.Size() + int64(len(end))}
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

// take adds the result of a scan task.
func (s *Scanned) take(cfg *Config, t *task, r *scanResult) error {
	s.add(t, &found{first: r.First, header: string(r.Header), rows: r.Rows, rejected: r.Rejected, firstDay: r.FirstDay,
		lastDay: r.LastDay, fault: r.Fault.fault(), deferred: r.Deferred.deferred()})
	f := s.Files[t.file]
	if r.Rejects != nil {
		t.rejects = spool{txn: cfg.Txn, name: r.Rejects.Name, onDisk: r.Rejects.Bytes}
		if cfg.Rejected != nil {
			err := t.rejects.eachOnDisk(t.file, func(x *Reject) error {
				cfg.Rejected(f.Feed, string(r.Header), x)
				return nil
			})
			if err != nil {
				return err
			}
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
	run, err := sorting.OpenStored(data, data.Size(), s.Regions.Code)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Run.Name, err)
	}
	t.run = run
	if f.Feed == "bandwidth" {
		s.Bandwidth = append(s.Bandwidth, run)
	} else {
		s.Usage = append(s.Usage, run)
	}
	return nil
}

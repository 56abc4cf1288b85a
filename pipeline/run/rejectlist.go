package run

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// RejectListKind is the kind of the tasks.
const RejectListKind = "reject"

// fewest is the default of Stage.Fewest.
const fewest = 1 << 12

// RejectStage is the rejects of the usage and bandwidth files of a run, after its buckets were rated.
type RejectStage struct {
	Txn     *lake.Txn
	Tasks   lake.LocalTasks
	Scanned *accept.Scanned
	Config  *accept.Config // with which the files are read again
	// Guard calls a function that reads a file, and returns an error if what it reads need not be what was scanned;
	// nil = Config.Still does so.
	Guard    func(f *accept.File, read func() error) error
	Fewest   int64 // rejects of a file that has files of rejects of its own; 0 = 4,096
	Progress func(what string, done, total int64)
}

// fileTask is the task of a feed file.
type fileTask struct {
	File int32 `json:"file"`
	// ApartRejects is set if the file has files of rejects of its own. Otherwise only the raw records of Found are
	// wanted.
	Apart bool            `json:"apart"`
	Found []accept.Reject `json:"found"` // by comparing records; ascending by row, without raw records
}

// fileResult is the result of a fileTask.
type fileResult struct {
	File    int32         `json:"file"`
	Raw     [][]byte      `json:"raw"`     // of Found; none if Apart
	Changes *lake.Changes `json:"changes"` // with the files of rejects; nil if not Apart
	Counts  GateCounts    `json:"counts"`  // of all rejects of the file; nothing if not Apart
}

// ApartRejects are the rejects of a feed file with files of rejects of its own.
type ApartRejects struct {
	Files  []lake.FileEntry
	Counts GateCounts
}

// Run does the tasks. found are the rejects that were found by comparing records, ascending by file and row: those of
// files without files of rejects of their own get their raw records. The result has the other files.
func (s *RejectStage) Run(ctx context.Context, found []accept.Reject) (map[int32]*ApartRejects, error) {
	apart := make(map[int32]*ApartRejects)
	var todo []*fileTask
	of := make(map[int32][]accept.Reject)
	for i, f := range s.Scanned.Files {
		file := int32(i)
		of[file], found = cut(found, file)
		if !s.Scanned.Taken(file) || !accept.ByItself(f.Feed) {
			continue
		}
		large := f.Rejected+int64(len(of[file])) >= cmp.Or(s.Fewest, fewest)
		if large || len(of[file]) > 0 {
			todo = append(todo, &fileTask{File: file, Apart: large, Found: append([]accept.Reject{}, of[file]...)})
		}
	}
	if len(todo) == 0 {
		return apart, nil
	}
	done := int64(0)
	err := lake.RunTasks(ctx, s.Tasks, lake.TaskStage[fileTask, fileResult]{Kind: RejectListKind, Tasks: todo,
		Worker: s.worker,
		Take: func(r *fileResult) error {
			if done++; s.Progress != nil {
				s.Progress("read and write rejects", done, int64(len(todo)))
			}
			if r.Changes != nil {
				apart[r.File] = &ApartRejects{r.Changes.Made, r.Counts}
				return s.Txn.Take(r.Changes)
			}
			if len(r.Raw) != len(of[r.File]) {
				return fmt.Errorf("%d raw records of file %d, want %d", len(r.Raw), r.File, len(of[r.File]))
			}
			for i, raw := range r.Raw {
				of[r.File][i].Raw = raw
			}
			return nil
		}})
	return apart, err
}

// TaskWorker returns a function that does tasks, one at a time, for a run whose tasks several processes share. It takes
// a task and returns its result.
func (s *RejectStage) TaskWorker() func(context.Context, []byte) ([]byte, error) {
	one := s.worker()
	return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, RejectListKind, b, one) }
}

func (s *RejectStage) worker() func(context.Context, *fileTask) (*fileResult, error) {
	txn := s.Txn.Sub()
	return func(ctx context.Context, t *fileTask) (*fileResult, error) {
		if t.File < 0 || int(t.File) >= len(s.Scanned.Files) {
			return nil, fmt.Errorf("rejects of file %d: the run has %d", t.File, len(s.Scanned.Files))
		}
		r := &fileResult{File: t.File, Raw: [][]byte{}, Counts: GateCounts{Reasons: []ReasonCount{}}}
		if err := s.addRaw(ctx, t); err != nil {
			return nil, err
		}
		if !t.Apart {
			for i := range t.Found {
				r.Raw = append(r.Raw, t.Found[i].Raw)
			}
			return r, nil
		}
		var err error
		r.Changes, err = s.write(txn, t, &r.Counts)
		return r, err
	}
}

// addRaw reads the raw records of the rejects that were found by comparing.
func (s *RejectStage) addRaw(ctx context.Context, t *fileTask) error {
	read := func() error { return addRaw(ctx, s.Scanned, s.Config, t.Found) }
	if s.Guard == nil || len(t.Found) == 0 {
		return read()
	}
	return s.Guard(s.Scanned.Files[t.File], read)
}

// write writes and counts all rejects of a file.
func (s *RejectStage) write(txn *lake.SubTxn, t *fileTask, counts *GateCounts) (*lake.Changes, error) {
	err := txn.Enter(&lake.BucketState{Base: txn.Base().Hash, Bucket: lake.NoBucket})
	if err != nil {
		return nil, err
	}
	out, f := accept.NewRejectWriter(txn, accept.OpenRejectsKey()), s.Scanned.Files[t.File]
	err = s.Scanned.RejectsOf(t.File, t.Found, func(x *accept.Reject) error {
		counts.Add(x)
		row := rowOf(f, f.Name, x.Row, x)
		return out.Add(&row)
	})
	if err != nil {
		return nil, err
	}
	if _, err := out.Finish(); err != nil {
		return nil, err
	}
	return txn.Leave(), nil
}

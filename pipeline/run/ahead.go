package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// HashTask is the kind of tasks that hash feed files before a run is planned.
const HashTask = "hash"

// aheadBytes is the default of Options.HashBytes. A file has a task if it is not smaller than a 64th of it.
const aheadBytes = 4 << 30

// hashTask hashes a feed file.
type hashTask struct {
	Task  int    `json:"task"`
	Name  []byte `json:"name"`
	Stamp string `json:"stamp"` // of the file when it was listed (inbox.Stamp)
	Bytes int64  `json:"bytes"`
	Range int64  `json:"range"` // size of the ranges that the file is cut into (feed.NewCutter)
}

// hashResult is the result of a hashTask.
type hashResult struct {
	Task   int          `json:"task"`
	Hash   string       `json:"hash"`   // "" = the file is not the one that was listed, or cannot be read
	Ranges []feed.Range `json:"ranges"` // null = the file is read in one piece
}

// Unhashed lists large files of usage and bandwidth that do not wait for a later run and whose hashes are not
// remembered, if hashing all of them takes long; else none. They have their present stamps.
func (f *FileFinder) Unhashed(hashes *inbox.Hashes) (list []*accept.File, err error) {
	limit := cmp.Or(f.Options.HashBytes, aheadBytes)
	var total int64
	for _, spec := range accept.Feeds() {
		if !accept.ByItself(spec.Name) {
			continue
		}
		found, err := inbox.Discover(f.Inbox, spec.Name)
		if err != nil {
			return nil, fmt.Errorf("look into inbox/%s: %w", spec.Name, err)
		}
		for _, ref := range found.Files {
			if late, young := f.waits(&ref); late || young || ref.Size < limit/64 {
				continue
			}
			if _, known := hashes.Known(f.Inbox, ref.Name); known {
				continue
			}
			if stamp, size := inbox.StampOf(inbox.Fresh(f.Inbox), ref.Name); stamp != "" {
				list = append(list, &accept.File{Feed: spec.Name, Name: ref.Name, Stamp: stamp, Bytes: size})
				total += size
			}
		}
	}
	if len(list) < 2 || total < limit {
		return nil, nil
	}
	return list, nil
}

// HashAhead hashes files by tasks. Fresh does not read them again, unless they have changed.
func (f *FileFinder) HashAhead(ctx context.Context, tasks lake.LocalTasks, hashes *inbox.Hashes,
	list []*accept.File) error {
	hashes.Mark(f.Inbox)
	f.ahead = make(map[string]*hashed)
	var todo []*hashTask
	for i, one := range list {
		todo = append(todo, &hashTask{i, []byte(one.Name), one.Stamp, one.Bytes, f.Options.RangeBytes})
	}
	return lake.RunTasks(ctx, tasks, lake.TaskStage[hashTask, hashResult]{
		Kind: HashTask, Tasks: todo,
		Worker: func() func(context.Context, *hashTask) (*hashResult, error) { return hasher(f.Inbox) },
		Take: func(r *hashResult) error {
			if r.Task < 0 || r.Task >= len(list) {
				return fmt.Errorf("take the result of hash task %d: there are %d", r.Task, len(list))
			}
			one := list[r.Task]
			if r.Hash != "" && hashes.Adopt(f.Inbox, one.Name, one.Stamp, r.Hash) {
				f.ahead[one.Name] = &hashed{hash: r.Hash, size: one.Bytes, ranges: r.Ranges}
			}
			return nil
		},
	})
}

// HashWorker returns a function that hashes files of an inbox, one at a time, for a run whose tasks several processes
// share. It takes a task and returns its result.
func HashWorker(in fs.FS) func(context.Context, []byte) ([]byte, error) {
	one := hasher(in)
	return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, HashTask, b, one) }
}

func hasher(in fs.FS) func(context.Context, *hashTask) (*hashResult, error) {
	return func(_ context.Context, t *hashTask) (*hashResult, error) {
		name, changed := string(t.Name), &hashResult{Task: t.Task}
		if stamp, _ := inbox.StampOf(inbox.Fresh(in), name); stamp != t.Stamp {
			return changed, nil
		}
		cutter := feed.NewCutter(name, t.Bytes, t.Range)
		hash, size, err := inbox.HashInto(in, name, cutter)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return changed, nil // the process of the run says what is wrong with it
		}
		if err != nil {
			return nil, err
		}
		if stamp, _ := inbox.StampOf(inbox.Fresh(in), name); stamp != t.Stamp || size != t.Bytes {
			return changed, nil
		}
		return &hashResult{Task: t.Task, Hash: hash, Ranges: cutter.Ranges(in)}, nil
	}
}

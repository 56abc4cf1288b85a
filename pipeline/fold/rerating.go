package fold

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/closed"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// rerateTask rates a bucket of a closed cycle again.
type rerateTask struct {
	State  *lake.BucketState `json:"state"`
	Origin period.Cycle      `json:"origin"` // the closed cycle
	Post   bool              `json:"post"`   // whether the differences are posted to the open cycle
}

// rerateResult is the result of a rerateTask.
type rerateResult struct {
	Changes     *lake.Changes             `json:"changes"`
	Changed     bool                      `json:"changed"`     // whether lines, positions or draws changed
	Differences []closed.RerateDifference `json:"differences"` // in order of place
}

// RerateTask is the kind of the tasks that rate buckets of a closed cycle again.
const RerateTask = "rerate"

// Rerate rates the usage and bandwidth of a closed cycle again with the folder's books (§4.12) and returns the
// differences from everything that is billed of it, in order of place. With post it also writes them to LateIn as
// lines, permanently; posted are the buckets that this changed.
func (f *Folder) Rerate(ctx context.Context, origin period.Cycle, post bool) (list []closed.RerateDifference,
	posted map[int]bool,
	err error) {
	posted = make(map[int]bool)
	states := f.Txn.BucketStates(f.Buckets)
	tasks := make([]*rerateTask, len(states))
	for i, s := range states {
		tasks[i] = &rerateTask{s, origin, post}
	}
	err = lake.RunTasks(ctx, f.Tasks, lake.TaskStage[rerateTask, rerateResult]{
		Kind:   RerateTask,
		Tasks:  tasks,
		Worker: f.rerater(),
		Take: func(r *rerateResult) error {
			list = append(list, r.Differences...)
			if r.Changed {
				posted[r.Changes.Bucket] = true
			}
			return f.Txn.Take(r.Changes)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(list, func(a, b closed.RerateDifference) int { return a.Place.Compare(b.Place) })
	if post {
		err = state.KeepBooks(f.Txn.SubTxn, f.Books, origin, f.LateIn)
	}
	return list, posted, err
}

// RerateWorker returns a function that performs the tasks of a re-rating that several processes share, one at a time.
// It must not be used after an error.
func (f *Folder) RerateWorker() (do func(context.Context, []byte) ([]byte, error)) {
	one := f.rerater()()
	return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, RerateTask, b, one) }
}

// rerater prepares what all buckets share and returns a constructor of workers.
func (f *Folder) rerater() (worker func() func(context.Context, *rerateTask) (*rerateResult, error)) {
	strays := f.strays()
	return func() func(context.Context, *rerateTask) (*rerateResult, error) {
		txn := f.Txn.Sub()
		return func(ctx context.Context, t *rerateTask) (*rerateResult, error) {
			if err := txn.Enter(t.State); err != nil {
				return nil, err
			}
			w := f.newWorker(txn, strays)
			list, changed, err := closed.RerateBucket(ctx, w.late, t.State.Bucket, t.Origin, t.Post)
			if err != nil {
				return nil, err
			}
			return &rerateResult{txn.Leave(), changed, append([]closed.RerateDifference{}, list...)}, nil
		}
	}
}

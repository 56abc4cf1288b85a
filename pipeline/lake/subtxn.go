package lake

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// SubTxn is the part of a transaction that a task of a run may use: read the base and files of the next state, make
// files, and replace files by them. It cannot commit. The task of a bucket returns its changes (TASK-1), which the
// transaction applies.
type SubTxn struct {
	*writing
	files  *Entries
	bucket int         // of the current task
	task   bool        // it is used for tasks of buckets
	made   []FileEntry // since Enter
}

// writing is the common part of a transaction and its subtransactions.
type writing struct {
	lake    *Lake
	base    *Snapshot
	named   map[string]bool // names of data files and lists in the base
	syncs   *durableWrites
	indexed func() (map[int][]FileEntry, error) // files of the base by bucket
	// shared is the folder of the shared run's objects; "" = the run is not shared
	shared string
	suffix string // of the names of temporary files
	// held returns an error if the lock's file was removed: another run's files can have the names of this one's
	held    func() error
	buffers sync.Pool // buffers of ended writers: *bufio.Writer

	mu       sync.Mutex
	sequence int64                // of temporary names
	finished map[string]FileEntry // by path: the files that Finish put in place
}

func newWriting(l *Lake, base *Snapshot, named int) *writing {
	w := &writing{
		lake: l, base: base, named: make(map[string]bool, named), finished: make(map[string]FileEntry),
		syncs: newDurable(l.st), held: func() error { return nil },
	}
	w.indexed = sync.OnceValues(func() (map[int][]FileEntry, error) {
		files, _, err := base.All()
		index := make(map[int][]FileEntry)
		for _, e := range files {
			index[e.Bucket] = append(index[e.Bucket], e)
		}
		return index, err
	})
	return w
}

// Next returns the files of the next state that the subtransaction has.
func (s *SubTxn) Next() *Entries { return s.files }

// finish records a file that is in place.
func (s *SubTxn) finish(e FileEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished[e.Path] = e
	if s.task {
		s.made = append(s.made, e)
	}
}

// BucketState is the input of the task of a bucket: the base, and the run's changes so far to the files of the bucket
// and to those without a bucket.
type BucketState struct {
	Base     Hash          `json:"base"` // hash of the manifest; "" = an empty lake
	Bucket   int           `json:"bucket"`
	Replaced []Replacement `json:"replaced"`
}

// BucketStates returns the inputs of the tasks of all buckets at the present next state. No task sees the changes of
// another one (TASK-1).
func (t *Txn) BucketStates(buckets int) []*BucketState {
	states := make([]*BucketState, buckets)
	for b := range states {
		states[b] = &BucketState{Base: t.SubTxn.base.Hash, Bucket: b, Replaced: []Replacement{}}
	}
	for _, r := range t.SubTxn.files.Replacements() {
		if r.Bucket != NoBucket {
			states[r.Bucket].Replaced = append(states[r.Bucket].Replaced, r)
			continue
		}
		for _, s := range states {
			s.Replaced = append(s.Replaced, r)
		}
	}
	return states
}

// Sub returns a subtransaction for tasks of buckets. One goroutine uses it, for one task at a time.
func (t *Txn) Sub() *SubTxn {
	return &SubTxn{writing: t.SubTxn.writing, files: NewEntries(), task: true}
}

// Enter begins the task of a bucket: the subtransaction then has the bucket's files and those without a bucket.
func (s *SubTxn) Enter(state *BucketState) error {
	if state.Base != s.base.Hash {
		return fmt.Errorf("begin the task of bucket %d: it is of base %q, the run has %q", state.Bucket, state.Base,
			s.base.Hash)
	}
	base, err := s.indexed()
	if err != nil {
		return err
	}
	s.bucket, s.made = state.Bucket, nil
	s.files.Enter(state.Bucket, base, state.Replaced)
	return nil
}

// Changes are the changes of the task of a bucket to the next state.
type Changes struct {
	Bucket   int           `json:"bucket"`
	Replaced []Replacement `json:"replaced"`
	// Made lists all files that the task made, by path, including those that no key names any more.
	Made []FileEntry `json:"made"`
}

// Leave ends the task of a bucket and returns its changes.
func (s *SubTxn) Leave() *Changes {
	c := &Changes{Bucket: s.bucket, Replaced: s.files.Replacements(),
		Made: append([]FileEntry{}, s.made...)}
	slices.SortFunc(c.Made, func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) })
	c.Made = slices.CompactFunc(c.Made, func(a, b FileEntry) bool { return a.Path == b.Path })
	return c
}

// Take applies the changes of the task of a bucket. Changes of several buckets may be applied in any order.
func (t *Txn) Take(c *Changes) error {
	for _, r := range c.Replaced {
		if r.Bucket != c.Bucket {
			return fmt.Errorf("take the changes of bucket %d: files of %v are of another one", c.Bucket, r.FileKey)
		}
		if err := t.next.Entries.Replace(r.FileKey, r.Files...); err != nil {
			return fmt.Errorf("take the changes of bucket %d: %w", c.Bucket, err)
		}
	}
	if err := t.checkMade(c.Made); err != nil {
		return err
	}
	t.SubTxn.mu.Lock()
	defer t.SubTxn.mu.Unlock()
	for _, e := range c.Made {
		t.SubTxn.finished[e.Path] = e
		t.SubTxn.syncs.Touch(e.Path) // a task of another process does not sync it
	}
	return nil
}

// remove deletes a file; its folder must be synced before the run ends.
func (w *writing) remove(name string) error {
	if err := w.lake.st.Remove(name); err != nil {
		return fmt.Errorf("remove %s from the lake: %w", name, err)
	}
	w.syncs.Touch(name)
	if name == IntentName { // its folder was synced with it
		w.syncs.Add(TempDir)
	}
	return nil
}

// Base is the state the transaction started from.
func (w *writing) Base() *Snapshot { return w.base }

// Open opens a data file of the base or of this transaction for reading. The caller closes it.
func (w *writing) Open(e FileEntry) (storage.ReadFile, error) { return w.base.Open(e) }

// CreateTemp creates a temporary file of this run, for example for a spill. It needs no sync and is deleted when the
// run ends, or by the next run. The label (lower-case letters, digits, `_`, `-`) is for people. The caller closes the
// file.
func (w *writing) CreateTemp(label string) (storage.File, error) {
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return nil, fmt.Errorf("create a temporary file of the lake: label %q", label)
		}
	}
	if err := w.held(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.sequence++
	name := TempName(w.sequence, label+w.suffix)
	w.mu.Unlock()
	f, err := w.lake.st.Create(name)
	if err != nil {
		return nil, fmt.Errorf("create %s in the lake: %w", name, err)
	}
	return f, nil
}

// OpenTemp opens a temporary file of this run for reading, by the Name of the file CreateTemp returned, or an object of
// the shared run, by the name that KeepShared returned. The caller closes it.
func (w *writing) OpenTemp(name string) (storage.ReadFile, error) {
	if kind, _ := Classify(name); kind != TempFile &&
		(w.shared == "" || SharedDir(name) != w.shared) {
		return nil, fmt.Errorf("open %s in the lake: not a temporary file", name)
	}
	f, err := w.lake.st.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s in the lake: %w", name, err)
	}
	return f, nil
}

// DiscardTemp frees a part of a temporary file of this run that is no longer needed (storage.Discarder). Objects of the
// shared run are kept, because a task that reads them may be repeated.
func (w *writing) DiscardTemp(name string, off, n int64) {
	if kind, _ := Classify(name); kind != TempFile {
		return
	}
	if d, ok := w.lake.st.(storage.Discarder); ok {
		d.Discard(name, off, n)
	}
}

// RemoveTemp deletes a temporary file of this run early. Objects of the shared run are kept: it may be continued.
func (w *writing) RemoveTemp(name string) error {
	if w.shared != "" && SharedDir(name) == w.shared {
		return nil
	}
	if kind, _ := Classify(name); kind != TempFile {
		return fmt.Errorf("remove %s from the lake: not a temporary file", name)
	}
	return w.remove(name)
}

package lake

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/durable"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/next"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// SubTxn is what a task of a run may do in its transaction: read the base and files of the state to come, make files,
// and put them in the place of others. It commits nothing. The task of a bucket returns what it did (TASK-1), and the
// transaction takes it over.
type SubTxn struct {
	*writing
	files  *next.Entries
	bucket int                  // of the task that was entered
	task   bool                 // the subtransaction is one for tasks of buckets
	made   []manifest.FileEntry // since Enter
}

// writing is what all parts of a transaction share.
type writing struct {
	lake    *Lake
	base    *Snapshot
	named   map[string]bool // what the base names: data files and lists
	syncs   *durable.Writes
	indexed func() (map[int][]manifest.FileEntry, error) // files of the base by bucket
	// shared is where the objects of the shared run are; "" = the run is not shared
	shared  string
	suffix  string    // of the names of temporary files
	buffers sync.Pool // of writers that have ended: *bufio.Writer

	mu       sync.Mutex
	sequence int64                         // of temporary names
	finished map[string]manifest.FileEntry // by path: what Finish put in place
}

func newWriting(l *Lake, base *Snapshot, named int) *writing {
	w := &writing{
		lake: l, base: base, named: make(map[string]bool, named), finished: make(map[string]manifest.FileEntry),
		syncs: durable.New(l.st),
	}
	w.indexed = sync.OnceValues(func() (map[int][]manifest.FileEntry, error) {
		files, _, err := base.All()
		index := make(map[int][]manifest.FileEntry)
		for _, e := range files {
			index[e.Bucket] = append(index[e.Bucket], e)
		}
		return index, err
	})
	return w
}

// Next is the files of the state to come, as far as the subtransaction has them.
func (s *SubTxn) Next() *next.Entries { return s.files }

// finish notes a file that is in place.
func (s *SubTxn) finish(e manifest.FileEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished[e.Path] = e
	if s.task {
		s.made = append(s.made, e)
	}
}

// BucketState is the input of the task of a bucket: the base, and what the run did so far to the files of the bucket
// and to those of no bucket.
type BucketState struct {
	Base     manifest.Hash      `json:"base"` // of the manifest; "" = an empty lake
	Bucket   int                `json:"bucket"`
	Replaced []next.Replacement `json:"replaced"`
}

// BucketStates are the inputs of tasks of all buckets, as the next state is now. No task sees what another one changes
// (TASK-1).
func (t *Txn) BucketStates(buckets int) []*BucketState {
	states := make([]*BucketState, buckets)
	for b := range states {
		states[b] = &BucketState{Base: t.base.Hash, Bucket: b, Replaced: []next.Replacement{}}
	}
	for _, r := range t.files.Replacements() {
		if r.Bucket != manifest.NoBucket {
			states[r.Bucket].Replaced = append(states[r.Bucket].Replaced, r)
			continue
		}
		for _, s := range states {
			s.Replaced = append(s.Replaced, r)
		}
	}
	return states
}

// Sub returns a subtransaction for tasks of buckets. One goroutine uses it, for one task after the other.
func (t *Txn) Sub() *SubTxn { return &SubTxn{writing: t.writing, files: next.NewEntries(), task: true} }

// Enter begins the task of a bucket: the subtransaction has the bucket's files and those of no bucket.
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

// Changes is what the task of a bucket did to the state to come.
type Changes struct {
	Bucket   int                `json:"bucket"`
	Replaced []next.Replacement `json:"replaced"`
	// Made are all files that were made, by path, also those that no key names any more.
	Made []manifest.FileEntry `json:"made"`
}

// Leave ends the task of a bucket and returns what it did.
func (s *SubTxn) Leave() *Changes {
	c := &Changes{Bucket: s.bucket, Replaced: s.files.Replacements(),
		Made: append([]manifest.FileEntry{}, s.made...)}
	slices.SortFunc(c.Made, func(a, b manifest.FileEntry) int { return strings.Compare(a.Path, b.Path) })
	c.Made = slices.CompactFunc(c.Made, func(a, b manifest.FileEntry) bool { return a.Path == b.Path })
	return c
}

// Take takes over what the task of a bucket did. Changes of several buckets may be taken in any order.
func (t *Txn) Take(c *Changes) error {
	for _, r := range c.Replaced {
		if r.Bucket != c.Bucket {
			return fmt.Errorf("take the changes of bucket %d: files of %v are of another one", c.Bucket, r.FileKey)
		}
		if err := t.next.Replace(r.FileKey, r.Files...); err != nil {
			return fmt.Errorf("take the changes of bucket %d: %w", c.Bucket, err)
		}
	}
	if err := t.checkMade(c.Made); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range c.Made {
		t.finished[e.Path] = e
		t.syncs.Touch(e.Path) // a task of another process does not sync it
	}
	return nil
}

// remove takes a file away; its folder is to be synced before the run ends.
func (w *writing) remove(name string) error {
	if err := w.lake.st.Remove(name); err != nil {
		return fmt.Errorf("remove %s from the lake: %w", name, err)
	}
	w.syncs.Touch(name)
	if name == manifest.IntentName { // its folder was synced with it
		w.syncs.Add(manifest.TempDir)
	}
	return nil
}

// Base is the state the transaction started from.
func (w *writing) Base() *Snapshot { return w.base }

// Open opens a data file for reading: one of the base, or one this transaction finished. The caller closes it.
func (w *writing) Open(e manifest.FileEntry) (storage.ReadFile, error) { return w.base.Open(e) }

// CreateTemp makes a file for this run's own use, as a spill. It is not synced and needs no sync; it is deleted when
// the run ends, or by the next one. The label (lower-case letters, digits, `_`, `-`) is for people. The caller closes
// it.
func (w *writing) CreateTemp(label string) (storage.File, error) {
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return nil, fmt.Errorf("create a temporary file of the lake: label %q", label)
		}
	}
	w.mu.Lock()
	w.sequence++
	name := manifest.TempName(w.sequence, label+w.suffix)
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
	if kind, _ := manifest.Classify(name); kind != manifest.TempFile &&
		(w.shared == "" || manifest.SharedDir(name) != w.shared) {
		return nil, fmt.Errorf("open %s in the lake: not a temporary file", name)
	}
	f, err := w.lake.st.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s in the lake: %w", name, err)
	}
	return f, nil
}

// DiscardTemp frees a part of a temporary file of this run that nothing reads any more (storage.Discarder). A part of
// an object of the shared run stays: the task that reads it may be done again.
func (w *writing) DiscardTemp(name string, off, n int64) {
	if kind, _ := manifest.Classify(name); kind != manifest.TempFile {
		return
	}
	if d, ok := w.lake.st.(storage.Discarder); ok {
		d.Discard(name, off, n)
	}
}

// RemoveTemp deletes a temporary file of this run before its end. An object of the shared run stays: the run may be
// continued.
func (w *writing) RemoveTemp(name string) error {
	if w.shared != "" && manifest.SharedDir(name) == w.shared {
		return nil
	}
	if kind, _ := manifest.Classify(name); kind != manifest.TempFile {
		return fmt.Errorf("remove %s from the lake: not a temporary file", name)
	}
	return w.remove(name)
}

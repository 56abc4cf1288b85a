package lake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/schemas/period"
)

// Entries are the data files of the state that a transaction will commit, or of one bucket of it. Several goroutines
// may call the methods.
type Entries struct {
	mu    sync.Mutex
	files map[Cycle]map[FileKey][]FileEntry // by cycle; none = loose
	// changed are the keys whose files were replaced or added to, with their previous files
	changed map[FileKey][]FileEntry
	bucket  *int // the bucket whose files may change; nil = all may
}

// NewEntries returns empty entries. All files may change until Enter.
func NewEntries() *Entries {
	return &Entries{files: make(map[Cycle]map[FileKey][]FileEntry),
		changed: make(map[FileKey][]FileEntry)}
}

// Enter begins the task of a bucket: the files become those of the base for the bucket and those without a bucket, with
// the earlier replacements applied. base has the files by bucket. Then only files of the bucket may change (TASK-1).
func (n *Entries) Enter(bucket int, base map[int][]FileEntry, replaced []Replacement) {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.files)
	clear(n.changed)
	n.bucket = &bucket
	for _, b := range [...]int{bucket, NoBucket} {
		for _, e := range base[b] {
			n.add(e)
		}
	}
	for _, r := range replaced {
		delete(n.files[r.Cycle], r.FileKey)
		for _, e := range r.Files {
			n.add(e)
		}
	}
}

// note records the previous files of a key that is about to change.
func (n *Entries) note(key FileKey) error {
	if n.bucket != nil && key.Bucket != *n.bucket {
		return fmt.Errorf("the task of bucket %d changes no files of bucket %d", *n.bucket, key.Bucket)
	}
	if _, noted := n.changed[key]; !noted {
		n.changed[key] = n.files[key.Cycle][key]
	}
	return nil
}

// Replacements returns the files of the changed keys, by cycle, table, day and bucket.
func (n *Entries) Replacements() []Replacement {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]Replacement, 0, len(n.changed))
	for key := range n.changed {
		files := append([]FileEntry{}, n.files[key.Cycle][key]...)
		slices.SortFunc(files, func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) })
		list = append(list, Replacement{key, files})
	}
	slices.SortFunc(list, func(a, b Replacement) int {
		return cmp.Or(a.Cycle.Compare(b.Cycle), strings.Compare(a.Table, b.Table),
			a.Day.Compare(b.Day), cmp.Compare(a.Bucket, b.Bucket))
	})
	return list
}

func (n *Entries) add(e FileEntry) {
	of := n.files[e.Cycle]
	if of == nil {
		of = make(map[FileKey][]FileEntry)
		n.files[e.Cycle] = of
	}
	of[e.FileKey] = append(of[e.FileKey], e)
}

// Replace replaces all files of a key; without files it removes them.
func (n *Entries) Replace(key FileKey, files ...FileEntry) error {
	if err := key.Check(); err != nil {
		return err
	}
	for _, e := range files {
		if e.FileKey != key {
			return fmt.Errorf("replace files of %v: %s is of %v", key, e.Path, e.FileKey)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.note(key); err != nil {
		return fmt.Errorf("replace files of %v: %w", key, err)
	}
	delete(n.files[key.Cycle], key)
	for _, e := range files {
		n.add(e)
	}
	return nil
}

// Add adds files to those of their keys. A file that exists is not added again.
func (n *Entries) Add(files ...FileEntry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range files {
		if err := e.Check(); err != nil {
			return err
		}
		if err := n.note(e.FileKey); err != nil {
			return fmt.Errorf("add %s: %w", e.Path, err)
		}
		same := func(o FileEntry) bool { return o.Path == e.Path }
		if !slices.ContainsFunc(n.files[e.Cycle][e.FileKey], same) {
			n.add(e)
		}
	}
	return nil
}

// Files returns the state's present files of a cycle, sorted by path; the zero cycle means files without a cycle.
func (n *Entries) Files(cycle Cycle) []FileEntry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sorted(cycle)
}

// Select is Files for the wanted keys. It checks every key of the cycle and copies only wanted files.
func (n *Entries) Select(cycle Cycle, wanted func(FileKey) bool) []FileEntry {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []FileEntry
	for key, files := range n.files[cycle] {
		if wanted(key) {
			out = append(out, files...)
		}
	}
	slices.SortFunc(out, func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (n *Entries) sorted(cycle Cycle) []FileEntry {
	out := []FileEntry{}
	for _, files := range n.files[cycle] {
		out = append(out, files...)
	}
	slices.SortFunc(out, func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Find returns the state's present files of one key.
func (n *Entries) Find(key FileKey) []FileEntry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.files[key.Cycle][key])
}

// Cycles lists the cycles of the state that have files, sorted.
func (n *Entries) Cycles() []period.Cycle {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []period.Cycle
	for key := range n.files {
		if cycle, ok := key.Period(); ok {
			out = append(out, cycle)
		}
	}
	slices.Sort(out)
	return out
}

// Replacement is the files that replace all files of a key.
type Replacement struct {
	FileKey
	Files []FileEntry `json:"files"`
}

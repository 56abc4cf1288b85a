package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Snapshot is one state of the lake. It is immutable; its lists are read on demand and cached. Several goroutines may
// use it.
type Snapshot struct {
	Manifest Manifest
	Hash     Hash // of the manifest; "" for the empty lake

	lake  *Lake
	lists *fileLists
}

// Files returns the files of a cycle, sorted by path; the zero cycle means the files without a cycle. A cycle that is
// not in the lake has none. The slice belongs to the snapshot and must not be changed. Errors: *CorruptError,
// *MissingError, *MovedError.
func (s *Snapshot) Files(cycle Cycle) ([]FileEntry, error) {
	if cycle.IsZero() {
		return s.Manifest.Loose, nil
	}
	ref, found := s.Cycle(cycle)
	if !found || ref.Files == nil {
		return nil, nil
	}
	return s.lists.OfCycle(ref.Files, cycle)
}

// Find returns the files of one key, sorted by path. If the list is cut by day, it reads only the part with the files.
// Errors are those of Files.
func (s *Snapshot) Find(key FileKey) ([]FileEntry, error) {
	files := s.Manifest.Loose
	if !key.Cycle.IsZero() {
		ref, found := s.Cycle(key.Cycle)
		if !found || ref.Files == nil {
			return nil, nil
		}
		var err error
		if files, err = s.lists.OfDay(ref.Files, key.Cycle, key.Day); err != nil {
			return nil, err
		}
	}
	var out []FileEntry
	for _, e := range files {
		if e.FileKey == key {
			out = append(out, e)
		}
	}
	return out, nil
}

// Cycle returns a cycle's state.
func (s *Snapshot) Cycle(cycle Cycle) (CycleRef, bool) {
	return s.Manifest.Cycle(cycle)
}

// Inputs returns every feed file ingested so far, by run, feed, name and hash. The slice belongs to the snapshot.
// Errors are those of Files.
func (s *Snapshot) Inputs() ([]Input, error) {
	if s.Manifest.Inputs == nil {
		return nil, nil
	}
	return s.lists.OfInputs(s.Manifest.Inputs)
}

// Open opens a file of the snapshot for reading. It checks the size; Read and ReadAt check the checksums of the blocks
// and return a *CorruptError (LAKE-13). The hash of the file is not checked (CheckFiles does that). The caller
// closes the file. For a missing file the error is a *MovedError if a newer state was committed since, else a
// *MissingError.
func (s *Snapshot) Open(e FileEntry) (storage.ReadFile, error) {
	f, err := s.open(e)
	if err != nil {
		return nil, err
	}
	checked, err := checkBlocks(f, e, s.Name(), &s.lake.blocks)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return checked, nil
}

// open is Open without the checksums.
func (s *Snapshot) open(e FileEntry) (storage.ReadFile, error) {
	f, err := s.lake.st.Open(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.lake.gone(e.Path, s.Manifest.Number, s.Name(), HintRestore)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s of the lake: %w", e.Path, err)
	}
	if f.Size() != e.Bytes {
		err := &MissingError{Name: e.Path, Manifest: s.Name(), Detail: sizeDetail(f.Size(), e.Bytes),
			Hint: HintRestore}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// History returns the manifests from this one back to the first, newest first. It checks the hash of each against its
// child (LAKE-6). Errors: *CorruptError, *MissingError.
func (s *Snapshot) History() ([]Manifest, error) {
	return s.Since(1)
}

// Since is History back to a manifest number; none if the snapshot is older. Errors are those of History.
func (s *Snapshot) Since(number int64) ([]Manifest, error) {
	number = max(number, 1)
	if s.Manifest.Number < number {
		return nil, nil
	}
	out := []Manifest{s.Manifest}
	for m := s.Manifest; m.Number > number; {
		parent, err := s.lake.readManifest(m.Number-1, m.Parent, NameOf(m.Number))
		if err != nil {
			return out, Unmoved(err, NameOf(m.Number))
		}
		m = *parent
		out = append(out, m)
	}
	if first := out[len(out)-1]; first.Number == 1 && first.Parent != "" {
		return out, &CorruptError{Name: NameOf(1),
			Detail: fmt.Sprintf("the first manifest has a parent, %s", first.Parent), Hint: HintRestore}
	}
	return out, nil
}

// InHistory reports whether a state, given by number and hash, is the snapshot or in its history.
func InHistory(s *Snapshot, number int64, hash Hash) bool {
	if number == s.Manifest.Number {
		return hash == s.Hash
	}
	chain, err := s.Since(number + 1)
	return err == nil && number > 0 && len(chain) > 0 && chain[len(chain)-1].Parent == hash
}

// Origin returns the hash of the lake's first manifest, which identifies the lake; "" for the empty lake. The manifest
// is checked against the second one: *CorruptError.
func (s *Snapshot) Origin() (Hash, error) {
	if s.Manifest.Number == 0 {
		return "", nil
	}
	hash, err := s.HashOf(1)
	if err != nil || s.Manifest.Number == 1 {
		return hash, err
	}
	_, err = s.First(hash)
	return hash, err
}

// HashOf returns the hash of a manifest of the chain according to its successor. number is from 1 to the snapshot's.
func (s *Snapshot) HashOf(number int64) (Hash, error) {
	switch number {
	case s.Manifest.Number:
		return s.Hash, nil
	case s.Manifest.Number - 1:
		return s.Manifest.Parent, nil
	}
	name := NameOf(number + 1)
	b, err := s.lake.readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &MissingError{Name: name, Manifest: s.Name(), Detail: NotThereText,
			Hint: HintRestore}
	}
	if err != nil {
		return "", fmt.Errorf("read %s of the lake: %w", name, err)
	}
	var next Envelope
	if err := json.Unmarshal(b, &next); err != nil {
		return "", &CorruptError{Name: name, Detail: err.Error(), Hint: HintRestore}
	}
	return next.Parent, nil
}

// First returns the first manifest of a lake that is not empty, checked against the hash in the second one (Origin).
func (s *Snapshot) First(origin Hash) (*Manifest, error) {
	if s.Manifest.Number == 1 {
		return &s.Manifest, nil
	}
	m, err := s.lake.readManifest(1, origin, NameOf(2))
	return m, Unmoved(err, NameOf(2))
}

// Live reports whether this is still the lake's live state.
func (s *Snapshot) Live() (bool, error) {
	number, hash, err := s.lake.readHead()
	return err == nil && number == s.Manifest.Number && hash == s.Hash, err
}

// Name returns the name of the snapshot's manifest for errors.
func (s *Snapshot) Name() string { return nameOf(s.Manifest.Number) }

func nameOf(number int64) string {
	if number == 0 {
		return "the empty lake"
	}
	return NameOf(number)
}

func sizeDetail(got, want int64) string {
	return fmt.Sprintf("has %d bytes, %d were written", got, want)
}

// ReadNamed reads a list or a manifest that by names with its hash. Errors are those of Files.
func (s *Snapshot) ReadNamed(name string, hash Hash, by string) ([]byte, error) {
	return s.lake.readNamed(name, hash, by, s.Manifest.Number)
}

// All returns every data file the snapshot names, and the names of its lists. Errors are those of Files.
func (s *Snapshot) All() (files []FileEntry, lists []string, err error) {
	named, err := s.Lists()
	if err != nil {
		return nil, nil, err
	}
	for _, l := range named {
		lists = append(lists, l.Name)
	}
	files = slices.Clone(s.Manifest.Loose)
	for _, ref := range s.Manifest.Cycles {
		of, err := s.Files(ref.Cycle)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, of...)
	}
	_, err = s.Inputs()
	return files, lists, err
}

// NamedList is a list, together with the name of the file that names it.
type NamedList struct {
	ListRef
	By string
}

// Lists returns the lists of the snapshot, each after the lists that it names. Errors are those of Files.
func (s *Snapshot) Lists() ([]NamedList, error) {
	var out []NamedList
	for _, ref := range s.Manifest.Cycles {
		if ref.Files == nil {
			continue
		}
		days, err := s.lists.DaysOf(ref.Files, ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, day := range days {
			out = append(out, NamedList{day.ListRef, ref.Files.Name})
		}
		out = append(out, NamedList{*ref.Files, s.Name()})
	}
	if s.Manifest.Inputs != nil {
		out = append(out, NamedList{*s.Manifest.Inputs, s.Name()})
	}
	return out, nil
}

package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/blocks"
	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Snapshot is one state of the lake, as a manifest names it. It does not change; the lists it names are read when they
// are asked for, and kept. It may be used from several goroutines.
type Snapshot struct {
	Manifest manifest.Manifest
	Hash     manifest.Hash // of the manifest; "" for the empty lake

	lake   *Lake
	steps  []manifest.Step // that convert its lists; none = they have the program's format
	mu     sync.Mutex
	files  map[manifest.Cycle][]manifest.FileEntry // by cycle
	inputs []manifest.Input
	taken  bool // inputs were read
}

// Files returns the files of a cycle, sorted by path; no cycle means the files of none. A cycle the lake does not
// know has none. The slice is the snapshot's: it must not be changed. Errors: *lakeerr.CorruptError,
// *lakeerr.MissingError, *lakeerr.MovedError.
func (s *Snapshot) Files(cycle manifest.Cycle) ([]manifest.FileEntry, error) {
	if cycle.IsZero() {
		return s.Manifest.Loose, nil
	}
	ref, found := s.Cycle(cycle)
	if !found || ref.Files == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if files, found := s.files[cycle]; found {
		return files, nil
	}
	files, err := readList[manifest.FileEntry](s, ref.Files, cycle)
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		if e.Cycle != cycle {
			return nil, &lakeerr.CorruptError{Name: ref.Files.Name,
				Detail: fmt.Sprintf("names %s, a file of cycle %q", e.Path, e.Cycle), Hint: lakeerr.HintRestore}
		}
	}
	if s.files == nil {
		s.files = make(map[manifest.Cycle][]manifest.FileEntry)
	}
	s.files[cycle] = files
	return files, nil
}

// Find returns the files of one key, sorted by path. Errors are those of Files.
func (s *Snapshot) Find(key manifest.FileKey) ([]manifest.FileEntry, error) {
	files, err := s.Files(key.Cycle)
	if err != nil {
		return nil, err
	}
	var out []manifest.FileEntry
	for _, e := range files {
		if e.FileKey == key {
			out = append(out, e)
		}
	}
	return out, nil
}

// Cycle returns a cycle's state.
func (s *Snapshot) Cycle(cycle manifest.Cycle) (manifest.CycleRef, bool) {
	return s.Manifest.Cycle(cycle)
}

// Inputs returns every feed file taken so far, by run, feed, name and hash. The slice is the snapshot's. Errors are
// those of Files.
func (s *Snapshot) Inputs() ([]manifest.Input, error) {
	if s.Manifest.Inputs == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return s.inputs, nil
	}
	inputs, err := readList[manifest.Input](s, s.Manifest.Inputs, manifest.Cycle{})
	if err != nil {
		return nil, err
	}
	s.inputs, s.taken = inputs, true
	return inputs, nil
}

// Open opens a file of the snapshot for reading. Its size is checked, and whatever is read of it by the checksums of
// its blocks (LAKE-13): a *lakeerr.CorruptError of Read and ReadAt. Its hash is not (CheckFiles does that). The caller
// closes it. A file that is gone is a *lakeerr.MovedError if a newer state was committed since, else a
// *lakeerr.MissingError.
func (s *Snapshot) Open(e manifest.FileEntry) (storage.ReadFile, error) {
	f, err := s.open(e)
	if err != nil {
		return nil, err
	}
	checked, err := blocks.Check(f, e, s.Name(), &s.lake.blocks)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return checked, nil
}

// open is Open without the checksums.
func (s *Snapshot) open(e manifest.FileEntry) (storage.ReadFile, error) {
	f, err := s.lake.st.Open(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.lake.gone(e.Path, s.Manifest.Number, s.Name(), lakeerr.HintRestore)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s of the lake: %w", e.Path, err)
	}
	if f.Size() != e.Bytes {
		err := &lakeerr.MissingError{Name: e.Path, Manifest: s.Name(), Detail: sizeDetail(f.Size(), e.Bytes),
			Hint: lakeerr.HintRestore}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// History returns the manifests from this one back to the first, newest first. Each one's hash is checked against what
// its child says (LAKE-6). Errors: *lakeerr.CorruptError, *lakeerr.MissingError.
func (s *Snapshot) History() ([]manifest.Manifest, error) {
	return s.Since(1)
}

// Since is History back to a number; none if the snapshot is older. Errors are those of History.
func (s *Snapshot) Since(number int64) ([]manifest.Manifest, error) {
	number = max(number, 1)
	if s.Manifest.Number < number {
		return nil, nil
	}
	out := []manifest.Manifest{s.Manifest}
	for m := s.Manifest; m.Number > number; {
		parent, _, err := s.lake.readManifest(m.Number-1, m.Parent, manifest.NameOf(m.Number))
		if err != nil {
			return out, lakeerr.Unmoved(err, manifest.NameOf(m.Number))
		}
		m = *parent
		out = append(out, m)
	}
	if first := out[len(out)-1]; first.Number == 1 && first.Parent != "" {
		return out, &lakeerr.CorruptError{Name: manifest.NameOf(1),
			Detail: fmt.Sprintf("the first manifest has a parent, %s", first.Parent), Hint: lakeerr.HintRestore}
	}
	return out, nil
}

// Origin is the hash of the lake's first manifest, which distinguishes this lake from any other; "" for the empty lake.
// The manifest is compared with what the second one says of it: *lakeerr.CorruptError.
func (s *Snapshot) Origin() (manifest.Hash, error) {
	switch s.Manifest.Number {
	case 0:
		return "", nil
	case 1:
		return s.Hash, nil
	case 2:
		return s.Manifest.Parent, s.checkFirst(s.Manifest.Parent)
	}
	b, err := s.lake.readFile(manifest.NameOf(2))
	if errors.Is(err, fs.ErrNotExist) {
		return "", &lakeerr.MissingError{Name: manifest.NameOf(2), Manifest: s.Name(), Detail: lakeerr.NotThere,
			Hint: lakeerr.HintRestore}
	}
	if err != nil {
		return "", fmt.Errorf("read %s of the lake: %w", manifest.NameOf(2), err)
	}
	var second manifest.Envelope
	if err := json.Unmarshal(b, &second); err != nil {
		return "", &lakeerr.CorruptError{Name: manifest.NameOf(2), Detail: err.Error(), Hint: lakeerr.HintRestore}
	}
	return second.Parent, s.checkFirst(second.Parent)
}

// checkFirst compares the first manifest with the hash that the second one says.
func (s *Snapshot) checkFirst(hash manifest.Hash) error {
	_, _, err := s.lake.readManifest(1, hash, manifest.NameOf(2))
	return lakeerr.Unmoved(err, manifest.NameOf(2))
}

// Live reports whether this is still the lake's live state.
func (s *Snapshot) Live() (bool, error) {
	number, hash, err := s.lake.readHead()
	return err == nil && number == s.Manifest.Number && hash == s.Hash, err
}

// Name is how errors call the snapshot's manifest.
func (s *Snapshot) Name() string {
	if s.Manifest.Number == 0 {
		return "the empty lake"
	}
	return manifest.NameOf(s.Manifest.Number)
}

func sizeDetail(got, want int64) string {
	return fmt.Sprintf("has %d bytes, %d were written", got, want)
}

// ReadNamed reads a list or a manifest that by names with its hash. Errors are those of Files.
func (s *Snapshot) ReadNamed(name string, hash manifest.Hash, by string) ([]byte, error) {
	return s.lake.readNamed(name, hash, by, s.Manifest.Number)
}

// All returns every data file the snapshot names, and the names of its lists. Errors are those of Files.
func (s *Snapshot) All() (files []manifest.FileEntry, lists []string, err error) {
	files = slices.Clone(s.Manifest.Loose)
	for _, ref := range s.Manifest.Cycles {
		if ref.Files == nil {
			continue
		}
		lists = append(lists, ref.Files.Name)
		of, err := s.Files(ref.Cycle)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, of...)
	}
	if s.Manifest.Inputs != nil {
		lists = append(lists, s.Manifest.Inputs.Name)
		if _, err := s.Inputs(); err != nil {
			return nil, nil, err
		}
	}
	return files, lists, nil
}

// readList reads and checks a list the snapshot's manifest names.
func readList[T any](s *Snapshot, ref *manifest.ListRef, cycle manifest.Cycle) ([]T, error) {
	b, err := s.lake.readNamed(ref.Name, ref.Hash, s.Name(), s.Manifest.Number)
	if err != nil {
		return nil, err
	}
	var l manifest.List[T]
	if b, err = manifest.ConvertList(b, s.steps); err == nil {
		err = manifest.DecodeList(b, &l)
	}
	if err != nil {
		return nil, &lakeerr.CorruptError{Name: ref.Name, Detail: err.Error(), Hint: lakeerr.HintRestore}
	}
	if l.Format != manifest.Format || l.Cycle != cycle || len(l.Entries) != ref.Count {
		detail := fmt.Sprintf("format %d, cycle %q, %d entries: want %d, %q, %d", l.Format, l.Cycle, len(l.Entries),
			manifest.Format, cycle, ref.Count)
		return nil, &lakeerr.CorruptError{Name: ref.Name, Detail: detail, Hint: lakeerr.HintRestore}
	}
	return l.Entries, nil
}

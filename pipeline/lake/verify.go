package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Finding is one fault that CheckFiles found.
type Finding struct {
	Kind   FindingKind
	Name   string // the file
	Detail string
}

// FindingKind is the kind of a finding.
type FindingKind string

// The kinds of findings.
const (
	FindMissing FindingKind = "missing" // named, but missing
	FindSize    FindingKind = "size"    // named, but with another size
	FindHash    FindingKind = "hash"    // named, but with other content
	FindUnnamed FindingKind = "unnamed" // not named: the next run deletes it
	FindForeign FindingKind = "foreign" // not a name of the lake: it is never deleted
	FindChain   FindingKind = "chain"   // the manifests' chain of parents is broken
)

// String formats the finding for people.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Name, f.Kind, f.Detail) }

// CheckReport is the result of CheckFiles.
type CheckReport struct {
	Manifests int   // in the chain, this one included
	Files     int   // data files read
	Bytes     int64 // their bytes
	Findings  []Finding
}

// CheckFiles reads every data file that the snapshot names, compares size and hash, follows the chain of parents, and
// lists unnamed files. progress, if not nil, is called with the bytes read and the total, from one goroutine at a time.
// Faults of the lake are findings; an error is ctx's, one of reading, or a *MovedError if a run committed
// meanwhile.
func (s *Snapshot) CheckFiles(ctx context.Context, progress func(done, all int64)) (*CheckReport, error) {
	files, lists, err := s.All()
	if err != nil {
		return nil, err
	}
	r := &CheckReport{Files: len(files)}
	named := make(map[string]bool, len(files)+len(lists))
	for _, name := range lists {
		named[name] = true
	}
	for _, e := range files {
		named[e.Path] = true
		r.Bytes += e.Bytes
	}
	if err := s.checkChain(r); err != nil {
		return nil, err
	}
	if err := s.checkContents(ctx, r, files, progress); err != nil {
		return nil, err
	}
	if err := s.checkUnnamed(r, named); err != nil {
		return nil, err
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return r, nil
}

func (s *Snapshot) checkChain(r *CheckReport) error {
	chain, err := s.History()
	r.Manifests = len(chain)
	if corrupt := new(CorruptError); errors.As(err, &corrupt) {
		r.Findings = append(r.Findings, Finding{FindChain, corrupt.Name, corrupt.Detail})
		return nil
	}
	if missing := new(MissingError); errors.As(err, &missing) {
		r.Findings = append(r.Findings, Finding{FindChain, missing.Name, missing.Detail + ", but " + missing.Manifest +
			" names it"})
		return nil
	}
	return err
}

func (s *Snapshot) checkContents(ctx context.Context, r *CheckReport, files []FileEntry,
	progress func(done, all int64)) error {
	var mu sync.Mutex
	var done int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, e := range files {
		g.Go(func() error {
			finding, err := s.checkContent(ctx, e)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if finding != nil {
				r.Findings = append(r.Findings, *finding)
			}
			if done += e.Bytes; progress != nil {
				progress(done, r.Bytes)
			}
			return nil
		})
	}
	return g.Wait()
}

// CheckNames compares the names and sizes of the files in the lake with the snapshot, without reading files. Faults are
// findings; a *MovedError means that a run committed meanwhile.
func (s *Snapshot) CheckNames() ([]Finding, error) {
	files, lists, err := s.All()
	if err != nil {
		return nil, err
	}
	r := &CheckReport{}
	named := make(map[string]bool, len(files)+len(lists))
	for _, name := range lists {
		named[name] = true
	}
	entries, err := s.lake.st.List("")
	if err != nil {
		return nil, fmt.Errorf("list the lake: %w", err)
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		sizes[e.Name] = e.Size
	}
	for _, e := range files {
		named[e.Path] = true
		switch size, there := sizes[e.Path]; {
		case !there:
			r.Findings = append(r.Findings, Finding{FindMissing, e.Path, NotThereText})
		case size != e.Bytes:
			r.Findings = append(r.Findings, Finding{FindSize, e.Path, sizeDetail(size, e.Bytes)})
		}
	}
	err = s.checkUnnamed(r, named)
	return r.Findings, err
}

// CheckCycle compares size and hash of every file of a cycle that the snapshot names. Faults are findings; errors are
// those of CheckFiles.
func (s *Snapshot) CheckCycle(ctx context.Context, cycle Cycle) ([]Finding, error) {
	files, err := s.Files(cycle)
	if err != nil {
		return nil, err
	}
	r := &CheckReport{}
	if err := s.checkContents(ctx, r, files, nil); err != nil {
		return nil, err
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int { return strings.Compare(a.Name, b.Name) })
	return r.Findings, nil
}

// checkContent reads one file; it returns nil, nil if the file is unchanged.
func (s *Snapshot) checkContent(ctx context.Context, e FileEntry) (finding *Finding, err error) {
	f, err := s.open(e)
	if missing := new(MissingError); errors.As(err, &missing) {
		kind := FindSize
		if missing.Detail == NotThereText {
			kind = FindMissing
		}
		return &Finding{kind, e.Path, missing.Detail}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, storage.Until(ctx, f), storage.CopyBuffer(e.Bytes)); err != nil {
		return nil, fmt.Errorf("check %s of the lake: %w", e.Path, err)
	}
	if got := HashSum([sha256.Size]byte(h.Sum(nil))); got != e.Hash {
		return &Finding{FindHash, e.Path, fmt.Sprintf("hash is %s, %s says %s", got, s.Name(), e.Hash)}, nil
	}
	return nil, nil
}

// checkUnnamed lists the files in the lake that are not named.
func (s *Snapshot) checkUnnamed(r *CheckReport, named map[string]bool) error {
	entries, err := s.lake.st.List("")
	if err != nil {
		return fmt.Errorf("list the lake: %w", err)
	}
	if now, _, err := s.lake.readHead(); err != nil {
		return err
	} else if now != s.Manifest.Number {
		return &MovedError{Name: HeadName, Was: s.Manifest.Number, Now: now}
	}
	// A run may have committed, or removed files of a killed run, since the listing and since HEAD was read. The lake
	// is damaged only if repeated checks show it (checkNewer).
	var corrupt *CorruptError
	var missing *MissingError
	err = s.lake.checkNewer(s.Manifest.Number, s.Hash)
	damaged := errors.As(err, &corrupt) || errors.As(err, &missing)
	if err != nil && !damaged {
		return err
	}
	for _, e := range entries {
		switch kind, number := Classify(e.Name); {
		case kind == ManifestFile && number > s.Manifest.Number+1,
			kind == ManifestFile && number > s.Manifest.Number && damaged:
			r.Findings = append(r.Findings, Finding{FindChain, e.Name, "after " + s.Name() +
				", which HEAD names: HEAD is older than the lake"})
		case kind == ForeignFile:
			r.Findings = append(r.Findings,
				Finding{FindForeign, e.Name, "not a file of the lake: remove it, readers that use a glob read it"})
		case s.lake.chain != nil: // unnamed files are deleted later (CHAIN-4)
		case kind == TempFile, kind == SharedFile,
			kind == ManifestFile && number > s.Manifest.Number,
			(kind == DataFile || kind == ListFile) && !named[e.Name]:
			r.Findings = append(r.Findings,
				Finding{FindUnnamed, e.Name,
					s.Name() + " does not name it: a run is active, or was stopped; the next run deletes it"})
		}
	}
	return nil
}

package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// HeadPlan is the result of RestoreHead's check and the new content of HEAD.
type HeadPlan struct {
	Was       string   // content of HEAD without its line end; "" = there is no HEAD
	Text      string   // new content of HEAD without its line end
	Manifest  Manifest // the manifest that it will name: the newest
	Good      bool     // HEAD is correct already
	Files     int      // data files that were read and compared
	Bytes     int64    // their bytes
	Manifests int      // in the chain of parents
}

// hintNoHead is the advice if HEAD cannot be restored.
const hintNoHead = "restore a backup of the workspace with `tollbook restore`, or put the named files back from a " +
	"backup; if a manifest is not of this lake, remove it"

// RestoreHead makes HEAD name the newest manifest again after HEAD was lost, damaged or replaced by an older one. The
// manifest must be complete: its lists and data files exist with the hashes in it, and its chain of parents leads to
// manifest 1. It never chooses an older manifest, because what the newest one committed would be lost. It writes HEAD
// only if write returns true for the plan, and writes or deletes nothing else. It holds the writer's lock. Errors:
// *storage.LockedError, *MissingError, *CorruptError.
func RestoreHead(ctx context.Context, st storage.Storage, write func(*HeadPlan) (bool, error)) (err error) {
	if storage.AsChain(st) != nil {
		return errors.New("restore HEAD of the lake: in an object store HEAD needs no repair: readers find the " +
			"newest manifest without it, and the next commit writes it")
	}
	entries, err := st.List(ManifestsDir + "/")
	if err != nil {
		return fmt.Errorf("list the lake's manifests: %w", err)
	} else if len(entries) == 0 {
		return &MissingError{Name: HeadName, Detail: "there is no manifest that it could name",
			Manifest: "a lake", Hint: "if there was a lake, " + hintNoHead}
	}
	lock, err := st.Lock()
	if err != nil {
		return fmt.Errorf("restore HEAD of the lake: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	l := newLake(st, Options{})
	plan, err := l.planHead(ctx)
	if err != nil {
		return err
	}
	yes, err := write(plan)
	if err != nil || !yes || plan.Good {
		return err
	}
	if err := lock.Held(); err != nil {
		return fmt.Errorf("restore HEAD of the lake: %w", err)
	}
	return l.writeHead(plan.Text + "\n")
}

// planHead finds the newest manifest and checks it.
func (l *Lake) planHead(ctx context.Context) (*HeadPlan, error) {
	was, err := l.readFile(HeadName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read HEAD of the lake: %w", err)
	}
	entries, err := l.st.List(ManifestsDir + "/")
	if err != nil {
		return nil, fmt.Errorf("list the lake's manifests: %w", err)
	}
	var newest int64
	for _, e := range entries {
		if kind, number := Classify(e.Name); kind == ManifestFile {
			newest = max(newest, number)
		}
	}
	b, err := l.readFile(NameOf(newest))
	if err != nil {
		return nil, fmt.Errorf("read %s of the lake: %w", NameOf(newest), err)
	}
	hash := HashBytes(b)
	snap, err := l.load(newest, hash)
	if err != nil {
		return nil, noHead(err)
	}
	text := EncodeHead(newest, hash)
	plan := &HeadPlan{Was: oneLine(was), Text: oneLine(text), Manifest: snap.Manifest,
		Good: string(was) == string(text)}
	if plan.Good {
		return plan, nil
	}
	return plan, snap.checkComplete(ctx, plan)
}

// checkComplete checks the hashes of everything that the snapshot names, and its chain of parents.
func (s *Snapshot) checkComplete(ctx context.Context, plan *HeadPlan) error {
	files, _, err := s.All()
	if err != nil {
		return noHead(Unmoved(err, s.Name()))
	}
	r := &CheckReport{Files: len(files)}
	for _, e := range files {
		r.Bytes += e.Bytes
	}
	if err := s.checkChain(r); err != nil {
		return err
	}
	for _, e := range files {
		finding, err := s.checkContent(ctx, e)
		if moved := new(MovedError); errors.As(err, &moved) { // HEAD names another manifest: nothing moved
			finding, err = &Finding{FindMissing, e.Path, NotThereText}, nil
		}
		if err != nil {
			return err
		}
		if finding != nil {
			r.Findings = append(r.Findings, *finding)
		}
	}
	plan.Files, plan.Bytes, plan.Manifests = r.Files, r.Bytes, r.Manifests
	if len(r.Findings) == 0 {
		return nil
	}
	f := r.Findings[0]
	detail := fmt.Sprintf("%s; %s, the newest manifest, is incomplete (%d of its files are wrong), and HEAD was left "+
		"as it is", f.Detail, s.Name(), len(r.Findings))
	return &CorruptError{Name: f.Name, Detail: detail, Hint: hintNoHead}
}

// writeHead replaces HEAD in the same way as a commit (WRITE-4).
func (l *Lake) writeHead(text string) error {
	name := TempName(0, "head")
	if err := l.st.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a killed process
		return fmt.Errorf("write HEAD of the lake: %w", err)
	}
	f, err := l.st.Create(name)
	if err != nil {
		return fmt.Errorf("write HEAD of the lake: %w", err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		return fmt.Errorf("write HEAD of the lake: %w", errors.Join(err, f.Close()))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(&SyncError{Name: name, Err: err}, f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write HEAD of the lake: %w", err)
	}
	if err := l.st.Rename(name, HeadName); err != nil {
		return fmt.Errorf("put HEAD of the lake in place: %w", err)
	}
	if err := l.st.SyncDir(""); err != nil {
		return &SyncError{Name: "the lake's folder", Err: err}
	}
	return nil
}

// noHead replaces the hint of an error by the one for a lake without HEAD.
func noHead(err error) error {
	if missing := new(MissingError); errors.As(err, &missing) {
		missing.Hint = hintNoHead
	}
	if corrupt := new(CorruptError); errors.As(err, &corrupt) {
		corrupt.Hint = hintNoHead
	}
	return err
}

// oneLine returns a text without its line end, shortened if it is not a HEAD.
func oneLine(text []byte) string {
	const maxShown = 80
	for i, c := range text {
		if c == '\n' || i == maxShown {
			return string(text[:i])
		}
	}
	return string(text)
}

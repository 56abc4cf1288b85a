package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Restored is what a restore did.
type Restored struct {
	Workspace string   `json:"workspace"`
	Manifest  int64    `json:"manifest"`
	AsOf      string   `json:"as_of"`
	Files     int      `json:"files"`
	Bytes     int64    `json:"bytes"`
	Notes     []string `json:"notes,omitempty"`
}

// Restore makes a workspace of a backup in a folder that is not there or empty (BACKUP-6). Errors: *workspace.RefusedError; *lake.CorruptError,
// one for every file that is not what was backed up, up to twenty.
func Restore(ctx context.Context, dir, into string) (*Restored, error) {
	st := storage.Dir(dir)
	i, err := readIndex(st)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("%s is no backup: it has no %s", dir, indexName), Hint: "a backup that never ended has none: `tollbook backup` writes it last"}
	}
	if err != nil {
		return nil, err
	}
	inside, err := os.ReadDir(into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look into %s: %w", into, err)
	}
	if len(inside) > 0 {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("%s is not empty: it has %s", into, inside[0].Name()), Hint: "restore into a folder that is empty or not there"}
	}
	r := &restoring{from: st, dir: dir, into: into, report: &Restored{Workspace: into}}
	if err := r.lake(ctx, "lake", i.Lake); err != nil {
		return nil, err
	}
	if err := r.lake(ctx, "archive", i.Archive); err != nil {
		return nil, err
	}
	if err := r.files(ctx, i.Files); err != nil {
		return nil, err
	}
	return r.report, nil
}

// restoring is one restore in the making.
type restoring struct {
	from      storage.Storage
	dir, into string
	report    *Restored
}

// lake copies a lake back, every hash checked.
func (r *restoring) lake(ctx context.Context, name string, s *state) error {
	if s == nil {
		return nil
	}
	l, err := lake.Open(storage.Dir(filepath.Join(r.dir, name)), lake.Options{})
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	snap, err := l.At(s.Manifest, s.Hash)
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	path := s.Path
	if !filepath.IsLocal(path) {
		path = name
		r.report.Notes = append(r.report.Notes, fmt.Sprintf("tollbook.yaml names %s: the copy is in %s; move it there, or change the setting", s.Path, filepath.Join(r.into, name)))
	}
	done, err := snap.Copy(ctx, storage.Dir(filepath.Join(r.into, path)))
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	r.report.Files, r.report.Bytes = r.report.Files+done.Files, r.report.Bytes+done.Bytes
	if name == "lake" {
		r.report.Manifest, r.report.AsOf = snap.Manifest.Number, snap.Manifest.AsOf
	}
	return nil
}

// files copies the other files back; tollbook.yaml last.
func (r *restoring) files(ctx context.Context, list []file) error {
	var last *file
	var bad []error
	for k := range list {
		if list[k].Path == settings.File {
			last = &list[k]
			continue
		}
		err := r.file(ctx, &list[k])
		if corrupt := new(lake.CorruptError); errors.As(err, &corrupt) && len(bad) < 20 {
			bad = append(bad, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return errors.Join(bad...)
	}
	if last == nil {
		return &lake.CorruptError{Name: indexName, Detail: "names no " + settings.File, Hint: "take another copy of the backup"}
	}
	return r.file(ctx, last)
}

// file copies one file back, with its mode and time.
func (r *restoring) file(ctx context.Context, f *file) (err error) {
	if !filepath.IsLocal(f.Path) || len(f.Hash) != 64 {
		return &lake.CorruptError{Name: indexName, Detail: fmt.Sprintf("names %q", f.Path), Hint: "take another copy of the backup"}
	}
	from, err := r.from.Open(f.stored())
	if err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	defer from.Close()
	path := filepath.Join(r.into, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(f.Mode)|0o200)
	if err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	hash, n, err := copyHashed(ctx, to, from)
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	if hash != f.Hash {
		err := &lake.CorruptError{Name: filepath.Join(r.dir, f.stored()), Detail: fmt.Sprintf("the copy of %s: hash is %s, %s was backed up", f.Path, hash, f.Hash),
			Hint: "take another copy of the backup"}
		return errors.Join(err, os.Remove(path))
	}
	r.report.Files, r.report.Bytes = r.report.Files+1, r.report.Bytes+n
	at := time.Unix(0, f.MTime)
	if err := errors.Join(os.Chmod(path, fs.FileMode(f.Mode)), os.Chtimes(path, at, at)); err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	return nil
}

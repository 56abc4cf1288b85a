package admin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Restored is the result of a restore.
type Restored struct {
	Workspace string   `json:"workspace"`
	Manifest  int64    `json:"manifest"`
	AsOf      string   `json:"as_of"`
	Files     int      `json:"files"` // copied
	Bytes     int64    `json:"bytes"`
	Kept      int      `json:"kept,omitempty"` // files that an earlier, unfinished restore had copied
	Notes     []string `json:"notes,omitempty"`

	elsewhere bool // the settings name a place outside the workspace
}

// NeedsAttention reports whether the settings name places outside the workspace, which a person should check: the
// restored workspace uses those, not the copy.
func (r *Restored) NeedsAttention() bool { return r.elsewhere }

// noteElsewhere reports a place outside the workspace that the settings name.
func (r *Restored) noteElsewhere(format string, args ...any) {
	r.Notes, r.elsewhere = append(r.Notes, fmt.Sprintf("tollbook.yaml names "+format, args...)), true
}

// markName is the file that marks a folder with an unfinished restore. It holds the hash of backup.json. It is the
// first file that is created and the last that is removed.
const markName = ".restoring"

// Temporary names of files that are then renamed.
const (
	markTemp     = ".restoring.tmp"
	settingsTemp = ".restoring.yaml"
)

// Restore makes a workspace of a backup, in a folder that does not exist, is empty, or has an unfinished restore of the
// same backup (BACKUP-6, BACKUP-7). wrap wraps every storage that is written to; nil = none. Errors:
// *workspace.RefusedError; *lake.CorruptError for every file that differs from what was backed up, at most twenty.
func Restore(ctx context.Context, from settings.Place, into string,
	wrap func(storage.Storage) storage.Storage) (*Restored, error) {
	if wrap == nil {
		wrap = func(st storage.Storage) storage.Storage { return st }
	}
	dir := from.Path
	st, err := workspace.ReadPlace(from)
	if err != nil {
		return nil, err
	}
	i, err := readIndex(st)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("%s is no backup: it has no %s", dir, indexName),
			Hint: "see that the path is that of a backup; one that never ended has none, because `tollbook backup` " +
				"writes it last"}
	}
	if err != nil {
		return nil, err
	}
	r := &restoring{from: st, place: from, dir: dir, into: into, wrap: wrap, to: wrap(storage.Folder(into)),
		report: &Restored{Workspace: into}}
	finished, err := r.begin()
	if err != nil {
		return nil, err
	}
	if finished {
		return r.alreadyDone(i)
	}
	if err := r.lake(ctx, lakeFolder, i.Lake); err != nil {
		return nil, err
	}
	if err := r.lake(ctx, archiveFolder, i.Archive); err != nil {
		return nil, err
	}
	for k := range i.Archives {
		if err := r.lake(ctx, archiveFolder, &i.Archives[k]); err != nil {
			return nil, err
		}
	}
	if err := r.files(ctx, i.Files); err != nil {
		return nil, err
	}
	r.noteStores()
	return r.report, r.unmark()
}

// noteStores reports copies of feed files and books that the restored settings do not use.
func (r *restoring) noteStores() {
	s, err := settings.Load(filepath.Join(r.into, settings.File))
	if err != nil {
		return // the first command in the workspace reports it
	}
	for _, p := range []struct {
		name string
		settings.Place
	}{{"inbox", s.Inbox.Place}, {"books", s.Books}} {
		if p.InStore() {
			r.report.noteElsewhere("%s, and the restored workspace reads there: the copy is in %s; set %s.path to %s "+
				"to use the copy", p.Path, filepath.Join(r.into, p.name), p.name, p.name)
		}
	}
	if at := s.Retention.Archive; !filepath.IsLocal(at) && !settings.InObjectStore(at) {
		r.report.noteElsewhere("%s, and prune in the restored workspace would write there: set retention.archive to "+
			"another folder, unless this workspace replaces the former one", at)
	}
}

// restoring is one restore in progress.
type restoring struct {
	from      storage.Storage
	place     settings.Place // the backup
	dir, into string
	wrap      func(storage.Storage) storage.Storage
	to        storage.Storage // into
	resumed   bool            // an earlier restore did not finish: files can exist
	report    *Restored
}

// begin marks the folder, or finds the mark of a restore of the same backup. finished says that this restore was
// complete except for removing the mark: tollbook.yaml is written last, and since then the folder is a workspace, which
// may have been used.
func (r *restoring) begin() (finished bool, err error) {
	index, err := storage.ReadAll(r.from, indexName)
	if err != nil {
		return false, fmt.Errorf("read the backup: %w", err)
	}
	identity := string(lake.HashBytes(index)) + "\n"
	inside, err := os.ReadDir(r.into)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("look into %s: %w", r.into, err)
	}
	mark, err := os.ReadFile(filepath.Join(r.into, markName))
	switch {
	case err == nil && string(mark) == identity:
		r.resumed = true
		_, err := os.Stat(filepath.Join(r.into, settings.File))
		return err == nil, nil
	case err == nil:
		return false,
			&workspace.RefusedError{What: r.into + " has an unfinished restore of another backup",
				Hint: "restore that backup again to finish it, or empty the folder"}
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("look into %s: %w", r.into, err)
	}
	for _, entry := range inside {
		if entry.Name() != markTemp {
			return false, &workspace.RefusedError{What: fmt.Sprintf("%s is not empty: it has %s", r.into, entry.Name()),
				Hint: "restore into a folder that is empty or does not exist"}
		}
		if err := r.to.Remove(markTemp); err != nil {
			return false, fmt.Errorf("mark %s: %w", r.into, err)
		}
	}
	if err := storage.WriteText(r.to, markTemp, []byte(identity)); err != nil {
		return false, fmt.Errorf("mark %s: %w", r.into, err)
	}
	if err := errors.Join(r.to.Rename(markTemp, markName), r.to.SyncDir("")); err != nil {
		return false, fmt.Errorf("mark %s: %w", r.into, err)
	}
	return false, nil
}

// alreadyDone removes the mark and reports what the folder has.
func (r *restoring) alreadyDone(i *index) (*Restored, error) {
	r.report.Notes = append(r.report.Notes,
		"it was restored before, except for the mark that a restore has begun: nothing else was written")
	if i.Lake != nil {
		r.report.Manifest = i.Lake.Manifest
		r.folder(lakeFolder, true, i.Lake)
	}
	if i.Archive != nil {
		r.folder(cmp.Or(i.Archive.In, archiveFolder), false, i.Archive)
	}
	r.noteStores()
	return r.report, r.unmark()
}

// unmark removes the mark: the restore has finished. A mark that reappears after a power failure does no harm
// (alreadyDone).
func (r *restoring) unmark() error {
	if err := r.to.Remove(markName); err != nil {
		return fmt.Errorf("unmark %s: %w", r.into, err)
	}
	return nil
}

// drop removes a file that an earlier restore left in a lake, unless it is identical to the backup's.
func (r *restoring) drop(to storage.Storage, name string) error {
	if !r.resumed {
		return nil
	}
	entries, err := to.List("")
	if err != nil {
		return err
	}
	from, err := workspace.ReadPlace(r.place.Below(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		same, err := sameContent(from, to, e.Name)
		if err != nil {
			return err
		}
		if !same {
			if err := to.Remove(e.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameContent compares a file of two storages; if a lacks it, the result is false.
func sameContent(a, b storage.Storage, name string) (same bool, err error) {
	x, err := a.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	y, err := b.Open(name)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, y.Close()) }()
	if x.Size() != y.Size() {
		return false, nil
	}
	p, q := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(x, p)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, err
		}
		if m, _ := io.ReadFull(y, q[:n]); m != n || !bytes.Equal(p[:n], q[:n]) {
			return false, nil
		}
		if n < len(p) {
			return true, nil
		}
	}
}

// folder returns the folder of the restored workspace for the copy of a lake. It reports a lake that the settings place
// elsewhere.
func (r *restoring) folder(name string, own bool, s *backupState) (within string) {
	switch within = s.Path; {
	case settings.InObjectStore(within):
		useCopy := "lake.path to lake"
		if within = name; !own {
			within = cmp.Or(s.Restore, storeFolder+"/lake")
			useCopy = "retention.archive to " + path.Dir(within)
		}
		r.report.noteElsewhere("%s, and runs in the restored workspace would write there: the copy is in %s; set %s "+
			"to use the copy", s.Path, filepath.Join(r.into, within), useCopy)
	case !filepath.IsLocal(within):
		within = name
		r.report.noteElsewhere("%s: the copy is in %s; move it there, or change the setting", s.Path,
			filepath.Join(r.into, name))
	}
	return within
}

// lake copies a lake back and verifies every hash.
func (r *restoring) lake(ctx context.Context, name string, s *backupState) error {
	if s == nil {
		return nil
	}
	own := name == lakeFolder
	if name = cmp.Or(s.In, name); !filepath.IsLocal(name) || !filepath.IsLocal(cmp.Or(s.Restore, name)) {
		return &lake.CorruptError{Name: indexName, Detail: fmt.Sprintf("names %q and %q", name, s.Restore),
			Hint: "take another copy of the backup"}
	}
	from, err := workspace.ReadPlace(r.place.Below(name))
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	l, err := lake.Open(from, lake.Options{})
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	damaged := func(err error) error {
		return fmt.Errorf("restore %s: %w", name,
			lake.Placed(err, r.place.Below(name).Path, lake.HintBackup))
	}
	snap, err := l.At(s.Manifest, s.Hash)
	if err != nil {
		return damaged(err)
	}
	within := r.folder(name, own, s)
	to := r.wrap(storage.Dir(filepath.Join(r.into, within)))
	if err := r.drop(to, name); err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	done, err := lake.Copy(ctx, snap, to)
	if err != nil {
		return damaged(err)
	}
	r.report.Files, r.report.Bytes, r.report.Kept = r.report.Files+done.Files, r.report.Bytes+done.Bytes, r.report.Kept+
		done.Kept
	if own {
		r.report.Manifest, r.report.AsOf = snap.Manifest.Number, snap.Manifest.AsOf
	}
	return nil
}

// files copies the other files back, tollbook.yaml last.
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
		return &lake.CorruptError{Name: indexName, Detail: "names no " + settings.File,
			Hint: "take another copy of the backup"}
	}
	if err := r.file(ctx, last); err != nil {
		return err
	}
	folders := []string{""}
	for k := range list {
		folders = append(folders, path.Dir(list[k].Path))
	}
	if err := r.sync(folders...); err != nil {
		return err
	}
	if err := r.to.Rename(settingsTemp, settings.File); err != nil {
		return fmt.Errorf("restore %s: %w", settings.File, err)
	}
	return r.sync("")
}

// sync makes the names in folders durable, also those that an earlier restore left.
func (r *restoring) sync(folders ...string) error {
	if err := storage.SyncTree(r.to, folders...); err != nil {
		return &lake.SyncError{Name: "the folders of " + r.into, Err: err}
	}
	return nil
}

// file copies one file back with its mode and time; tollbook.yaml first gets a temporary name.
func (r *restoring) file(ctx context.Context, f *file) error {
	if !filepath.IsLocal(f.Path) || len(f.Hash) != 64 {
		return &lake.CorruptError{Name: indexName, Detail: fmt.Sprintf("names %q", f.Path),
			Hint: "take another copy of the backup"}
	}
	name := f.Path
	if name == settings.File {
		name = settingsTemp
	}
	there, err := r.there(ctx, f, name)
	if err == nil && !there {
		err = r.copyFile(ctx, f, name)
	}
	if err == nil && there {
		err = r.attributes(f, name)
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	return nil
}

// attributes gives a file its mode and its time.
func (r *restoring) attributes(f *file, name string) error {
	target, at := filepath.Join(r.into, filepath.FromSlash(name)), time.Unix(0, f.MTime)
	return errors.Join(os.Chmod(target, fs.FileMode(f.Mode)), os.Chtimes(target, at, at))
}

// there reports whether an earlier restore copied a file, and removes an incomplete copy.
func (r *restoring) there(ctx context.Context, f *file, name string) (bool, error) {
	if !r.resumed {
		return false, nil
	}
	have, err := r.to.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	hash, _, err := copyHashed(ctx, io.Discard, have)
	if err = errors.Join(err, have.Close()); err != nil {
		return false, err
	}
	if hash == f.Hash {
		r.report.Kept++
		return true, nil
	}
	return false, r.to.Remove(name)
}

// copyFile copies the content.
func (r *restoring) copyFile(ctx context.Context, f *file, name string) (err error) {
	from, err := r.from.Open(f.stored())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	var hash string
	var n int64
	err = storage.WriteNew(r.to, name, func(to io.Writer) (err error) {
		if err = storage.SetMode(to, fs.FileMode(f.Mode)|0o200); err == nil { // before the file contains a secret
			hash, n, err = copyHashed(ctx, to, from)
		}
		return errors.Join(err, r.attributes(f, name))
	})
	if err != nil {
		return err
	}
	if hash != f.Hash {
		err := &lake.CorruptError{Name: r.place.Below(f.stored()).Path,
			Detail: fmt.Sprintf("the copy of %s: hash is %s, %s was backed up", f.Path, hash, f.Hash),
			Hint:   "take another copy of the backup"}
		return errors.Join(err, r.to.Remove(name))
	}
	r.report.Files, r.report.Bytes = r.report.Files+1, r.report.Bytes+n
	return nil
}

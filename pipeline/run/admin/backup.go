package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// BackupOptions of a backup.
type BackupOptions struct {
	NoInbox bool // omit feed files
	Secrets bool // also copy the files that the settings name as secrets
	// start of the backup, by the clock that sets file times; 0 = not known: the next backup reads all files
	Started period.Instant
	// for a backup in an object store; if both are "", those of the lake are used
	Endpoint, Region string
	Wrap             func(storage.Storage) storage.Storage
}

// BackupReport is the result of a backup.
type BackupReport struct {
	Dir      string `json:"dir"`
	Manifest int64  `json:"manifest"` // of the lake that was copied
	AsOf     string `json:"as_of"`    // of the newest run in it
	Files    int    `json:"files"`    // copied
	Bytes    int64  `json:"bytes"`    // of them
	Kept     int    `json:"kept"`     // already in the backup
	// files that changed while they were copied, could not be read, or whose names are not UTF-8; archives that are not
	// in the workspace, or lack what was archived to them
	LeftOut []string `json:"left_out,omitempty"`
	Without []string `json:"without,omitempty"` // secrets that were not requested
}

// NeedsAttention reports whether something was omitted that a person should check.
func (r *BackupReport) NeedsAttention() bool { return len(r.LeftOut) > 0 }

// index is the content of backup.json.
type index struct {
	Format   int           `json:"format"`
	Origin   string        `json:"lake"`               // hash of the lake's first manifest; "" = an empty lake
	Lake     *backupState  `json:"state,omitempty"`    // nil = an empty lake
	Archive  *backupState  `json:"archive,omitempty"`  // of the settings; nil = none
	Archives []backupState `json:"archives,omitempty"` // other archives, in the order of their cycles
	Files    []file        `json:"files"`              // by path
}

// lakes returns the lakes of a backup, each with its folder.
func (i *index) lakes() (list []*backupState) {
	if i.Lake != nil {
		list = append(list, &backupState{In: lakeFolder, Manifest: i.Lake.Manifest, Hash: i.Lake.Hash})
	}
	if s := i.Archive; s != nil {
		list = append(list, &backupState{In: cmp.Or(s.In, archiveFolder), Manifest: s.Manifest, Hash: s.Hash})
	}
	for _, s := range i.Archives {
		list = append(list, &backupState{In: cmp.Or(s.In, archiveFolder), Manifest: s.Manifest, Hash: s.Hash})
	}
	return list
}

// backupState is a committed state of a lake.
type backupState struct {
	Path     string    `json:"path"` // in the workspace; absolute if it is absolute in the settings
	Manifest int64     `json:"manifest"`
	Hash     lake.Hash `json:"hash"`
	In       string    `json:"in,omitempty"`      // folder in the backup; "" = lake or archive
	Restore  string    `json:"restore,omitempty"` // where a copy of an object store goes; "" = archive/lake
}

// beyondOne reports whether a state needs format 2.
func (s *backupState) beyondOne() bool { return s != nil && (s.In != "" || s.Restore != "") }

// file is a file that does not belong to a lake.
type file struct {
	Path string `json:"path"`
	// Secret says that the settings name it as a secret
	Secret bool   `json:"secret,omitempty"`
	Hash   string `json:"hash"` // the complete SHA-256 in hexadecimal
	Bytes  int64  `json:"bytes"`
	Mode   uint32 `json:"mode"`
	MTime  int64  `json:"mtime"` // ns
	// Version is the version of an object in an object store. For a file in a folder it is its inbox.Stamp, or "" if a
	// change during the backup might not change that
	Version string `json:"version,omitempty"`
	// for a volume of archived feed files: their hashes as in the lake; nil = not read
	Has []string `json:"has,omitempty"`
}

const (
	format        = 1
	formatTwo     = 2 // has Archives or Restore, which programs that know only format 1 would not restore
	indexName     = "backup.json"
	backupTempDir = "tmp"
	// secretsDir is the folder of files that the settings name as secrets
	secretsDir = "secrets"
)

// errBusy reports that a file changes while it is copied.
var errBusy = errors.New("it changed while it was copied")

// Backup creates or updates the backup of a workspace in a folder (BACKUP-1 to BACKUP-5). Errors:
// *workspace.RefusedError; *lake.CorruptError for a file of the lake that was damaged.
func Backup(ctx context.Context, w *workspace.Workspace, dir string, o BackupOptions) (*BackupReport, error) {
	to := w.Settings.Resolve(settings.Place{Path: dir, Endpoint: o.Endpoint, Region: o.Region})
	if err := apart(w, to); err != nil {
		return nil, err
	}
	if o.Wrap == nil {
		o.Wrap = func(st storage.Storage) storage.Storage { return st }
	}
	b := &making{w: w, o: o, dir: dir, place: to, report: &BackupReport{Dir: dir}, before: make(map[string]file)}
	var err error
	if err = b.private(); err != nil {
		return nil, err
	}
	if b.st, err = b.open(to, "backup"); err != nil {
		return nil, err
	}
	lock, err := b.st.Lock()
	if err != nil {
		return nil, fmt.Errorf("begin a backup: %w", err)
	}
	if err = b.run(ctx); err == nil {
		err = lock.Held()
	}
	if err == nil {
		err = b.name()
	}
	if err == nil {
		err = b.clear()
	}
	return b.report, errors.Join(err, lock.Unlock())
}

// open opens the backup or a lake in it. In an object store, temporary files are in the folder scratch.
func (b *making) open(p settings.Place, scratch string) (storage.Storage, error) {
	if !p.InStore() {
		return b.o.Wrap(storage.Dir(p.Path)), nil
	}
	st, err := b.w.OpenPlace(p, scratch)
	if err != nil {
		return nil, err
	}
	return b.o.Wrap(st), nil
}

// apart refuses a place that would be lost together with the workspace.
func apart(w *workspace.Workspace, place settings.Place) error {
	dir := place.Path
	if place.InStore() {
		s := &w.Settings
		for _, own := range []string{s.Lake.Path, s.Inbox.Path, s.Books.Path, s.Retention.Archive,
			s.Iceberg.Warehouse} {
			if place.Overlaps(own) {
				return &workspace.RefusedError{What: fmt.Sprintf("backup to %s: it overlaps with %s", dir, own),
					Hint: "give a place apart, best in another bucket"}
			}
		}
		return nil
	}
	for _, place := range []string{w.Dir, w.LakeDir(), w.ArchiveDir(), w.InboxDir(), w.Path("books"),
		w.Path(settings.BrandingDir), w.Path("runs")} {
		if place == "" { // in an object store
			continue
		}
		meet, err := workspace.Meet(dir, place)
		if err != nil {
			return err
		}
		if meet {
			return &workspace.RefusedError{What: fmt.Sprintf("backup to %s: the folder would be in or around %s", dir,
				place), Hint: "give a folder apart, best on another disk"}
		}
	}
	return nil
}

// making is one backup in progress.
type making struct {
	w        *workspace.Workspace
	o        BackupOptions
	dir      string
	place    settings.Place // dir
	st       storage.Storage
	report   *BackupReport
	before   map[string]file // files of the previous backup, by path
	had      []*backupState  // lakes of the previous backup, which another state never replaces (BACKUP-11)
	index    index
	sequence int
	stored   map[string]int64 // size of stored files in bytes, by name
	folders  []string         // with names of this backup that are not durable yet
	sweeps   []func() error
	archived []lake.CycleRef // of the lake
	// folder of a restored workspace for an archive in an object store
	storeFolder string
	usesFolder  bool           // an archive is in archiveFolder
	inputs      []lake.Input   // feed files that the lake ingested
	feedFolders []string       // folders of the workspace with volumes of archived feed files
	elsewhere   bool           // feed files can be in volumes that are not copied or cannot be read
	checks      []func() error // verify that the contents of an object store are complete
}

// run copies everything that backup.json will name.
func (b *making) run(ctx context.Context) error {
	if err := b.inspect(); err != nil {
		return err
	}
	if err := b.ledger(ctx); err != nil {
		return err
	}
	if err := b.ownLake(ctx); err != nil {
		return err
	}
	if err := b.plain(ctx); err != nil {
		return err
	}
	if err := b.ingested(ctx); err != nil {
		return err
	}
	if err := b.archives(ctx); err != nil {
		return err
	}
	if b.index.Format = format; len(b.index.Archives) > 0 || b.index.Archive.beyondOne() {
		b.index.Format = formatTwo
	}
	slices.SortFunc(b.index.Files, func(x, y file) int { return cmp.Compare(x.Path, y.Path) })
	// The names in files/, lake/ and archive/ must be durable before that of backup.json.
	if err := storage.SyncTree(b.st, append(b.folders, "")...); err != nil {
		return &lake.SyncError{Name: "the folders of the backup", Err: err}
	}
	return b.complete()
}

// inspect reads the index of the previous backup.
func (b *making) inspect() error {
	old, err := readIndex(b.st)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil {
		for _, f := range old.Files {
			b.before[f.Path] = f
		}
		b.had = old.lakes()
	}
	entries, err := b.st.List("")
	if err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	b.stored = make(map[string]int64)
	keep := b.reusable(entries)
	for _, e := range entries {
		top, _, _ := strings.Cut(e.Name, "/")
		switch {
		case top == backupTempDir:
			if err := b.st.Remove(e.Name); err != nil {
				return fmt.Errorf("clear up the backup: %w", err)
			}
		case top == "files", top == secretsDir:
			if keep(e) {
				b.stored[e.Name] = e.Size
			}
		case old == nil && e.Name != storage.LockName && !storage.IsLease(e.Name) &&
			!slices.Contains([]string{lakeFolder, archiveFolder, archivesFolder}, top):
			return &workspace.RefusedError{What: fmt.Sprintf("%s has %s in it and is no backup", b.dir, e.Name),
				Hint: "use a folder that is empty or contains a backup"}
		}
	}
	return nil
}

// ownLake copies the workspace's lake.
func (b *making) ownLake(ctx context.Context) error {
	from, err := b.w.LakeStorage(0)
	if err != nil {
		return err
	}
	l, err := lake.Open(b.o.Wrap(from), lake.Options{})
	if err != nil {
		return err
	}
	b.index.Lake, err = b.lake(ctx, l, lakeFolder, b.w.Settings.Lake.Path, func(snap *lake.Snapshot) error {
		b.report.Manifest, b.report.AsOf = snap.Manifest.Number, snap.Manifest.AsOf
		b.archived = slices.DeleteFunc(slices.Clone(snap.Manifest.Cycles),
			func(ref lake.CycleRef) bool { return ref.Archived == nil })
		origin, err := snap.Origin()
		if err != nil {
			return err
		}
		b.index.Origin = string(origin)
		b.inputs, err = snap.Inputs()
		return err
	})
	return err
}

// replaceable refuses to replace a lake of the previous backup by a state that does not contain it (BACKUP-11). Copying
// another lake over it fails by itself, and an empty archive replaces nothing.
func (b *making) replaceable(snap *lake.Snapshot, folder, name string) error {
	i := slices.IndexFunc(b.had, func(s *backupState) bool { return s.In == folder })
	if folder == lakeFolder {
		name = b.w.LakeName()
	}
	switch {
	case i < 0, snap.Manifest.Number == 0 && folder != lakeFolder:
		return nil
	case snap.Manifest.Number == 0:
		return &workspace.RefusedError{What: fmt.Sprintf("the lake in %s is empty, and %s has a backup of a lake at "+
			"manifest %d, which would be replaced", name, b.dir, b.had[i].Manifest),
			Hint: "put the lake back, for example mount its disk, or correct lake.path; to back up the empty lake, " +
				"use another folder"}
	}
	first, err := storage.ReadAll(b.st, folder+"/"+lake.NameOf(1))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	origin, err := snap.Origin()
	if err != nil || lake.HashBytes(first) != origin {
		return err
	}
	had := b.had[i]
	if _, err := snap.Since(had.Manifest); err != nil || lake.InHistory(snap, had.Manifest, had.Hash) {
		return err
	}
	return &workspace.RefusedError{What: fmt.Sprintf("the lake in %s is at manifest %d and does not have the "+
		"manifest %d of the backup in %s, which would be replaced", name, snap.Manifest.Number, had.Manifest, b.dir),
		Hint: "if the lake is an older copy, put the newer one back, or restore the backup into another folder; to " +
			"keep both, back up into another folder"}
}

// lake copies the lake at path to a folder of the backup, and calls seen with the copied state. It returns nil if there
// is no lake.
func (b *making) lake(ctx context.Context, l *lake.Lake, to, path string,
	seen func(*lake.Snapshot) error) (*backupState,
	error) {
	st, err := b.open(b.place.Below(to), "backup/"+to)
	if err != nil {
		return nil, err
	}
	var out *backupState
	err = l.Read(func(snap *lake.Snapshot) error {
		out = nil
		if err := b.replaceable(snap, to, path); err != nil {
			return err
		}
		done, err := lake.Copy(ctx, snap, st)
		b.report.Files, b.report.Bytes, b.report.Kept = b.report.Files+done.Files, b.report.Bytes+done.Bytes,
			b.report.Kept+done.Kept
		if err != nil || snap.Manifest.Number == 0 {
			return err
		}
		out = &backupState{Path: path, Manifest: snap.Manifest.Number, Hash: snap.Hash}
		b.sweeps = append(b.sweeps, func() error { return lake.SweepCopy(snap, st) })
		b.checks = append(b.checks, func() error { return lake.CheckCopy(snap, st) })
		return seen(snap)
	})
	if refused := new(workspace.RefusedError); errors.As(err, &refused) {
		return nil, refused
	}
	if err != nil {
		return nil, fmt.Errorf("back up %s: %w", path, err)
	}
	return out, nil
}

// name writes backup.json, which makes the copied files the backup (BACKUP-2).
func (b *making) name() error {
	text, err := json.MarshalIndent(b.index, "", " ")
	if err != nil {
		return err
	}
	if err := storage.WriteText(b.st, backupTempDir+"/"+indexName, append(text, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", indexName, err)
	}
	if err := b.st.Rename(backupTempDir+"/"+indexName, indexName); err != nil {
		return fmt.Errorf("put %s in place: %w", indexName, err)
	}
	if err := b.st.SyncDir(""); err != nil {
		return &lake.SyncError{Name: "the backup's folder", Err: err}
	}
	return nil
}

// reusable returns a function that reports whether a listed file can be used without copying it again. In an object
// store, a backup that another machine makes can delete an old file that the previous backup does not name (BACKUP-8).
func (b *making) reusable(entries []storage.Entry) func(storage.Entry) bool {
	named := make(map[string]bool)
	for _, f := range b.before {
		named[f.stored()] = true
	}
	old := lake.Replaced(b.st, entries)
	return func(e storage.Entry) bool { return named[e.Name] || storage.AsChain(b.st) == nil || !old(e) }
}

// complete verifies that an object store has everything that backup.json will name (BACKUP-8).
func (b *making) complete() error {
	chain := storage.AsChain(b.st)
	if chain == nil {
		return nil
	}
	entries, err := b.st.List("files/")
	if err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	has := make(map[string]bool, len(entries))
	for _, e := range entries {
		has[e.Name] = true
	}
	for i := range b.index.Files {
		name := b.index.Files[i].stored()
		if has[name] {
			continue
		}
		if _, err := chain.Stat(name); err != nil { // a listing can lag behind
			return fmt.Errorf("check the backup: %s of %s: %w; make the backup again", name, b.index.Files[i].Path, err)
		}
	}
	for _, check := range b.checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// clear deletes the files that the backup does not name.
func (b *making) clear() error {
	named := make(map[string]bool)
	for _, f := range b.index.Files {
		named[f.stored()] = true
	}
	entries, err := b.st.List("")
	if err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	old := lake.Replaced(b.st, entries)
	for _, e := range entries {
		top, _, _ := strings.Cut(e.Name, "/")
		if (top == "files" || top == secretsDir) && !named[e.Name] && old(e) {
			if err := b.st.Remove(e.Name); err != nil {
				return fmt.Errorf("clear up the backup: %w", err)
			}
		}
	}
	for _, sweep := range b.sweeps {
		if err := sweep(); err != nil {
			return err
		}
	}
	return nil
}

// readIndex reads backup.json.
func readIndex(st storage.Storage) (*index, error) {
	b, err := storage.ReadAll(st, indexName)
	if err != nil {
		return nil, err
	}
	i := new(index)
	if err := json.Unmarshal(b, i); err != nil {
		return nil, &lake.CorruptError{Name: indexName, Detail: err.Error(),
			Hint: "remove that file and make the backup again, which copies everything, or take another copy of it"}
	}
	if i.Format < format || i.Format > formatTwo {
		return nil, &lake.CorruptError{Name: indexName, Detail: fmt.Sprintf("format %d, this program knows %d to %d",
			i.Format, format, formatTwo), Hint: "use the program that made the backup"}
	}
	return i, nil
}

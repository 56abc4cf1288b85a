package run

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Workspace is a folder with settings, books, inbox and lake (spec §2), its settings and books read and checked.
type Workspace struct {
	Dir      string
	Settings settings.Settings
	Books    *books.Books
}

// SettingsFile is the settings file of the workspace in a folder.
func SettingsFile(dir string) string { return filepath.Join(dir, settings.File) }

// OpenWorkspace reads and checks settings and books. Errors: books.Problems with everything that is wrong with either.
func OpenWorkspace(dir string) (*Workspace, error) {
	s, err := settings.Load(SettingsFile(dir))
	if err != nil {
		return nil, err
	}
	b, err := books.Load(os.DirFS(dir), s)
	if err != nil {
		return nil, err
	}
	return &Workspace{Dir: dir, Settings: s, Books: b}, nil
}

// Options is how a run is to be done. None of it but AsOf, AcceptRejects and ResetClock changes what comes out.
type Options struct {
	AsOf       period.Instant // the run's clock
	Workers    int            // 0 = 1
	BatchRows  int            // 0 = default; for tests
	ChunkBytes int            // 0 = default; for tests
	// InboxUntil leaves feed files that changed after it, by mtime, for a later run: what a run that is caught up would not have found. 0 = takes all.
	InboxUntil period.Instant
	Started    period.Instant // when the run began, by the real clock, for inbox.settle; 0 = leaves no file for its age
	HashCache  string         // file that remembers hashes of the inbox between runs (feed.Hashes); "" = none
	Standing   string         // file that remembers after which state of the lake nothing was left to do (Stand); "" = none
	Program    string         // names this build of the program, for Standing; "" = not known
	BooksCopy  string         // file that keeps the books open cycles are rated with (mend.Save); "" = none, and changed books rate all of them again
	Log        *slog.Logger   // nil = silent
	Progress   func(stage string, done, total int64)
	// Stage is called where a stage of the run begins (StageBegin to StagePublish), StageRows before it ends, where its rows are known at no
	// cost; both from the run's own goroutine. nil = nothing.
	Stage     func(name string)
	StageRows func(rows int64)
	// AcceptRejects is why a run may reject more than the gates of the settings allow; "" = it may not. It is kept in the manifest of a run
	// that needed it.
	AcceptRejects string
	// ResetClock makes AsOf the lake's clock also where nothing is new, if the newest state is of a later clock (Nightly).
	ResetClock bool
	// LinkedInbox follows links that lead out of the inbox: a quote's inbox is a link to the file that is priced.
	LinkedInbox bool
	// Wrap stands between the run and the disk: fault tests put storage.Faulty here. nil = nothing.
	Wrap func(storage.Storage) storage.Storage
	// Env gives environment variables: the credentials of the server that is published to. nil = none is set.
	Env func(string) string
	// StopAt is called at the named points of a commit and of a publish (lake.StopPoints, publish.StopPoints). nil = nothing.
	StopAt func(point string) error
}

// Lake opens the workspace's lake for reading.
func (w *Workspace) Lake(o Options) (*lake.Lake, error) {
	return lake.Open(o.disk(storage.Dir(w.LakeDir())), lake.Options{Log: o.Log, Stop: o.StopAt})
}

// LakeDir is the lake's folder.
func (w *Workspace) LakeDir() string {
	return w.Path(w.Settings.Lake.Path)
}

// Inbox is the inbox as a file system; an inbox that is not there is empty. A link in it that leads elsewhere is not
// followed.
func (w *Workspace) Inbox() (fs.FS, error) {
	dir := filepath.Join(w.Dir, "inbox")
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	return enclosed(dir), nil
}

// inbox is Inbox as a run reads it.
func (w *Workspace) inbox(o *Options) (fs.FS, error) {
	files, err := w.Inbox()
	if err == nil && o.LinkedInbox {
		files = os.DirFS(filepath.Join(w.Dir, "inbox"))
	}
	return files, err
}

// enclosed is a folder as a file system in which no link leads out of the folder (os.Root). It keeps no file open.
type enclosed string

// Open implements fs.FS.
func (e enclosed) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := os.OpenInRoot(string(e), filepath.FromSlash(name))
	if err != nil {
		return nil, err // a nil *os.File is no nil fs.File
	}
	return f, nil
}

// Stat implements fs.StatFS: a pipe is not opened to be looked at.
func (e enclosed) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(string(e))
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(filepath.FromSlash(name))
	return info, errors.Join(err, root.Close())
}

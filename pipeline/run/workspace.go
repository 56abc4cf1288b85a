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

// Options is how a run is to be done. None of it but AsOf and AcceptRejects changes what comes out.
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
	// Wrap stands between the run and the disk: fault tests put storage.Faulty here. nil = nothing.
	Wrap func(storage.Storage) storage.Storage
	// OpenFiles is how many files of the lake may have a file descriptor at a time (storage.Sparing). 0 = all that are in
	// use.
	OpenFiles int
	// Env gives environment variables: the credentials of the server that is published to. nil = none is set.
	Env func(string) string
	// StopAt is called at the named points of a commit and of a publish (lake.StopPoints, publish.StopPoints). nil = nothing.
	StopAt func(point string) error
}

// Lake opens the workspace's lake for reading.
func (w *Workspace) Lake(o Options) (*lake.Lake, error) {
	st := storage.Dir(w.LakeDir())
	if o.OpenFiles > 0 {
		st = storage.Sparing(w.LakeDir(), o.OpenFiles)
	}
	return lake.Open(o.disk(st), lake.Options{Log: o.Log, Stop: o.StopAt})
}

// LakeDir is the lake's folder.
func (w *Workspace) LakeDir() string {
	return w.Path(w.Settings.Lake.Path)
}

// Inbox is the inbox as a file system; an inbox that is not there is empty.
func (w *Workspace) Inbox() (fs.FS, error) {
	dir := filepath.Join(w.Dir, "inbox")
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	return os.DirFS(dir), nil
}

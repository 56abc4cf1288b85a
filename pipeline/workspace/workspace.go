package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement"
)

// Workspace is a folder with settings, books, inbox and lake (§2). Its settings and books were read and checked.
type Workspace struct {
	Dir      string
	Settings settings.Settings
	Books    *books.Books
}

// SettingsFile returns the path of the settings file of the workspace in a folder.
func SettingsFile(dir string) string { return filepath.Join(dir, settings.File) }

// Open reads and checks settings and books. Errors: books.Problems with everything that is wrong with either.
func Open(dir string) (*Workspace, error) {
	s, err := settings.Load(SettingsFile(dir))
	if err != nil {
		return nil, err
	}
	b, err := LoadBooks(dir, s)
	var wrong problem.Problems
	if err != nil && !errors.As(err, &wrong) {
		return nil, err
	}
	if wrong = append(apart(&Workspace{Dir: dir, Settings: s}), wrong...); len(wrong) > 0 {
		return nil, wrong
	}
	return &Workspace{Dir: dir, Settings: s, Books: b}, nil
}

// OpenSettings reads and checks the settings alone, for readers of the lake that need no books.
func OpenSettings(dir string) (*Workspace, error) {
	s, err := settings.Load(SettingsFile(dir))
	if err != nil {
		return nil, err
	}
	return &Workspace{Dir: dir, Settings: s}, nil
}

// BooksCopy returns the path of the file in which runs store a copy of the workspace's books.
func BooksCopy(dir string) string { return filepath.Join(dir, "runs", "books.zip") }

// LoadBooks reads and checks the books of the workspace in a folder. A book must not disappear if the last run used
// rows of it (CHANGE-5). Errors: problem.Problems with everything that is wrong.
func LoadBooks(dir string, s settings.Settings) (*books.Books, error) {
	root, err := BooksRoot(dir, &s)
	if err != nil {
		return nil, err
	}
	b, err := load.Books(root, s)
	return withGone(&Workspace{Dir: dir, Settings: s}, root, b, err)
}

// withGone adds problems for missing books that the last run used to the result of loading the books (CHANGE-5).
func withGone(w *Workspace, root fs.FS, b *books.Books, err error) (*books.Books, error) {
	gone := state.GoneFromBooks(state.CurrentBooks(BooksCopy(w.Dir), w.newest), root)
	if len(gone) == 0 {
		return b, err
	}
	var problems problem.Problems
	if err != nil && !errors.As(err, &problems) {
		return nil, err
	}
	return nil, append(problems, gone...)
}

// newest returns the number of the lake's newest manifest.
func (w *Workspace) newest() (int64, error) {
	l, err := w.Lake(Options{})
	if err != nil {
		return 0, err
	}
	snap, err := l.Head()
	if err != nil {
		return 0, err
	}
	return snap.Manifest.Number, nil
}

// Branding reads the branding of the workspace's documents. Errors: problem.Problems with everything that is wrong.
func (w *Workspace) Branding() (*settings.Branding, error) {
	return settings.LoadBranding(os.DirFS(w.Dir), func(party string) bool {
		return settlement.SellerID(party, w.Settings.Vendor.ID) == settlement.VendorID || w.Books.Partner(party) >= 0
	})
}

// Lake opens the workspace's lake for reading.
func (w *Workspace) Lake(o Options) (*lake.Lake, error) {
	st, err := w.LakeStorage(o.OpenFiles)
	if err != nil {
		return nil, err
	}
	return lake.Open(o.Disk(st), lake.Options{Log: o.Log, Stop: o.StopAt, CutBytes: o.CutBytes})
}

// How many files a process with many readers keeps open for later pages of its answers, and for how long after their
// last use at least. A client has ten minutes for its next request (SERVE-7), which need not read each of them.
const (
	keptFiles = 1024
	keptAfter = 30 * time.Minute
)

// LakeStorage opens the storage of the lake. In a folder, at most openFiles files have a file descriptor; 0 = no limit.
func (w *Workspace) LakeStorage(openFiles int) (storage.Storage, error) {
	if w.LakeInStore() {
		return w.objectStore()
	}
	if openFiles > 0 {
		files := storage.Sparing(w.LakeDir(), openFiles)
		return storage.Keeping(files, keptFiles, keptAfter, lake.NamedByContent), nil
	}
	return storage.Dir(w.LakeDir()), nil
}

// objectStore is the lake's storage in an object store. No request is sent yet.
func (w *Workspace) objectStore() (storage.Storage, error) {
	at := &w.Settings.Lake
	st, err := openChain(settings.Place{Path: at.Path, Endpoint: at.Endpoint, Region: at.Region}, w.LakeDir(),
		objects.Options{Lease: at.Lease})
	if err != nil {
		return nil, fmt.Errorf("open the lake: %w", err)
	}
	return st, nil
}

// LakeInStore reports whether the lake is in an object store.
func (w *Workspace) LakeInStore() bool { return settings.InObjectStore(w.Settings.Lake.Path) }

// Units returns the units of the settings.
func (w *Workspace) Units() lake.Units {
	s := &w.Settings
	return lake.Units{Zone: s.Zone.Name(), Currency: s.Currency.Code, Digits: s.Currency.Digits}
}

// LakeName is the lake's name in messages: its folder, or its address in an object store.
func (w *Workspace) LakeName() string {
	if w.LakeInStore() {
		return w.Settings.Lake.Path
	}
	return w.LakeDir()
}

// LakeDir is the lake's folder. For a lake in an object store it is the folder with the temporary files of runs.
func (w *Workspace) LakeDir() string {
	if w.LakeInStore() {
		return filepath.Join(w.Dir, settings.LakeScratch)
	}
	return w.Path(w.Settings.Lake.Path)
}

// InboxOf returns the inbox as a run with these options reads it.
func (w *Workspace) InboxOf(o *Options) (fs.FS, error) {
	files, err := w.Inbox()
	if err == nil && o.LinkedInbox {
		files = os.DirFS(w.InboxDir())
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
		return nil, err // a nil *os.File in fs.File would not be nil
	}
	return f, nil
}

// Stat implements fs.StatFS without opening the file, which could be a pipe.
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

// ArchiveDir is the folder to which prune packs; "" if the archive is in an object store.
func (w *Workspace) ArchiveDir() string {
	if w.Settings.ArchivePlace().InStore() {
		return ""
	}
	return w.Path(w.Settings.Retention.Archive)
}

// Meet reports whether two folders are the same, or one contains the other, after resolving links in their paths.
func Meet(a, b string) (bool, error) {
	one, err := resolved(a)
	if err != nil {
		return false, err
	}
	other, err := resolved(b)
	return within(one, other) || within(other, one), err
}

// within reports whether a resolved path is a folder or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+string(filepath.Separator))
}

// apart reports a lake or an Iceberg warehouse that is the workspace itself or in another folder of it by an absolute
// path or by a link. Settings with relative paths that say so are wrong by themselves. Paths that cannot be resolved
// are not compared.
func apart(w *Workspace) (wrong problem.Problems) {
	others := []string{"books", "inbox", "runs", settings.LakeScratch}
	for _, place := range []struct{ key, path string }{{"lake.path", w.Settings.Lake.Path},
		{"iceberg.warehouse", w.Settings.Iceberg.Warehouse}} {
		if place.path == "" || settings.InObjectStore(place.path) {
			continue
		}
		at, err := resolved(w.Path(place.path))
		if err != nil {
			continue
		}
		fail := func(text string, args ...any) {
			wrong = append(wrong, problem.Problem{Pos: problem.Pos{File: SettingsFile(w.Dir)},
				Text: fmt.Sprintf("%s %q: ", place.key, place.path) + fmt.Sprintf(text, args...),
				Hint: "give it a folder of its own"})
		}
		if own, err := resolved(w.Dir); err == nil && own == at {
			fail("is the workspace itself")
		}
		for _, name := range others {
			folder, err := resolved(w.Path(name))
			if err != nil {
				continue
			}
			if within(at, folder) {
				fail("is in another folder of the workspace, %s", name)
			} else if name == w.Settings.Lake.Path && within(folder, at) {
				fail("contains the lake, %s", name)
			}
		}
		others = append(others, place.path)
	}
	return wrong
}

// resolved is the absolute path of a folder, with links resolved. The folder and its parents need not exist.
func resolved(folder string) (string, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if above := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && above != path {
			path, rest = above, filepath.Join(filepath.Base(path), rest)
			continue
		}
		return "", err
	}
}

// Path returns the path of a folder or file that the settings name.
func (w *Workspace) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.Dir, name)
}

// Prices returns the workspace's books in the form that rating uses.
func (w *Workspace) Prices() *tariff.Book { return tariff.Compile(w.Books, Rules(&w.Settings)) }

// PartnerBook returns the books about partners in the form that settlement uses.
func (w *Workspace) PartnerBook() (*settlement.Book, error) {
	c := &w.Settings.Close
	return settlement.Compile(w.Books, settlement.Rules{CloseDay: c.Day, CloseMinute: int(c.Time)})
}

// Partners returns a reader of what partners owe and earn; the caller sets its state and limits.
func (w *Workspace) Partners() (query.PartnerReader, error) {
	book, err := w.PartnerBook()
	return query.PartnerReader{Books: w.Books, Book: book, Settings: &w.Settings}, err
}

// PartnerFingerprint identifies everything that determines partner statements, except the lines.
func (w *Workspace) PartnerFingerprint() string {
	return fmt.Sprintf("%s|%d|%d", Fingerprint(w), w.Settings.Close.Day, w.Settings.Close.Time)
}

// Fingerprint identifies everything that determines lines, except the records.
func Fingerprint(w *Workspace) string {
	s := &w.Settings
	text := fmt.Sprintf("%x|%s|%s|%d|%d|%d|%d|%d|%s|%d", w.Books.Hash, s.Zone.Name(), s.Currency.Code,
		s.Currency.Digits, s.Rounding.Grain, s.Rounding.Mode, s.Lake.Buckets,
		s.Refund.UnconditionalHours, s.Refund.FeeRate, s.Payments)
	if s.Tax != (settings.Tax{}) {
		text += "|tax " + s.Tax.Prices() + " " + s.Tax.Rounding()
	}
	return string(lake.HashBytes([]byte(text)))
}

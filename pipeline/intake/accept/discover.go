package accept

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// CostFolder is the folder of cost files below inbox/.
const CostFolder = "costs"

// successFile is the name of the file that marks a delivery as complete.
const successFile = "_SUCCESS"

// CostFiles is a delivery found in the inbox.
type CostFiles struct {
	Source string
	Period period.Cycle
	Name   string
	Files  []string       // data files, paths below inbox/, sorted by name
	Odd    []string       // files that make the delivery fail, paths below inbox/
	Broken []inbox.Passed // names without a readable file, which make it fail too; sorted by name
	Marked bool           // it contains a file _SUCCESS
	Newest period.Instant
	left   []string // names that other programs leave, paths below inbox/

	Reading books.CostReading // how its files are read; of a new Found the default
}

// Path returns the name of the delivery in reports: SOURCE/YYYY-MM/DELIVERY.
func (f *CostFiles) Path() string { return f.Source + "/" + f.Period.String() + "/" + f.Name }

// Complete reports whether the delivery is complete at an instant of the machine's clock. If now is 0, the age of its
// files does not matter.
func (f *CostFiles) Complete(now period.Instant, settle time.Duration) bool {
	if len(f.Files)+len(f.Odd)+len(f.Broken) == 0 {
		return false
	}
	return f.Marked || now == 0 || f.Newest <= now-period.Instant(settle.Microseconds())
}

// CostListing is the content of inbox/costs. Names are paths below inbox/.
type CostListing struct {
	Deliveries []*CostFiles // of the sources, sorted by source, period and name
	// Strange are names below the folders of the sources that are not part of any delivery, such as a delivery's folder
	// whose name is not UTF-8.
	Strange []string
	Left    []string // names that other programs leave
}

// UnlistedCosts lists the names in inbox/costs that are no folder of one of the sources, as paths below inbox/.
func UnlistedCosts(fsys fs.FS, sources []string) (names []string, err error) {
	entries, err := new(CostListing).folder(fsys, CostFolder)
	for _, e := range entries {
		if !e.IsDir() || !slices.Contains(sources, e.Name()) {
			names = append(names, CostFolder+"/"+e.Name())
		}
	}
	return names, err
}

// DiscoverCosts lists the deliveries of the sources.
func DiscoverCosts(fsys fs.FS, sources []string) (*CostListing, error) {
	l := &CostListing{}
	entries, err := l.folder(fsys, CostFolder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !slices.Contains(sources, e.Name()) {
			continue
		}
		if err := l.source(fsys, e.Name()); err != nil {
			return nil, err
		}
	}
	odd, empty, err := inbox.Odd(fsys, CostFolder)
	l.Strange, l.Left = append(l.Strange, odd...), append(l.Left, empty...)
	return l, err
}

// folder lists a folder sorted by name, without names that other programs leave. A missing folder, and a file of that
// name, is empty.
func (l *CostListing) folder(fsys fs.FS, name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(fsys, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list inbox/%s: %w", name, err)
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		left := inbox.LeftBehind(e.Name(), e.IsDir())
		if left {
			l.Left = append(l.Left, path.Join(name, e.Name()))
		}
		return left
	}), nil
}

func (l *CostListing) source(fsys fs.FS, source string) error {
	periods, err := l.folder(fsys, path.Join(CostFolder, source))
	if err != nil {
		return err
	}
	for _, p := range periods {
		name := path.Join(CostFolder, source, p.Name())
		cycle, err := period.ParseCycle(p.Name())
		if err != nil || !p.IsDir() {
			l.Strange = append(l.Strange, name)
			continue
		}
		deliveries, err := l.folder(fsys, name)
		if err != nil {
			return err
		}
		for _, d := range deliveries {
			if !d.IsDir() || !utf8.ValidString(d.Name()) {
				l.Strange = append(l.Strange, path.Join(name, d.Name()))
				continue
			}
			one := &CostFiles{Source: source, Period: cycle, Name: d.Name(), Reading: books.DefaultCostReading()}
			if err := one.look(fsys, path.Join(name, d.Name())); err != nil {
				return err
			}
			l.Deliveries, l.Left = append(l.Deliveries, one), append(l.Left, one.left...)
		}
	}
	return nil
}

// look lists the files of a delivery.
func (f *CostFiles) look(fsys fs.FS, root string) error {
	err := fs.WalkDir(fsys, root, func(name string, e fs.DirEntry, err error) error {
		return f.visit(fsys, root, name, e, err)
	})
	if err != nil {
		return fmt.Errorf("list inbox/%s: %w", root, err)
	}
	slices.Sort(f.Files)
	slices.Sort(f.Odd)
	slices.SortFunc(f.Broken, func(a, b inbox.Passed) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// visit classifies one name of a delivery for fs.WalkDir. e is nil for a root that cannot be read.
func (f *CostFiles) visit(fsys fs.FS, root, name string, e fs.DirEntry, err error) error {
	base := path.Base(name)
	folder, link := e == nil || e.IsDir(), e != nil && e.Type()&fs.ModeSymlink != 0
	skipped := inbox.LeftBehind(base, folder) || !folder && strings.HasSuffix(base, ".json")
	if skipped && name != root && name != path.Join(root, successFile) {
		f.left = append(f.left, name)
	}
	if !folder {
		if own, err := e.Info(); err == nil { // of a link itself, which can precede its file
			f.Newest = max(f.Newest, period.Instant(own.ModTime().UnixMicro()))
		}
	}
	switch {
	case folder && skipped && name != root:
		return fs.SkipDir
	case !utf8.ValidString(name):
		if !skipped {
			f.Broken = append(f.Broken, inbox.NotUTF8(name))
		}
		if folder {
			return fs.SkipDir
		}
		return nil
	case err != nil:
		return f.broken(name, link, false, err)
	case folder:
		return nil
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return f.broken(name, link, skipped, err)
	}
	f.Newest = max(f.Newest, period.Instant(info.ModTime().UnixMicro()))
	f.Marked = f.Marked || name == path.Join(root, successFile)
	kind, known := feed.KindOfName(name)
	switch {
	case skipped:
	case !known || kind == "ndjson" || !info.Mode().IsRegular():
		f.Odd = append(f.Odd, name)
	default:
		f.Files = append(f.Files, name)
	}
	return nil
}

// broken lists a name that cannot be read unless it is skipped. It ignores what was removed meanwhile, and returns an
// error of the disk.
func (f *CostFiles) broken(name string, link, skipped bool, err error) error {
	if errors.Is(err, fs.ErrNotExist) && !link {
		return nil
	}
	p, ok := inbox.PassedFor(name, link, err)
	if !ok {
		return err
	}
	if !skipped {
		f.Broken = append(f.Broken, p)
	}
	return nil
}

// UnreadableError reports a file that this user has no permission to read.
type UnreadableError struct{ why inbox.Passed }

// Error implements error.
func (e *UnreadableError) Error() string { return e.why.Error() }

// CostHasher returns the content hash of a file below inbox/.
type CostHasher func(name string) (string, error)

// Hash returns a hash of the contents of the delivery's data files and of their paths in it. A file without permission
// to read it is an *UnreadableError.
func (f *CostFiles) Hash(of CostHasher) (string, error) {
	sum := sha256.New()
	root := path.Join(CostFolder, f.Path())
	for _, name := range f.Files {
		hash, err := of(name)
		if errors.Is(err, fs.ErrPermission) {
			return "", &UnreadableError{inbox.Unreadable(name)}
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %q\n", hash, strings.TrimPrefix(name, root+"/"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

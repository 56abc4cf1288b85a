package inbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// FileRef is a feed file in the inbox.
type FileRef struct {
	Name    string         // path below inbox/, with slashes
	Size    int64          // bytes, as stored
	Changed period.Instant // its mtime
}

// unfinished are the endings that copying programs use for a file until it is complete and renamed.
var unfinished = [...]string{".tmp", ".part", ".partial", ".filepart"}

// OnItsWay reports whether a file or folder of the inbox is skipped because its name shows that it is being written.
func OnItsWay(base string, dir bool) bool {
	if strings.HasPrefix(base, ".") {
		return true
	}
	return !dir && slices.ContainsFunc(unfinished[:], func(ending string) bool {
		return strings.HasSuffix(base, ending)
	})
}

// LeftBehind reports whether a file or folder of the inbox is passed over because its name is one that other programs
// leave (§3.23, invariant 4): markers of Hadoop and Spark, checksums, descriptions of tables, and settings of folders.
func LeftBehind(base string, dir bool) bool {
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	return !dir && (base == "Thumbs.db" || base == "desktop.ini" ||
		slices.ContainsFunc([]string{".crc", ".metadata", "_$folder$"}, func(ending string) bool {
			return strings.HasSuffix(base, ending)
		}))
}

// Found lists the content of a feed's folder. Every list is sorted by name.
type Found struct {
	Files   []FileRef // feed files
	Unknown []string  // files whose names are not those of feed files
	Passed  []Passed  // names that cannot be ingested
	Left    []string  // names that other programs leave
}

// Passed is a name in the inbox that is skipped because there is no readable feed file behind it.
type Passed struct {
	Name string // path below inbox/, as ShownName formats it
	Why  string // completes the sentence that begins with the name
	Hint string
}

// Error returns a text like `inbox/usage/a.csv is a link to a file that does not exist`.
func (p *Passed) Error() string { return "inbox/" + p.Name + " " + p.Why }

// Diagnosis implements problem.Diagnosed.
func (p *Passed) Diagnosis() (problem.Class, string) { return problem.Failed, p.Hint }

// Discover lists inbox/<feed>/**; fsys is inbox/. It passes over what other programs leave, and skips unfinished files,
// whose names end in .tmp, .part, .partial or .filepart. It also skips files that are removed meanwhile. A
// name without a readable file is listed as Passed and does not hide others (invariant 3). An error is one of the disk.
// A feed without a folder has no files.
func Discover(fsys fs.FS, feed string) (Found, error) {
	var found Found
	err := fs.WalkDir(fsys, feed, func(name string, entry fs.DirEntry, err error) error {
		return found.visit(fsys, name, entry, err)
	})
	if err != nil {
		return Found{}, fmt.Errorf("list inbox/%s: %w", feed, err)
	}
	if err := found.odd(fsys, feed); err != nil {
		return Found{}, fmt.Errorf("list inbox/%s: %w", feed, err)
	}
	slices.SortFunc(found.Files, func(a, b FileRef) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(found.Unknown)
	slices.Sort(found.Left)
	slices.SortFunc(found.Passed, func(a, b Passed) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// Strangers lists the names directly in the inbox that do not belong to any feed, ascending: files, and folders that no
// run reads. Empty folders and unfinished files are skipped, as in Discover.
func Strangers(fsys fs.FS, feeds []string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list inbox: %w", err)
	}
	var out []string
	for _, e := range entries {
		folder := e.IsDir()
		if !folder && LeftBehind(e.Name(), false) || OnItsWay(e.Name(), folder) ||
			slices.Contains(feeds, e.Name()) && (folder || e.Type()&fs.ModeSymlink != 0) {
			continue
		}
		if folder {
			if files, err := fs.ReadDir(fsys, e.Name()); err == nil && len(files) == 0 {
				continue
			}
		}
		out = append(out, e.Name())
	}
	return out, nil
}

// Odd lists the objects below a folder of an object store whose names no file can have. empty are the empty ones whose
// names end in a slash: programs leave them for folders.
func Odd(fsys fs.FS, dir string) (odd, empty []string, err error) {
	if store, is := fsys.(Store); is {
		return store.Odd(dir)
	}
	return nil, nil, nil
}

// odd lists as Passed the objects of an object store whose names no file can have.
func (f *Found) odd(fsys fs.FS, feed string) error {
	odd, empty, err := Odd(fsys, feed)
	f.Left = append(f.Left, empty...)
	for _, name := range odd {
		f.pass(name, "is an object with a name that no file can have",
			"rename it: no empty part between slashes, no . or .., and no other object below it")
	}
	return err
}

// visit classifies one name for fs.WalkDir. entry is nil for a feed's own folder that cannot be read.
func (f *Found) visit(fsys fs.FS, name string, entry fs.DirEntry, err error) error {
	folder := entry != nil && entry.IsDir()
	link := entry == nil || entry.Type()&fs.ModeSymlink != 0
	switch {
	case entry != nil && LeftBehind(path.Base(name), folder):
		f.Left = append(f.Left, name)
		return skip(folder)
	case entry != nil && OnItsWay(path.Base(name), folder):
		return skip(folder)
	case !utf8.ValidString(name):
		f.Passed = append(f.Passed, NotUTF8(name))
		return skip(folder)
	case errors.Is(err, fs.ErrNotExist):
		return nil // there is no such feed, or the folder was removed meanwhile
	case err != nil:
		return f.passFailed(name, link, err)
	case folder:
		return nil
	}
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) && !link {
		return nil // removed meanwhile
	}
	if err != nil {
		return f.passFailed(name, link, err)
	}
	_, known := feed.FormatOf(name)
	switch {
	case info.IsDir():
		f.pass(name, "is a link to a folder: such links are not followed",
			"copy the files into the inbox, or mount the folder there")
	case known && !info.Mode().IsRegular():
		f.pass(name, "is not a regular file but "+kindOf(info.Mode()), "put a regular file in its place")
	case !known || !info.Mode().IsRegular():
		f.Unknown = append(f.Unknown, name)
	default:
		f.Files = append(f.Files, FileRef{Name: name, Size: info.Size(),
			Changed: period.Instant(info.ModTime().UnixMicro())})
	}
	return nil
}

// skip returns the answer to fs.WalkDir for a name whose content is not read.
func skip(folder bool) error {
	if folder {
		return fs.SkipDir
	}
	return nil
}

// passFailed lists a name as Passed if the name is the reason why it cannot be read. An error of the disk is returned.
func (f *Found) passFailed(name string, link bool, err error) error {
	p, ok := PassedFor(name, link, err)
	if !ok {
		return err
	}
	f.Passed = append(f.Passed, p)
	return nil
}

// PassedFor describes a name that cannot be read, by the error of reading it. link reports whether the name can be a
// link. ok is false for an error of the disk.
func PassedFor(name string, link bool, err error) (p Passed, ok bool) {
	var number syscall.Errno
	errors.As(err, &number)
	p.Name = feed.ShownName(name)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Unreadable(name), true
	case link && (errors.Is(err, fs.ErrNotExist) || number == syscall.ENOTDIR || number == syscall.ENAMETOOLONG):
		p.Why = "is a link to a file that does not exist"
		p.Hint = "create the file that the link points to, or remove the link"
	case link && number == syscall.ELOOP:
		p.Why, p.Hint = "is a link that leads back to itself", "remove the link"
	case link && number == 0:
		p.Why = "is a link that leads out of the inbox, or an absolute one"
		p.Hint = "copy the file into the inbox, or mount its folder there"
	default:
		return p, false
	}
	return p, true
}

func (f *Found) pass(name, why, hint string) {
	f.Passed = append(f.Passed, Passed{Name: feed.ShownName(name), Why: why, Hint: hint})
}

// NotUTF8 describes a name that is not UTF-8.
func NotUTF8(name string) Passed {
	return Passed{Name: feed.ShownName(name), Why: "has a name that is not UTF-8",
		Hint: "rename it to a name in UTF-8"}
}

// Unreadable describes a file or folder that this user has no permission to read.
func Unreadable(name string) Passed {
	return Passed{Name: feed.ShownName(name), Why: "cannot be read: permission denied",
		Hint: "let the user that runs tollbook read it"}
}

// kindOf names the kind of a file that is not regular.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// Hash returns a file's content hash, which identifies a feed file (§2.3): the first 128 bits of SHA-256 as 32 hex
// digits. It also returns the size in bytes. The stored bytes are hashed: the same records compressed differently are
// another file.
func Hash(fsys fs.FS, name string) (hash string, size int64, err error) {
	return HashInto(fsys, name, io.Discard)
}

// HashInto is Hash; it also writes the content to a writer.
func HashInto(fsys fs.FS, name string, too io.Writer) (hash string, size int64, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", 0, fmt.Errorf("hash inbox/%s: %w", name, err)
	}
	defer f.Close()
	sum := sha256.New()
	if size, err = io.Copy(io.MultiWriter(sum, too), f); err != nil {
		return "", 0, fmt.Errorf("hash inbox/%s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), size, nil
}

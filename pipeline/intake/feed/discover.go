package feed

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

	"github.com/tollbook/tollbook/schemas/period"
)

// FileRef is a feed file in the inbox.
type FileRef struct {
	Name    string         // path below inbox/, with slashes
	Size    int64          // bytes, as stored
	Changed period.Instant // its mtime
}

// unfinished are the endings under which programs that copy files write them, before they rename them.
var unfinished = [...]string{".tmp", ".part", ".partial", ".filepart"}

// OnItsWay reports whether a file or folder of the inbox is passed over by its name: somebody writes it and will rename it.
func OnItsWay(base string, dir bool) bool {
	if strings.HasPrefix(base, ".") {
		return true
	}
	return !dir && slices.ContainsFunc(unfinished[:], func(ending string) bool { return strings.HasSuffix(base, ending) })
}

// Discover lists the files of a feed, inbox/<feed>/**, by name in byte order, fsys being inbox/. Files whose name is not
// that of a feed file are listed apart. What is on its way is passed over: names that begin with a dot, folders too, and
// those that end in .tmp, .part, .partial or .filepart. So is what is removed meanwhile. A feed without a folder has no files.
func Discover(fsys fs.FS, feed string) (files []FileRef, unknown []string, err error) {
	err = fs.WalkDir(fsys, feed, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // there is no such feed, or the folder was removed meanwhile
		case err != nil:
			return err
		case OnItsWay(path.Base(name), entry.IsDir()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		info, err := fs.Stat(fsys, name)
		if errors.Is(err, fs.ErrNotExist) && entry.Type()&fs.ModeSymlink == 0 {
			return nil // removed meanwhile; a link that leads nowhere is a mistake
		}
		if err != nil {
			return err
		}
		if _, known := formatOf(name); !known || !info.Mode().IsRegular() {
			unknown = append(unknown, name)
			return nil
		}
		files = append(files, FileRef{Name: name, Size: info.Size(), Changed: period.Instant(info.ModTime().UnixMicro())})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list inbox/%s: %w", feed, err)
	}
	slices.SortFunc(files, func(a, b FileRef) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(unknown)
	return files, unknown, nil
}

// Hash is a file's content hash, which a feed file is known by (spec §2.3): the first 128 bits of SHA-256 as 32 hex
// digits; and its size in bytes. The content is what is stored: the same records packed otherwise are another file.
func Hash(fsys fs.FS, name string) (hash string, size int64, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", 0, fmt.Errorf("hash inbox/%s: %w", name, err)
	}
	defer f.Close()
	sum := sha256.New()
	if size, err = io.Copy(sum, f); err != nil {
		return "", 0, fmt.Errorf("hash inbox/%s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), size, nil
}

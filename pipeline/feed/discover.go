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
)

// FileRef is a feed file in the inbox.
type FileRef struct {
	Name string // path below inbox/, with slashes
	Size int64  // bytes, as stored
}

// Discover lists the files of a feed, inbox/<feed>/**, by name in byte order, fsys being inbox/. Files whose name is not
// that of a feed file are listed apart. What is on its way is passed over: names that begin with a dot, folders too, and
// those that end in .tmp or .part. A feed without a folder has no files.
func Discover(fsys fs.FS, feed string) (files []FileRef, unknown []string, err error) {
	err = fs.WalkDir(fsys, feed, func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil && name == feed && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil:
			return err
		case strings.HasPrefix(base, ".") && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir(), strings.HasPrefix(base, "."), strings.HasSuffix(base, ".tmp"), strings.HasSuffix(base, ".part"):
			return nil
		}
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return err
		}
		if _, known := formatOf(name); !known || !info.Mode().IsRegular() {
			unknown = append(unknown, name)
			return nil
		}
		files = append(files, FileRef{Name: name, Size: info.Size()})
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

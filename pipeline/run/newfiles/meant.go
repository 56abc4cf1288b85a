package newfiles

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// packers are the file extensions of compression programs.
var packers = [...]string{".gz", ".zst", ".xz", ".bz2", ".zip", ".lz4", ".br", ".7z", ".z", ".gzip", ".zstd"}

// meant reports whether a file whose name is not that of a feed file was probably meant to be one: its extension is
// that of a format in other capitals, or that of a format with another compression.
func meant(name string) bool {
	if _, known := feedfile.FormatOf(name); known {
		return false
	}
	name = strings.ToLower(name)
	if _, known := feedfile.FormatOf(name); known {
		return true
	}
	end := path.Ext(name)
	_, known := feedfile.FormatOf(strings.TrimSuffix(name, end))
	return known && slices.Contains(packers[:], end)
}

// feedFile returns the first feed file that a name of the inbox is or contains and that is not the copy of a file that
// was taken. Names that were probably meant to be those of feed files count, hidden and unfinished ones do not. ""
// means that there is none, or that it cannot be read.
func (f *Finder) feedFile(name string) (found string) {
	_ = fs.WalkDir(f.Inbox, name, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case inbox.OnItsWay(path.Base(name), entry.IsDir()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		}
		if _, known := feedfile.FormatOf(name); !known && !meant(name) {
			return nil
		}
		if info, err := entry.Info(); err == nil && f.copied(path.Base(name), info.Size()) {
			return nil
		}
		found = name
		return fs.SkipAll
	})
	return found
}

// copied reports whether an earlier run took a file with this base name and size.
func (f *Finder) copied(base string, size int64) bool {
	if f.Next == nil {
		return false
	}
	return slices.ContainsFunc(f.Next.Inputs(), func(in manifest.Input) bool {
		return in.Bytes == size && path.Base(in.Name) == base
	})
}

package run

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
)

// packers are the file extensions of compression programs.
var packers = [...]string{".gz", ".zst", ".xz", ".bz2", ".zip", ".lz4", ".br", ".7z", ".z", ".gzip", ".zstd"}

// meant reports whether a file whose name is not that of a feed file was probably meant to be one: its extension is
// that of a format in other capitals, or that of a format with another compression.
func meant(name string) bool {
	if _, known := feed.FormatOf(name); known {
		return false
	}
	name = strings.ToLower(name)
	if _, known := feed.FormatOf(name); known {
		return true
	}
	end := path.Ext(name)
	_, known := feed.FormatOf(strings.TrimSuffix(name, end))
	return known && slices.Contains(packers[:], end)
}

// copied identifies copies of a file, in whatever folder they are.
type copied struct {
	base  string
	bytes int64
}

// taken returns the files that earlier runs took.
func (f *FileFinder) taken() map[copied]bool {
	taken := make(map[copied]bool)
	for _, in := range f.Next.Inputs() {
		taken[copied{path.Base(in.Name), in.Bytes}] = true
	}
	return taken
}

// feedFile returns the first feed file that a name of the inbox is or contains and that is not the copy of a file that
// was taken. Names that were probably meant to be those of feed files count, hidden and unfinished ones do not. ""
// means that there is none, or that it cannot be read.
func feedFile(files fs.FS, name string, taken map[copied]bool) (found string) {
	_ = fs.WalkDir(files, name, func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return nil
		case inbox.LeftBehind(base, entry.IsDir()) && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir() || inbox.LeftBehind(base, false) || inbox.OnItsWay(base, false):
			return nil
		}
		if _, known := feed.FormatOf(name); !known && !meant(name) {
			return nil
		}
		if info, err := entry.Info(); err == nil && taken[copied{path.Base(name), info.Size()}] {
			return nil
		}
		found = name
		return fs.SkipAll
	})
	return found
}

package newfiles

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
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

// hasFeedFile reports whether a name of the inbox is that of a feed file, or of a folder with one. Names that were
// probably meant to be those of feed files count. What cannot be read has none.
func hasFeedFile(inbox fs.FS, name string) (found bool) {
	_ = fs.WalkDir(inbox, name, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if _, known := feedfile.FormatOf(name); known || meant(name) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

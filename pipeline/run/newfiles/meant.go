package newfiles

import (
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

package inbox

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Bounds of what all workspaces of a user remember between runs. Beyond them the oldest files are deleted.
const (
	maxRemembered      = 200      // files
	maxRememberedBytes = 64 << 20 // of all files; a larger single file is not written
)

// remembers matches the name of a file that remembers something, finished or not.
var remembers = regexp.MustCompile(`^(inbox|books|stamps)-[0-9a-f]{8,}(-[0-9]+\.tmp)?$`)

// bound deletes the oldest files in the folder of a file that was just written, until the rest is within the bounds. It
// keeps that file, and files with other names. It is best effort: a file that cannot be deleted stays.
func bound(path string, maxFiles int, maxBytes int64) {
	type remembering struct {
		name string
		size int64
		at   time.Time
	}
	dir, own := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	var files []remembering
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !remembers.MatchString(e.Name()) {
			continue
		}
		size += info.Size()
		if e.Name() != own {
			files = append(files, remembering{e.Name(), info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b remembering) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.name, b.name))
	})
	for len(files) > 0 && (len(files) >= maxFiles || size > maxBytes) {
		_ = os.Remove(filepath.Join(dir, files[0].name))
		size -= files[0].size
		files = files[1:]
	}
}

// tooLarge returns an error if a file alone exceeds the bounds.
func tooLarge(path, text string) error {
	if len(text) <= maxRememberedBytes {
		return nil
	}
	return &fs.PathError{Op: "remember", Path: path, Err: fmt.Errorf("%d bytes, more than %d", len(text),
		maxRememberedBytes)}
}

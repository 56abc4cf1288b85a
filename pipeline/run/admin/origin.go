package admin

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// origin is the source of files that do not belong to a lake: the workspace's folder, or an object store in place of
// one of its folders. Names are paths in the workspace.
type origin struct {
	w     *workspace.Workspace
	root  string
	store fs.FS // nil = the workspace's folder
}

// originOf returns the origin of a file or folder of the workspace.
func (b *making) originOf(root string) (*origin, error) {
	o := &origin{w: b.w, root: root}
	var err error
	switch {
	case root == "inbox" && b.w.Settings.Inbox.InStore():
		o.store, err = b.w.Inbox()
	case root == b.storeFolder+"/inbox" && b.w.ArchiveDir() == "":
		o.store, err = workspace.OpenFolder(b.w.Settings.ArchivePlace().Below("inbox"))
	case root == "books" && b.w.Settings.Books.InStore():
		var books fs.FS
		if books, err = workspace.BooksRoot(b.w.Dir, &b.w.Settings); err == nil {
			o.store, err = fs.Sub(books, root)
		}
	}
	return o, err
}

// within is a name relative to the root.
func (o *origin) within(name string) string { return strings.TrimPrefix(name, o.root+"/") }

// walk calls visit for all files and folders.
func (o *origin) walk(visit fs.WalkDirFunc) error {
	if o.store != nil {
		return fs.WalkDir(o.store, ".", func(name string, entry fs.DirEntry, err error) error {
			return visit(o.root+"/"+name, entry, err)
		})
	}
	root := o.w.Path(o.root)
	if info, err := os.Stat(root); err == nil && info.IsDir() {
		root = storage.Followed(root)
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, bad := filepath.Rel(o.w.Dir, path)
		if bad != nil {
			return bad
		}
		return visit(filepath.ToSlash(name), entry, err)
	})
}

// stat describes a file as it is now.
func (o *origin) stat(name string) (fs.FileInfo, error) {
	if o.store != nil {
		return fs.Stat(inbox.Fresh(o.store), o.within(name))
	}
	return os.Stat(o.w.Path(name))
}

// open opens a file for reading.
func (o *origin) open(name string) (io.ReadCloser, error) {
	if o.store != nil {
		return inbox.Fresh(o.store).Open(o.within(name))
	}
	return os.Open(o.w.Path(name))
}

// alwaysRead reports whether every backup reads the files, whatever their stamps: settings and books are small.
func (o *origin) alwaysRead() bool {
	return o.store == nil && (o.root == "books" || o.root == settings.File)
}

// version is the version of an object, or the stamp of a file in a folder; "" if only reading the file can show whether
// it changed.
func (o *origin) version(info fs.FileInfo) string {
	if v, is := info.Sys().(inbox.Versioned); is {
		return v.Version()
	}
	if text, known := inbox.Stamp(info); known {
		return text
	}
	return ""
}

// settled is the version of a file if every change since the backup began would change it; otherwise "".
func (o *origin) settled(info fs.FileInfo, began period.Instant) string {
	if o.store != nil {
		return o.version(info)
	}
	return inbox.SettledStamp(info, int64(began)*int64(time.Microsecond))
}

// replaced reports whether an object has been replaced. A file in a folder that is replaced while it is read is still
// the file that was opened.
func (o *origin) replaced(before, after fs.FileInfo) bool {
	return o.store != nil && o.version(before) != o.version(after)
}

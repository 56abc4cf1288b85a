package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/settings"
)

// openStore opens a place in an object store. No request is sent yet.
func openStore(p settings.Place) (*objects.S3Store, error) {
	bucket, prefix, err := settings.ParseObjectStore(p.Path)
	if err != nil {
		return nil, err
	}
	return objects.OpenS3(objects.S3Config{Bucket: bucket, Prefix: prefix, Endpoint: p.Endpoint, Region: p.Region})
}

// openChain opens a place in an object store for writing. Temporary files and the lock are in the folder scratch.
func openChain(p settings.Place, scratch string, o objects.Options) (*objects.Storage, error) {
	store, err := openStore(p)
	if err != nil {
		return nil, err
	}
	return objects.New(store, storage.Dir(scratch), o)
}

// OpenPlace opens a place for writing. For an object store, temporary files and the lock are in the folder scratch of
// the workspace.
func (w *Workspace) OpenPlace(p settings.Place, scratch string) (storage.Storage, error) {
	if !p.InStore() {
		return storage.Dir(w.Path(p.Path)), nil
	}
	st, err := openChain(p, filepath.Join(w.Dir, settings.LakeScratch, filepath.FromSlash(scratch)),
		objects.Options{Lease: w.Settings.Lake.Lease})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Path, err)
	}
	return st, nil
}

// ReadPlace opens a place for reading, without a workspace.
func ReadPlace(p settings.Place) (storage.Storage, error) {
	if !p.InStore() {
		return storage.Dir(p.Path), nil
	}
	store, err := openStore(p)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Path, err)
	}
	st, err := objects.New(store, storage.NewMem(), objects.Options{})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.Path, err)
	}
	return st, nil
}

// OpenFolder opens a place in an object store as a file system. No request is sent yet.
func OpenFolder(p settings.Place) (fs.FS, error) {
	store, err := openStore(p)
	if err != nil {
		return nil, err
	}
	return objects.NewFolder(store, p.Path, objects.Options{})
}

// Inbox opens the inbox as a file system; an inbox that does not exist is empty. Links that lead out of it are not
// followed. In an object store it is an inbox.Store.
func (w *Workspace) Inbox() (fs.FS, error) {
	if at := w.Settings.Resolve(w.Settings.Inbox.Place); at.InStore() {
		files, err := OpenFolder(at)
		if err != nil {
			return nil, fmt.Errorf("open the inbox: %w", err)
		}
		return files, nil
	}
	dir := w.InboxDir()
	if err := storage.MakeDir(dir, 0o755, storage.Name); err != nil { // a file that others put there must stay there
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	return enclosed(dir), nil
}

// LacksInbox reports whether the folder of the inbox does not exist. Inbox creates it.
func (w *Workspace) LacksInbox() bool {
	if w.InboxDir() == "" {
		return false
	}
	_, err := os.Lstat(w.InboxDir())
	return errors.Is(err, fs.ErrNotExist)
}

// InboxDir is the folder of the inbox; "" if it is in an object store.
func (w *Workspace) InboxDir() string {
	if w.Settings.Inbox.InStore() {
		return ""
	}
	return filepath.Join(w.Dir, "inbox")
}

// InboxStorage opens the inbox for removing files, which prune does.
func (w *Workspace) InboxStorage() (storage.Storage, error) {
	at := w.Settings.Resolve(w.Settings.Inbox.Place)
	if !at.InStore() {
		return storage.Folder(w.InboxDir()), nil
	}
	st, err := openChain(at, filepath.Join(w.Dir, filepath.FromSlash(inboxScratch)), objects.Options{})
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	return st, nil
}

// inboxScratch is the workspace folder for temporary files of an inbox in an object store.
const inboxScratch = settings.LakeScratch + "/inbox"

// BooksRoot returns the workspace in a folder as a file system with the books in books/, also from an object store.
func BooksRoot(dir string, s *settings.Settings) (fs.FS, error) {
	root, at := fs.FS(openable{os.DirFS(dir)}), s.Resolve(s.Books)
	if !at.InStore() {
		return root, nil
	}
	books, err := OpenFolder(at)
	if err != nil {
		return nil, fmt.Errorf("open the books: %w", err)
	}
	return &withBooks{root, books}, nil
}

// openable is a file system that refuses to open named pipes, sockets and devices: opening or reading a pipe can block
// forever. A link to a file that does not exist is an error too, since it is not the same as no file.
type openable struct{ fs.FS }

// Open implements fs.FS.
func (o openable) Open(name string) (fs.File, error) {
	info, err := fs.Stat(o.FS, name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, bad := fs.Lstat(o.FS, name); bad == nil {
			err = &fs.PathError{Op: "open", Path: name, Err: errors.New("a link to a file that does not exist")}
		}
	}
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() && !mode.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return o.FS.Open(name)
}

// withBooks is a workspace whose folder books is another file system.
type withBooks struct{ rest, books fs.FS }

// ReadDir implements fs.ReadDirFS: an object store lists all objects in one request.
func (w *withBooks) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "books" {
		return fs.ReadDir(w.books, ".")
	}
	return fs.ReadDir(w.rest, name)
}

// Open implements fs.FS.
func (w *withBooks) Open(name string) (fs.File, error) {
	if name == "books" {
		return w.books.Open(".")
	}
	if below, is := strings.CutPrefix(name, "books/"); is {
		return w.books.Open(below)
	}
	return w.rest.Open(name)
}

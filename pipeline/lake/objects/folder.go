package objects

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Folder shows the objects of a store as a file system that is read only. Objects are files; what their names have
// before a slash are folders.
//
//	FOLDER-1  The names, sizes, times and tags of objects come from one listing, which is made when it is first
//	          needed. Fresh returns the folder without it: there, Stat asks the store.
//	FOLDER-2  A file is read in the version that was described when it was opened. After the object was replaced,
//	          reading fails with ErrChanged.
//	FOLDER-3  An object whose name no file can have (a//b, an object a next to a/b) is in no folder. Odd lists it, and
//	          empty objects with a slash at the end of their names (a/) apart.
type Folder struct {
	reader *reader
	what   string // how errors call the folder

	fresh bool // Stat and Open ask the store

	once sync.Once
	list *listing
	err  error
}

// listing is the result of one listing of the store.
type listing struct {
	objects map[string]Object
	folders map[string][]fs.DirEntry // by name; "." = the folder itself
	odd     []string
	empty   map[string]bool // of odd: empty objects with a slash at the end
}

// folderCache is the default size of the cache of a folder, in bytes.
const folderCache = 64 << 20

// NewFolder returns the objects of a store as a file system; errors name it what. It sends no request.
func NewFolder(store Store, what string, o Options) (*Folder, error) {
	if o.CacheBytes == 0 {
		o.CacheBytes = folderCache
	}
	r, err := newReader(store, o.CacheBytes)
	if err != nil {
		return nil, err
	}
	return &Folder{reader: r, what: what}, nil
}

// Fresh returns the folder in its present state (FOLDER-1).
func (f *Folder) Fresh() fs.FS { return &Folder{reader: f.reader, what: f.what, fresh: true} }

// Now returns the store's clock at its latest answer, in nanoseconds since 1970; 0 before the first answer.
func (f *Folder) Now() int64 { return f.reader.store.Now() * int64(time.Second) }

// Odd lists the objects below a folder whose names no file can have, sorted by name (FOLDER-3).
func (f *Folder) Odd(dir string) (odd, empty []string, err error) {
	l, err := f.listed()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range l.odd {
		switch {
		case dir != "." && !strings.HasPrefix(strings.TrimLeft(name, "/"), dir+"/"):
		case l.empty[name]:
			empty = append(empty, name)
		default:
			odd = append(odd, name)
		}
	}
	return odd, empty, nil
}

// listed makes the listing (FOLDER-1).
func (f *Folder) listed() (*listing, error) {
	f.once.Do(func() {
		l := &listing{objects: make(map[string]Object)}
		f.err = f.reader.store.List(context.Background(), "", func(o Object) { l.objects[o.Name] = o })
		if f.err != nil {
			f.err = fmt.Errorf("list %s: %w", f.what, f.err)
			return
		}
		l.arrange()
		f.list = l
	})
	return f.list, f.err
}

// arrange puts the objects into folders.
func (l *listing) arrange() {
	below := map[string]bool{".": true} // every folder
	l.empty = make(map[string]bool)
	for name, o := range l.objects {
		if name == "." || !fs.ValidPath(name) {
			l.odd = append(l.odd, name)
			l.empty[name] = o.Size == 0 && strings.HasSuffix(name, "/")
			delete(l.objects, name)
			continue
		}
		for dir := path.Dir(name); !below[dir]; dir = path.Dir(dir) {
			below[dir] = true
		}
	}
	for name := range l.objects {
		if below[name] {
			l.odd = append(l.odd, name)
			delete(l.objects, name)
		}
	}
	slices.Sort(l.odd)
	l.folders = make(map[string][]fs.DirEntry, len(below))
	add := func(name string, info *info) {
		dir := path.Dir(name)
		l.folders[dir] = append(l.folders[dir], info)
	}
	for dir := range maps.Keys(below) {
		if l.folders[dir] == nil {
			l.folders[dir] = []fs.DirEntry{}
		}
		if dir != "." {
			add(dir, folderInfo(dir))
		}
	}
	for name, o := range l.objects {
		add(name, &info{Object: o})
	}
	for _, entries := range l.folders {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	}
}

// find describes a name.
func (f *Folder) find(op, name string) (*info, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if f.fresh && name != "." {
		o, err := f.reader.store.Stat(context.Background(), name)
		if err == nil {
			return &info{Object: o}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	l, err := f.listed()
	if err != nil {
		return nil, err
	}
	if o, is := l.objects[name]; is && !f.fresh {
		return &info{Object: o}, nil
	}
	if _, is := l.folders[name]; is {
		return folderInfo(name), nil
	}
	return nil, &fs.PathError{Op: op, Path: f.what + "/" + name, Err: fs.ErrNotExist}
}

// Stat implements fs.StatFS.
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	i, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return i, nil
}

// ReadDir implements fs.ReadDirFS.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "list", Path: name, Err: fs.ErrInvalid}
	}
	l, err := f.listed()
	if err != nil {
		return nil, err
	}
	entries, is := l.folders[name]
	if !is {
		return nil, &fs.PathError{Op: "list", Path: f.what + "/" + name, Err: fs.ErrNotExist}
	}
	return slices.Clone(entries), nil
}

// Open implements fs.FS (FOLDER-2).
func (f *Folder) Open(name string) (fs.File, error) {
	i, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if i.dir {
		entries, err := f.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &openedFolder{i, entries}, nil
	}
	return &opened{info: i, file: file{reader: f.reader, name: name, tag: i.Tag, keep: i.Tag != "",
		size: i.Object.Size}}, nil
}

// info describes an object or a folder.
type info struct {
	Object
	dir bool
}

func folderInfo(name string) *info { return &info{Object{Name: name}, true} }

// Name implements fs.FileInfo.
func (i *info) Name() string { return path.Base(i.Object.Name) }

// Size implements fs.FileInfo.
func (i *info) Size() int64 { return i.Object.Size }

// IsDir implements fs.FileInfo.
func (i *info) IsDir() bool { return i.dir }

// ModTime returns when the object was last written, by the store's clock.
func (i *info) ModTime() time.Time { return time.Unix(i.Changed, 0) }

// Mode implements fs.FileInfo.
func (i *info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// Type implements fs.DirEntry.
func (i *info) Type() fs.FileMode { return i.Mode().Type() }

// Info implements fs.DirEntry.
func (i *info) Info() (fs.FileInfo, error) { return i, nil }

// Sys returns the Version of an object. It is nil for a folder and for an object without a tag, whose changes only its
// content shows.
func (i *info) Sys() any {
	if i.dir || i.Tag == "" {
		return nil
	}
	return Version(i.Tag)
}

// Version identifies a version of an object: versions with different contents differ.
type Version string

// Version returns it as a string.
func (v Version) Version() string { return string(v) }

// opened is an object opened for reading.
type opened struct {
	file
	info *info
}

// Stat implements fs.File.
func (o *opened) Stat() (fs.FileInfo, error) { return o.info, nil }

// Seek implements io.Seeker.
func (o *opened) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return o.at, &fs.PathError{Op: "seek", Path: o.name, Err: fs.ErrInvalid}
	}
	o.at = offset
	return o.at, nil
}

// openedFolder is a folder opened for reading.
type openedFolder struct {
	info *info
	left []fs.DirEntry
}

// Stat implements fs.File.
func (o *openedFolder) Stat() (fs.FileInfo, error) { return o.info, nil }

// Close implements fs.File.
func (o *openedFolder) Close() error { return nil }

// Read implements fs.File.
func (o *openedFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.info.Object.Name, Err: errors.New("is a folder")}
}

// ReadDir implements fs.ReadDirFile.
func (o *openedFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(o.left)
	} else if len(o.left) == 0 {
		return nil, io.EOF
	}
	out := o.left[:min(n, len(o.left))]
	o.left = o.left[len(out):]
	return out, nil
}

package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Dir is a Storage on the real file system, under the folder root. The folder is created by the first Create or Lock,
// not by Dir: a command that only reads leaves no trace.
func Dir(root string) Storage {
	return &dirStorage{root: filepath.Clean(root)}
}

// Folder is Dir for a folder that tollbook shares with others, such as the inbox: empty folders are kept.
func Folder(root string) Storage {
	return &dirStorage{root: filepath.Clean(root), stay: true}
}

type dirStorage struct {
	root string
	stay bool // keep empty folders
	// tree is held while folders are created or removed, so that Remove cannot remove a folder in which another
	// goroutine is about to create a file.
	tree   sync.Mutex
	rooted bool // the root folder is durable
}

func (d *dirStorage) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

type dirFile struct {
	*os.File
	name string
}

func (f dirFile) Name() string { return f.name }

type dirReadFile struct {
	*os.File
	size int64
}

func (f dirReadFile) Size() int64 { return f.size }

func (d *dirStorage) Create(name string) (File, error) {
	if err := checkName("create", name); err != nil {
		return nil, err
	}
	d.tree.Lock()
	defer d.tree.Unlock()
	target := d.path(name)
	var f *os.File
	err := d.inFolder(target, func() (err error) {
		f, err = os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666) // os adds O_CLOEXEC
		return err
	})
	if err != nil {
		return nil, err
	}
	return dirFile{f, name}, nil
}

// inFolder creates the folders above a file and then calls a function. Another process may remove the folders while
// they are empty; then both are repeated. MkdirAll reports that a folder exists if another process created it and
// removed it before MkdirAll checked it.
func (d *dirStorage) inFolder(target string, do func() error) (err error) {
	const attempts = 100
	for range attempts {
		if err = d.makeRoot(); err == nil {
			err = MakeDir(filepath.Dir(target), 0o777, Unsynced) // SyncDir is the caller's (STO-3)
		}
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = do()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// makeRoot creates the root folder, durably. The caller holds tree.
func (d *dirStorage) makeRoot() error {
	if d.rooted {
		return nil
	}
	err := MakeDir(d.root, 0o777, Name)
	d.rooted = err == nil
	return err
}

func (d *dirStorage) Open(name string) (ReadFile, error) {
	if err := checkName("open", name); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: f.Name(), Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return dirReadFile{f, info.Size()}, nil
}

func (d *dirStorage) Rename(from, to string) error {
	if err := errors.Join(checkName("rename", from), checkName("rename", to)); err != nil {
		return err
	}
	d.tree.Lock()
	defer d.tree.Unlock()
	target := d.path(to)
	if err := d.inFolder(target, func() error { return os.Rename(d.path(from), target) }); err != nil {
		return err
	}
	return d.removeEmpty(path.Dir(from))
}

func (d *dirStorage) Remove(name string) error {
	if err := checkName("remove", name); err != nil {
		return err
	}
	d.tree.Lock()
	defer d.tree.Unlock()
	if err := os.Remove(d.path(name)); err != nil {
		return err
	}
	return d.removeEmpty(path.Dir(name))
}

// removeEmpty removes a folder and those above it, as long as they are empty, below the root.
func (d *dirStorage) removeEmpty(dir string) error {
	if d.stay {
		return nil
	}
	for ; dir != "." && dir != ""; dir = path.Dir(dir) {
		err := unix.Rmdir(d.path(dir))
		switch {
		case err == nil, errors.Is(err, unix.ENOENT):
		case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST), errors.Is(err, unix.EACCES) && d.full(dir):
			return nil
		default:
			return &fs.PathError{Op: "rmdir", Path: d.path(dir), Err: err}
		}
	}
	return nil
}

// full reports whether a folder is not empty. Without the right to remove it, the system reports that first.
func (d *dirStorage) full(dir string) bool {
	f, err := os.Open(d.path(dir))
	if err != nil {
		return false
	}
	defer f.Close()
	names, _ := f.Readdirnames(1) // without a name, the error of the removal counts
	return len(names) > 0
}

func (d *dirStorage) Prune(own func(dir string) bool) error {
	d.tree.Lock()
	defer d.tree.Unlock()
	var dirs []string
	err := d.walk("", func(name string, e fs.DirEntry) error {
		if e.IsDir() && own(name) {
			dirs = append(dirs, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) { // a folder precedes its content
		if err := d.removeEmpty(dir); err != nil {
			return err
		}
	}
	return nil
}

func (d *dirStorage) SyncDir(dir string) error {
	if err := checkDir("sync", dir); err != nil {
		return err
	}
	for {
		err := SyncDir(d.path(dir))
		if dir == "" || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir = path.Dir(dir); dir == "." {
			dir = ""
		}
	}
}

func (d *dirStorage) List(prefix string) ([]Entry, error) {
	start := "" // the folder of the prefix: nothing above it need be read
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		start = prefix[:i]
	}
	if err := checkDir("list", start); err != nil {
		return nil, err
	}
	var out []Entry
	err := d.walk(start, func(name string, e fs.DirEntry) error {
		if e.IsDir() || !strings.HasPrefix(name, prefix) {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile: the same as if it had been removed before
		}
		if err != nil {
			return err
		}
		out = append(out, Entry{Name: name, Size: info.Size()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// walk visits everything below a folder, but not the folder itself, which can be a link to one. Folders and files that
// disappear meanwhile are skipped.
func (d *dirStorage) walk(start string, visit func(name string, e fs.DirEntry) error) error {
	root := Followed(d.path(start))
	return filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || p == root && errors.Is(err, unix.ENOTDIR) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(d.root, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if name == "." || name == start {
			return nil
		}
		return visit(name, e)
	})
}

// Followed returns a name of a folder for which filepath.WalkDir also follows a link. Names below it have the link
// resolved.
func Followed(folder string) string { return folder + string(filepath.Separator) + "." }

// Lock uses flock. The lock belongs to the open file, so the system releases it when the process ends in any way. The
// holder's name is written into the file for people, and unlock removes it; it has no effect.
func (d *dirStorage) Lock() (Lock, error) {
	d.tree.Lock()
	err := d.makeRoot()
	d.tree.Unlock()
	if err != nil {
		return Lock{}, err
	}
	name := d.path(LockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return Lock{}, err
	}
	held := func() error {
		locked, err := f.Stat()
		named, missing := os.Lstat(name)
		if err == nil && (missing != nil || !os.SameFile(locked, named)) {
			err = &LostLockError{Name: name}
		}
		return err
	}
	if err := TryLockFile(f, ExclusiveLock); err != nil {
		defer func() { _ = f.Close() }() // opened only for the lock, nothing was written
		if errors.Is(err, ErrLocked) {
			return Lock{}, &LockedError{Name: name, Holder: readHolder(f)}
		}
		return Lock{}, fmt.Errorf("lock %s: %w", name, err)
	}
	if err := errors.Join(held(), writeHolder(f)); err != nil {
		return Lock{}, fmt.Errorf("lock %s: %w", name, errors.Join(err, f.Close()))
	}
	return Lock{Held: held, Unlock: func() error {
		// Emptied before the release: afterwards the text would be the next holder's. Closing the file would not be
		// sufficient: a program that is being started has this one's files open until it runs.
		if err := errors.Join(f.Truncate(0), UnlockFile(f), f.Close()); err != nil {
			return fmt.Errorf("unlock %s: %w", name, err)
		}
		return nil
	}}, nil
}

func writeHolder(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "pid %d on host %s\n", os.Getpid(), host), 0)
	return err
}

// readHolder returns the text that the holder wrote: at most one line, and empty until it is written.
func readHolder(f *os.File) string {
	buf := make([]byte, 512)
	n, _ := f.ReadAt(buf, 0) // a short read is normal; the text is only shown
	line, _, _ := strings.Cut(string(buf[:n]), "\n")
	return line
}

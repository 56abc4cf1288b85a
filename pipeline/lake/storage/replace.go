package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Durability is what of a replaced file survives a power failure (OSFILE-2).
type Durability int

// The values of Durability.
const (
	// Unsynced syncs nothing. The reader of the file must detect damage.
	Unsynced Durability = iota
	// Content syncs the file before it gets its name.
	Content
	// Name is Content, and then syncs the folder.
	Name
)

// ReplaceOptions are the options of Replace.
type ReplaceOptions struct {
	// Temporary is the name of the temporary file, without a folder. The last asterisk stands for a random number.
	// Without an asterisk, a file that a killed process left is overwritten, and the caller must prevent concurrent
	// calls.
	Temporary string
	// Mode is the mode of the file, independent of the umask. If it is 0, the mode is 0600 for a temporary name with an
	// asterisk, and 0666 less the umask for another name.
	Mode fs.FileMode
	// Durability is what survives a power failure.
	Durability Durability
	// Publish gives the temporary file its final name; nil is os.Rename. It may leave the temporary name, as os.Link
	// does: Replace removes it.
	Publish func(from, to string) error
}

// ReplaceFile replaces a file, or creates it, with the content that write writes (OSFILE-1). It closes the file before
// it calls Publish.
func ReplaceFile(name string, o ReplaceOptions, write func(*os.File) error) error {
	f, err := o.create(filepath.Dir(name))
	if err != nil {
		return err
	}
	return o.publish(errors.Join(o.fill(f, write), f.Close()), f.Name(), name)
}

// ReplaceOpenFile is Replace for a caller that keeps the file open, for example to keep a lock on it. After an error
// the file is closed.
func ReplaceOpenFile(name string, o ReplaceOptions, write func(*os.File) error) (*os.File, error) {
	f, err := o.create(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	if err := o.publish(o.fill(f, write), f.Name(), name); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// create creates the temporary file.
func (o ReplaceOptions) create(dir string) (*os.File, error) {
	if strings.Contains(o.Temporary, "*") {
		return os.CreateTemp(dir, o.Temporary)
	}
	return os.Create(filepath.Join(dir, o.Temporary))
}

// fill writes the content, and syncs it if it must be durable.
func (o ReplaceOptions) fill(f *os.File, write func(*os.File) error) error {
	if err := write(f); err != nil {
		return err
	}
	if o.Mode != 0 {
		if err := f.Chmod(o.Mode); err != nil {
			return err
		}
	}
	if o.Durability == Unsynced {
		return nil
	}
	return f.Sync()
}

// publish gives the temporary file its final name, or removes it after an error.
func (o ReplaceOptions) publish(err error, temporary, name string) error {
	put := os.Rename
	if o.Publish != nil {
		put = o.Publish
	}
	if err == nil {
		err = put(temporary, name)
	}
	if err != nil || o.Publish != nil {
		if gone := os.Remove(temporary); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil || o.Durability != Name {
		return err
	}
	return SyncDir(filepath.Dir(name))
}

// MakeDir makes a folder, and the folders above it that do not exist (OSFILE-4). A folder that exists is no error. The
// names need not be durable with Unsynced, for a cache, or if the caller syncs the folders itself.
func MakeDir(name string, mode fs.FileMode, durability Durability) error {
	if durability != Name {
		return os.MkdirAll(name, mode)
	}
	return MakeDirIn(system{}, name, mode)
}

// Folders is a file system in which folders are made. The simulation has another one than the system's.
type Folders interface {
	// IsDir reports whether there is a folder. The error is fs.ErrNotExist if there is nothing.
	IsDir(name string) (bool, error)
	Mkdir(name string, mode fs.FileMode) error
	SyncDir(name string) error
}

type system struct{}

func (system) IsDir(name string) (bool, error) {
	info, err := os.Stat(name)
	return err == nil && info.IsDir(), err
}

func (system) Mkdir(name string, mode fs.FileMode) error { return os.Mkdir(name, mode) }

func (system) SyncDir(name string) error { return SyncDir(name) }

// MakeDirIn is MakeDir with the durability Name, in any file system.
func MakeDirIn(in Folders, name string, mode fs.FileMode) error {
	parent := filepath.Dir(name)
	there, err := in.IsDir(name)
	if there { // a process that was killed can have made it
		if err := in.SyncDir(parent); !errors.Is(err, fs.ErrPermission) {
			return err
		}
		return nil // this process cannot have made it
	}
	if errors.Is(err, fs.ErrNotExist) && parent != name {
		if err := MakeDirIn(in, parent, mode); err != nil {
			return err
		}
	}
	if err := in.Mkdir(name, mode); err != nil {
		there, missing := in.IsDir(name) // another process made it, or a link leads to it
		switch {
		case !errors.Is(err, fs.ErrExist):
			return err
		case missing != nil:
			return missing
		case !there:
			return &fs.PathError{Op: "mkdir", Path: name, Err: unix.ENOTDIR}
		}
	}
	return in.SyncDir(parent)
}

// SyncAll makes everything below a folder durable, but not its own name.
func SyncAll(name string) error {
	return filepath.WalkDir(name, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return SyncDir(path)
	})
}

// SyncDir makes the names in a folder durable, or the content of a file.
func SyncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

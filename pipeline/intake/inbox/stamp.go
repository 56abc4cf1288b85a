package inbox

import (
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
)

// Versioned is what FileInfo.Sys returns in a file system over an object store.
type Versioned interface {
	Version() string // a file with other content has another one
}

// Store is a file system over an object store. It describes files as one listing did.
type Store interface {
	fs.FS
	Now() int64   // the store's clock at its newest answer, ns since 1970; 0 = not known
	Fresh() fs.FS // the same files as they are now
	// Odd lists the objects below a folder whose names no file can have.
	Odd(dir string) ([]string, error)
}

// stampOf is what the system or the object store knows of a file; not ok where it knows nothing. An object has no inode
// and no time of change: its version and the time at which it was written take their places.
func stampOf(info fs.FileInfo) (s stamp, ok bool) {
	v, is := info.Sys().(Versioned)
	if !is {
		return systemStamp(info)
	}
	sum, at := sha256.Sum256([]byte(v.Version())), info.ModTime().UnixNano()
	return stamp{size: info.Size(), mtime: at, ctime: at, inode: binary.BigEndian.Uint64(sum[:8])}, true
}

// Fresh is a file system that describes files as they are now: of a Store another one, else the same.
func Fresh(fsys fs.FS) fs.FS {
	if store, is := fsys.(Store); is {
		return store.Fresh()
	}
	return fsys
}

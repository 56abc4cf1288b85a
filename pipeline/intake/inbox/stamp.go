package inbox

import (
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
)

// Versioned is what FileInfo.Sys returns in a file system over an object store.
type Versioned interface {
	Version() string // differs for different contents of a file
}

// Store is a file system over an object store. It describes files as of one listing.
type Store interface {
	fs.FS
	Now() int64   // the store's clock at its latest answer, ns since 1970; 0 = unknown
	Fresh() fs.FS // the same files in their present state
	// Odd lists the objects below a folder whose names no file can have, the empty ones with a slash at the end apart.
	Odd(dir string) (odd, empty []string, err error)
}

// stampOf returns what the system or the object store knows of a file; ok is false if it knows nothing. An object has
// no inode and no ctime: its version and its time of writing are used instead.
func stampOf(info fs.FileInfo) (s stamp, ok bool) {
	v, is := info.Sys().(Versioned)
	if !is {
		return systemStamp(info)
	}
	sum, at := sha256.Sum256([]byte(v.Version())), info.ModTime().UnixNano()
	return stamp{size: info.Size(), mtime: at, ctime: at, inode: binary.BigEndian.Uint64(sum[:8])}, true
}

// Fresh returns a file system with the present state of files: a new one for a Store, else the same.
func Fresh(fsys fs.FS) fs.FS {
	if store, is := fsys.(Store); is {
		return store.Fresh()
	}
	return fsys
}

package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/problem"
)

// format is the version of the file that this code reads.
const format = 1

// content is the keys file.
type content struct {
	Format int      `json:"format"`
	Keys   []record `json:"keys"` // by age, oldest first
}

// FileError reports that the keys file cannot be used.
type FileError struct{ Name, What, Do string }

// Error names the file.
func (e *FileError) Error() string { return fmt.Sprintf("keys file %s: %s", e.Name, e.What) }

// Diagnosis implements problem.Diagnosed.
func (e *FileError) Diagnosis() (problem.Class, string) {
	return problem.Failed, e.Do
}

// File is a keys file.
type File struct{ Name string }

// List returns the keys, oldest first; none if the file does not exist.
func (f File) List() ([]Key, error) {
	c, _, err := f.read()
	if err != nil {
		return nil, err
	}
	list := make([]Key, len(c.Keys))
	for i := range c.Keys {
		list[i] = c.Keys[i].Key
	}
	return list, nil
}

// Add creates a key and stores it. created is the time in RFC 3339. Add assigns the caller's ID.
func (f File) Add(c Caller, token bool, created string) (Issued, error) {
	var made Issued
	err := f.AddShown(c, token, created, func(m Issued) error {
		made = m
		return nil
	})
	return made, err
}

// AddShown is Add for a key that must be shown before it is valid: show is called before the last step, and if it fails
// the key is not stored.
func (f File) AddShown(c Caller, token bool, created string, show func(Issued) error) error {
	var made Issued
	return f.change(func(all *content) error {
		r, secret, err := newRecord(c, token, created)
		if err != nil {
			return err
		}
		all.Keys = append(all.Keys, r)
		made = Issued{Key: r.Key, Secret: secret}
		return nil
	}, func() error { return show(made) })
}

// UnknownKeyError reports that there is no key with an id.
type UnknownKeyError struct{ ID string }

// Error names the id.
func (e *UnknownKeyError) Error() string { return fmt.Sprintf("there is no key %q", e.ID) }

// Diagnosis implements problem.Diagnosed.
func (e *UnknownKeyError) Diagnosis() (problem.Class, string) {
	return problem.NotFound, "`tollbook keys list` lists them"
}

// Revoke revokes a key; changed is false if it already was revoked. at is the time in RFC 3339.
func (f File) Revoke(id, at string) (changed bool, err error) {
	err = f.change(func(all *content) error {
		i := slices.IndexFunc(all.Keys, func(r record) bool { return r.ID == id })
		if i < 0 {
			return &UnknownKeyError{id}
		}
		r := &all.Keys[i]
		if changed = r.Revoked == ""; changed {
			r.Revoked, r.Secret, r.Hash = at, "", ""
		}
		return nil
	}, nil)
	return changed, err
}

// read reads and checks the file (KEYS-1). info is nil if there is no file.
func (f File) read() (content, fs.FileInfo, error) {
	file, err := os.OpenFile(f.Name, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe must not block the server
	if errors.Is(err, fs.ErrNotExist) {
		return content{Format: format}, nil, nil
	}
	if err != nil {
		return content{}, nil, fmt.Errorf("read keys: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return content{}, nil, fmt.Errorf("read keys: %w", err)
	}
	wrong := func(do, what string, args ...any) (content, fs.FileInfo, error) {
		return content{}, info, &FileError{Name: f.Name, What: fmt.Sprintf(what, args...), Do: do}
	}
	if !info.Mode().IsRegular() {
		return wrong("name a file in api.keys", "not a file")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return wrong("chmod 600 "+f.Name+", and make new keys if others could have read it",
			"others than its owner may use it (mode %04o)", mode)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return content{}, info, fmt.Errorf("read keys: %w", err)
	}
	var c content
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	const restore = "put a copy of the file back, or delete it and make new keys"
	// The parser's message may quote the text, which contains secrets: only its position is reported.
	if err := dec.Decode(&c); err != nil {
		return wrong(restore, "not a keys file: does not read as JSON at byte %d", dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return wrong(restore, "not a keys file: text after its end")
	}
	if c.Format != format {
		return wrong("use the build that wrote it", "format %d, this build reads %d", c.Format, format)
	}
	seen := map[string]bool{}
	for i := range c.Keys {
		if err := c.Keys[i].check(); err != nil {
			return wrong(restore, "%v", err)
		}
		if seen[c.Keys[i].ID] {
			return wrong(restore, "key %s is duplicate", c.Keys[i].ID)
		}
		seen[c.Keys[i].ID] = true
	}
	return c, info, nil
}

// change reads the file, edits its content and replaces it, under a lock. ready is called when the new file is written
// and synced; if it fails, the old file stays. nil = not called.
func (f File) change(edit func(*content) error, ready func() error) (err error) {
	lock, err := os.OpenFile(f.Name+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := storage.LockFile(lock, storage.ExclusiveLock); err != nil {
		return fmt.Errorf("write keys: lock %s: %w", lock.Name(), err)
	}
	if err := f.sweep(); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	c, _, err := f.read()
	if err != nil {
		return err
	}
	if err := edit(&c); err != nil {
		return err
	}
	text, err := json.MarshalIndent(&c, "", "  ")
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	var refused error // by ready
	o := storage.ReplaceOptions{Temporary: f.temporary() + "*" + ending, Durability: storage.Name,
		Publish: func(from, to string) error {
			if ready != nil {
				if refused = ready(); refused != nil {
					return refused
				}
			}
			return os.Rename(from, to)
		}}
	err = storage.ReplaceFile(f.Name, o, func(tmp *os.File) error {
		_, err := tmp.Write(append(text, '\n'))
		return err
	})
	if err != nil && refused == nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return err
}

// ending is the suffix of the name of a file that is being written.
const ending = ".tmp"

// temporary returns the prefix of the name of a file that is being written.
func (f File) temporary() string { return "." + filepath.Base(f.Name) + "." }

// sweep deletes files with secrets that a killed process left. The lock must be held, so that nobody writes them.
func (f File) sweep() error {
	dir := filepath.Dir(f.Name)
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		name := e.Name()
		if e.Type().IsRegular() && strings.HasPrefix(name, f.temporary()) && strings.HasSuffix(name, ending) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	return err
}

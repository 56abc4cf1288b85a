package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// Store looks up keys in the current file (KEYS-5). It may be used from several goroutines.
type Store struct {
	file File

	mu     sync.Mutex
	info   fs.FileInfo // of the file that was read; nil = there was none
	err    error       // of reading it
	access map[string]*record
	tokens map[string]*record // by hash
}

// Open reads a keys file. The error is that of File.List.
func Open(name string) (*Store, error) {
	s := &Store{file: File{Name: name}}
	s.load()
	return s, s.err
}

// Secret returns the caller of an access key and the secret with which it signs; ok is false if the key does not exist
// or was revoked.
func (s *Store) Secret(id string) (c Caller, secret string, ok bool, err error) {
	access, _, err := s.now()
	if err != nil {
		return Caller{}, "", false, err
	}
	r, ok := access[id]
	if !ok {
		return Caller{}, "", false, nil
	}
	return r.Caller, r.Secret, true, nil
}

// Token returns the caller of a token; ok is false if the token does not exist or was revoked. Tokens are looked up by
// their hash, so that the time it takes reveals nothing about existing ones.
func (s *Store) Token(token string) (c Caller, ok bool, err error) {
	_, tokens, err := s.now()
	if err != nil {
		return Caller{}, false, err
	}
	r, ok := tokens[tokenHash(token)]
	if !ok {
		return Caller{}, false, nil
	}
	return r.Caller, true, nil
}

// Known reports whether a key with the data of c exists and was not revoked.
func (s *Store) Known(c Caller) (bool, error) {
	access, tokens, err := s.now()
	if err != nil {
		return false, err
	}
	if r, ok := access[c.ID]; ok {
		return r.Caller == c, nil
	}
	for _, r := range tokens {
		if r.ID == c.ID {
			return r.Caller == c, nil
		}
	}
	return false, nil
}

// Check reports whether the file can be used now.
func (s *Store) Check() error {
	_, _, err := s.now()
	return err
}

// now returns the keys of the current file. A file is only replaced (KEYS-1), so a changed file is another one; size
// and time are compared too, in case a person edits it.
func (s *Store) now() (access, tokens map[string]*record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.file.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.info == nil && s.err == nil:
	case err == nil && s.info != nil && os.SameFile(info, s.info) && info.Size() == s.info.Size() &&
		info.ModTime().Equal(s.info.ModTime()) &&
		info.Mode() == s.info.Mode():
	default:
		s.load()
	}
	return s.access, s.tokens, s.err
}

// load reads the file. If that fails, no key is known.
func (s *Store) load() {
	s.access, s.tokens = map[string]*record{}, map[string]*record{}
	c, info, err := s.file.read()
	s.info, s.err = info, err
	if err != nil {
		if _, ours := errors.AsType[*FileError](err); !ours {
			s.info = nil // read again at the next call
			s.err = fmt.Errorf("keys: %w", err)
		}
		return
	}
	for i := range c.Keys {
		switch r := &c.Keys[i]; {
		case r.Revoked != "":
		case r.Token:
			s.tokens[r.Hash] = r
		default:
			s.access[r.ID] = r
		}
	}
}

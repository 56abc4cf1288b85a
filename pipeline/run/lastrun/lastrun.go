package lastrun

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// State is a state of the lake for which there is nothing to do with a program, settings and books.
type State struct {
	Program         string
	Settings, Books [32]byte
	Number          int64 // number of the manifest
	Manifest        manifest.Hash
}

// header begins the file's first line; the hash of the other lines ends it.
const header = "tollbook lastrun 1 "

// String is the text of the file.
func (s *State) String() string {
	body := fmt.Sprintf("program %q\nsettings %x\nbooks %x\nmanifest %d %s\n", s.Program, s.Settings, s.Books, s.Number,
		s.Manifest)
	return header + string(manifest.HashBytes([]byte(body))) + "\n" + body
}

var errDamaged = errors.New("not as it was written")

// parse reads exactly what String wrote.
func parse(text string) (*State, error) {
	var s State
	var head, settings, books, state string
	n, err := fmt.Sscanf(text, header+"%s\nprogram %q\nsettings %s\nbooks %s\nmanifest %d %s\n", &head, &s.Program,
		&settings, &books, &s.Number, &state)
	if err != nil || n != 6 {
		return nil, errDamaged
	}
	for _, h := range []struct {
		to   *[32]byte
		text string
	}{{&s.Settings, settings}, {&s.Books, books}} {
		b, err := hex.DecodeString(h.text)
		if err != nil || len(b) != len(h.to) {
			return nil, errDamaged
		}
		copy(h.to[:], b)
	}
	s.Manifest = manifest.Hash(state)
	if s.String() != text {
		return nil, errDamaged
	}
	return &s, nil
}

// Load returns the state in the file of the options; nil = none.
func Load(o *workspace.Options) *State {
	if o.LastRunFile == "" || o.Program == "" {
		return nil
	}
	text, err := os.ReadFile(o.LastRunFile)
	if err != nil {
		return nil // most often there is no file; otherwise the run is performed
	}
	s, err := parse(string(text))
	o.Debug("the state of the last run is not cached", err, "file", o.LastRunFile)
	return s
}

// Save writes the state to the file of the options. If it fails, the next run is performed.
func (s *State) Save(o *workspace.Options) {
	text := s.String()
	if old, err := os.ReadFile(o.LastRunFile); err == nil && string(old) == text {
		return
	}
	o.Debug("the state of this run is not cached", inbox.ReplaceFile(o.LastRunFile, text))
}

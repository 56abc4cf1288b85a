package ledger

import (
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// WroteTo reports whether a run of the ledger ended with the lake of an origin (lake.Snapshot.Origin), or began that
// lake without recording it: the run is active or was killed after its commit, and first, the lake's first manifest,
// describes it. It checks the newest run first. last is the newest run that ended with any lake; nil = there is none.
// Entries that cannot be read are ignored.
func WroteTo(dir string, origin lake.Hash, first func() (*lake.Manifest, error)) (known bool, last *Entry) {
	names, err := list(dir)
	if err != nil {
		return false, nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		e := readFile(filepath.Join(dir, names[i]))
		if e == nil {
			continue
		}
		if e.Lake == "" {
			if e.mayHaveBegun(origin, first) {
				return true, last
			}
			continue
		}
		if last == nil {
			last = e
		}
		if e.Lake == origin {
			return true, last
		}
	}
	return false, last
}

// LastState returns the newest run that recorded the state that it left of the lake of an origin
// (lake.Snapshot.Origin); nil = none. Entries that cannot be read are ignored.
func LastState(dir string, origin lake.Hash) *Entry {
	return newest(dir, func(e *Entry) bool { return e.State != "" && e.Lake == origin })
}

// LastClose returns the ledger's newest close that committed, without the run with ID except; nil = none. Entries that
// cannot be read are ignored.
func LastClose(dir, except string) *Entry {
	return newest(dir, func(e *Entry) bool { return e.Kind == "close" && e.Changed && e.ID != except })
}

// newest returns the newest entry that is wanted; nil = none.
func newest(dir string, wanted func(*Entry) bool) *Entry {
	names, err := list(dir)
	if err != nil {
		return nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		if e := readFile(filepath.Join(dir, names[i])); e != nil && wanted(e) {
			return e
		}
	}
	return nil
}

// mayHaveBegun reports whether a run whose entry names no lake can have begun the lake of an origin.
func (e *Entry) mayHaveBegun(origin lake.Hash, first func() (*lake.Manifest, error)) bool {
	if !e.NewLake || origin == "" || !e.endedBadly() {
		return false
	}
	m, err := first()
	return err == nil && e.describedBy(m)
}

// readFile reads one entry; nil = it cannot be read.
func readFile(path string) *Entry {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	e, err := readEntry(f, path)
	if err != nil {
		return nil
	}
	return e
}

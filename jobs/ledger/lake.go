package ledger

import (
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// WroteTo reports whether a run of the ledger ended with the lake of an origin (lake.Snapshot.Origin), or began it
// and could not say so: it is on, or it was killed after its commit, and first, the lake's first manifest, is what it
// was to write. It looks at the newest run first. last is the newest run that ended with any lake; nil = none is named.
// Entries that cannot be read are ignored.
func WroteTo(dir string, origin manifest.Hash, first func() (*manifest.Manifest, error)) (known bool, last *Entry) {
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

// LastClose is the newest close of the ledger that committed, other than the run of an ID; nil = none. Entries that
// cannot be read are ignored.
func LastClose(dir, except string) *Entry {
	names, err := list(dir)
	if err != nil {
		return nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		e := readFile(filepath.Join(dir, names[i]))
		if e != nil && e.Kind == "close" && e.Changed && e.ID != except {
			return e
		}
	}
	return nil
}

// mayHaveBegun reports whether a run that does not say which lake it left began the one of an origin.
func (e *Entry) mayHaveBegun(origin manifest.Hash, first func() (*manifest.Manifest, error)) bool {
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

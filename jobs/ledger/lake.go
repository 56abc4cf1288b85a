package ledger

import (
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// WroteTo reports whether a run of the ledger ended with the lake of an origin (lake.Snapshot.Origin), looking at the
// newest run first. last is the newest run that ended with any lake; nil = the ledger names none. Entries that cannot
// be read are ignored.
func WroteTo(dir string, origin manifest.Hash) (known bool, last *Entry) {
	names, err := list(dir)
	if err != nil {
		return false, nil
	}
	for i := len(names) - 1; i >= 0; i-- {
		e := readFile(filepath.Join(dir, names[i]))
		if e == nil || e.Lake == "" {
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

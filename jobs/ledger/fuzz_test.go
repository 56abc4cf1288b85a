package ledger

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzEntry reads arbitrary files as entries. The result is either the entry of the file's name, which is not running,
// or damage, never both, and no entry is lost without notice.
func FuzzEntry(f *testing.F) {
	const id = "20261003T013000.000Z-nightly"
	f.Add(`{"format":1,"id":"` + id + `","kind":"nightly","outcome":"running","started":"2026-10-03T01:30:00Z"}`)
	f.Add(`{"format":1,"id":"` + id + `","outcome":"done","reasons":{"conflict":1},"publish_owed":{"why":"away"}}`)
	f.Add(`{"format":1,"id":"another"}`)
	f.Add(`{"format":2,"id":"` + id + `"}`)
	f.Add("")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, id+suffix), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		entries, damaged, err := Read(dir)
		if err != nil || len(entries)+len(damaged) != 1 {
			t.Fatalf("%q: %d entries, %d damaged, %v", text, len(entries), len(damaged), err)
		}
		for _, e := range entries {
			if e.ID != id || e.Format != format || e.Outcome == Running {
				t.Fatalf("%q: %+v", text, e)
			}
		}
	})
}

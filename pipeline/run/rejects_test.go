package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/run"
)

// TestManyRejects checks that a feed file with 4,096 rejects or more has a file of rejects of its own, and that the
// rejects of all other files of a run are in one file.
func TestManyRejects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rejects []int // of each feed file
		files   int   // with rejects, in the lake
	}{{[]int{4095, 4095}, 1}, {[]int{4096, 4095, 1}, 2}, {[]int{4096, 5000}, 2}} {
		s := newShared(t)
		if err := os.RemoveAll(filepath.Join(s.dir, "inbox")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(s.dir, "inbox", "usage"), 0o755); err != nil {
			t.Fatal(err)
		}
		for i, rejects := range c.rejects {
			var text strings.Builder
			text.WriteString("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n")
			for k := range rejects {
				fmt.Fprintf(&text, "r%d-%d,nobody,x,y,z,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n", i, k)
			}
			path := filepath.Join(s.dir, "inbox", "usage", fmt.Sprintf("%d.csv", i))
			if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := run.Nightly(t.Context(), s.open(), s.o); err != nil {
			t.Fatal(err)
		}
		found := 0
		for name := range s.files() {
			if strings.HasPrefix(name, "/rejects/") {
				found++
			}
		}
		if found != c.files {
			t.Errorf("feed files with %v rejects: %d files of rejects, want %d", c.rejects, found, c.files)
		}
	}
}

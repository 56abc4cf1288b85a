package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// TestHashCache checks that each workspace has its own file below the user's cache folder, and no file if the
// environment does not name such a folder.
func TestHashCache(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	books := "/tollbook/inbox-" + string(lake.HashBytes([]byte("/srv/books")))
	for _, c := range []struct{ workspace, cache, home, want string }{
		{"/srv/books", "", "", ""},
		{"/srv/books", "", "/home/ann", "/home/ann/.cache" + books},
		{"/srv/books/", "/var/cache/ann", "/home/ann", "/var/cache/ann" + books},
		{"/srv/x/../books", "/var/cache/ann", "", "/var/cache/ann" + books},
		{"/srv/books", "cache", "/home/ann", ""},
		{"/srv/books", "", "home", ""},
		{".", "/c", "", filepath.Join("/c/tollbook", "inbox-"+string(lake.HashBytes([]byte(here))))},
	} {
		a := &App{Env: func(name string) string {
			return map[string]string{"XDG_CACHE_HOME": c.cache, "HOME": c.home}[name]
		}}
		a.Flags.Workspace = c.workspace
		if got := a.CacheFile("inbox"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestReplacedBook checks that replacing a book is detected even if its size and modification time are the same.
func TestReplacedBook(t *testing.T) {
	t.Parallel()
	dir, at := t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	book := filepath.Join(dir, "books", "prices.csv")
	put := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Dir(book), 0o777); err != nil {
		t.Fatal(err)
	}
	put(book, "0.05")
	w := &workspace.Workspace{Dir: dir}
	w.Settings.Books.Path = "books"
	before := printOf(w)
	if again := printOf(w); again != before {
		t.Errorf("unchanged books: %q and %q", before, again)
	}
	put(book+".new", "0.07")
	if err := os.Rename(book+".new", book); err != nil {
		t.Fatal(err)
	}
	if printOf(w) == before {
		t.Errorf("the replaced book is taken for the one before: %q", before)
	}
}

package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/problem"
)

// DraftBooks reads books in another folder than a workspace's, with the workspace's settings. Errors: *RefusedError if
// there is no such folder, and the errors of the books.
func DraftBooks(dir string, w *workspace.Workspace) (*books.Books, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &workspace.RefusedError{What: fmt.Sprintf("%s is no folder with books", dir), Hint: "check --books"}
	}
	b, err := load.Books(draft{os.DirFS(dir)}, w.Settings)
	var found problem.Problems
	if errors.As(err, &found) {
		return nil, found.In(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("books in %s: %w", dir, err)
	}
	return b, nil
}

// draft presents a folder as the books folder of a workspace.
type draft struct{ files fs.FS }

// Open implements fs.FS.
func (d draft) Open(name string) (fs.File, error) {
	if name == "books" {
		return d.files.Open(".")
	}
	below, ok := strings.CutPrefix(name, "books/")
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return d.files.Open(below)
}

package state

import (
	"archive/zip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// LoadKeptBooks reads the books from a copy. The caller must check by their Hash whether they are the expected ones
// (CHANGE-1).
func LoadKeptBooks(path string, s settings.Settings) (b *books.Books, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("read the copy of the books: %w", err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if b, err = load.Books(z, s); err != nil {
		return nil, fmt.Errorf("read the copy of the books %s: %w", path, err)
	}
	return b, nil
}

// between is the name under which a run that starts from manifest base writes the copy before it commits (CHANGE-6).
func between(path string, base int64) string {
	return fmt.Sprintf("%s-after-%06d.zip", strings.TrimSuffix(path, ".zip"), base)
}

// PrepareBooks copies the books of a workspace with root fsys. Current returns this copy as soon as there is a manifest
// after base. A copy of the same books is left unchanged. hash is the hash of the books. Keep must follow.
func PrepareBooks(path string, base int64, fsys fs.FS, hash [32]byte) error {
	name := hex.EncodeToString(hash[:])
	if z, err := zip.OpenReader(path); err == nil {
		same := z.Comment == name
		if err := z.Close(); err != nil || same {
			return errors.Join(err, drop(between(path, base)))
		}
	}
	return save(between(path, base), fsys, name)
}

// drop deletes the copy of a stopped run, if it exists.
func drop(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// KeepBooksFile makes the copy of Prepare the current one and deletes copies of stopped runs.
func KeepBooksFile(path string, base int64) error {
	err := os.Rename(between(path, base), path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // it was the current one already
	}
	left, bad := filepath.Glob(strings.TrimSuffix(path, ".zip") + "-after-*.zip")
	err = errors.Join(err, bad)
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("keep a copy of the books: %w", err)
	}
	return nil
}

// CurrentBooks returns the path of the current copy: path, or the copy of a run that was stopped between its commit and
// KeepBooksFile. newest returns the number of the lake's newest manifest; it is called only if there is such a copy.
func CurrentBooks(path string, newest func() (int64, error)) string {
	left, err := filepath.Glob(strings.TrimSuffix(path, ".zip") + "-after-*.zip")
	if err != nil || len(left) == 0 {
		return path
	}
	number, err := newest()
	for i := len(left) - 1; err == nil && i >= 0; i-- { // the newest first
		var base int64
		_, bad := fmt.Sscanf(strings.TrimPrefix(left[i], strings.TrimSuffix(path, ".zip")), "-after-%d.zip", &base)
		if bad == nil && base < number {
			return left[i]
		}
	}
	return path
}

// save writes the copy.
func save(path string, fsys fs.FS, name string) error {
	if err := storage.MakeDir(filepath.Dir(path), 0o777, storage.Name); err != nil {
		return fmt.Errorf("keep a copy of the books: %w", err)
	}
	// The lake's lock allows one run at a time, so one temporary name is enough. A torn copy is not used (CHANGE-1).
	o := storage.ReplaceOptions{Temporary: filepath.Base(path) + ".tmp"}
	if err := storage.ReplaceFile(path, o, func(f *os.File) error { return write(f, fsys, name) }); err != nil {
		return fmt.Errorf("keep a copy of the books: %w", err)
	}
	return nil
}

// write writes the books into a zip file with a comment.
func write(out io.Writer, fsys fs.FS, comment string) error {
	z := zip.NewWriter(out)
	if err := z.SetComment(comment); err != nil {
		return err
	}
	for _, f := range books.Formats() {
		in, err := fsys.Open("books/" + f.File)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = add(z, "books/"+f.File, in)
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return z.Close()
}

func add(z *zip.Writer, name string, in io.Reader) error {
	to, err := z.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, in)
	return err
}

// GoneFromBooks reports the optional books that have rows in the copy but are missing from the workspace, whose root is
// fsys. A missing book reads as an empty one, so that its effects would be undone silently (CHANGE-5). For a missing or
// damaged copy it reports none.
func GoneFromBooks(path string, fsys fs.FS) problem.Problems {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil
	}
	defer func() { _ = z.Close() }() // opened for reading
	var gone problem.Problems
	for _, f := range books.Formats() {
		name := "books/" + f.File
		if f.Required { // load.Books says so
			continue
		}
		if _, err := fs.Stat(fsys, name); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if text, err := fs.ReadFile(z, name); err == nil && hasRows(f.File, text) {
			gone = append(gone, problem.Problem{Pos: problem.Pos{File: name}, Text: "missing, but the last run used it",
				Hint: "put the file back from a copy. To empty the book, leave the file with its header row, or a " +
					"YAML book with a comment"})
		}
	}
	return gone
}

// hasRows reports whether a book has content: more than the header in a CSV file, more than comments in a YAML file.
func hasRows(name string, text []byte) bool {
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line != "" && (strings.HasSuffix(name, ".csv") || !strings.HasPrefix(line, "#")) {
			rows++
		}
	}
	return rows > 1 || rows == 1 && !strings.HasSuffix(name, ".csv")
}

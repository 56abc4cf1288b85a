package change

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

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Load reads the books from a copy. Whether they are those one looks for says their Hash (CHANGE-1).
func Load(path string, s settings.Settings) (b *books.Books, err error) {
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

// between is the name of the copy that a run over the manifest with a number makes before it commits (CHANGE-6).
func between(path string, base int64) string {
	return fmt.Sprintf("%s-after-%06d.zip", strings.TrimSuffix(path, ".zip"), base)
}

// Prepare keeps the books of a workspace, whose root fsys is, in a copy of which Gone knows that it is the current one
// as soon as there is a manifest after base. A copy of the same books is left as it is. hash is theirs. Keep follows.
func Prepare(path string, base int64, fsys fs.FS, hash [32]byte) error {
	name := hex.EncodeToString(hash[:])
	if z, err := zip.OpenReader(path); err == nil {
		same := z.Comment == name
		if err := z.Close(); err != nil || same {
			return errors.Join(err, drop(between(path, base)))
		}
	}
	return save(between(path, base), fsys, name)
}

// drop deletes the copy of a run that was stopped, if it is there.
func drop(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Keep makes the copy that Prepare made the current one, and deletes those of runs that were stopped.
func Keep(path string, base int64) error {
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

// Current is the current copy: that of a run which was stopped between its commit and Keep, or the one in path. newest
// returns the number of the lake's newest manifest; it is called only if there is such a copy.
func Current(path string, newest func() (int64, error)) string {
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
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("keep a copy of the books: %w", err)
	}
	// One run at a time has the lake's lock, so one temporary name does; a copy that is torn is no copy (CHANGE-1).
	temporary := path + ".tmp"
	if err := write(temporary, fsys, name); err != nil {
		return errors.Join(fmt.Errorf("keep a copy of the books: %w", err), os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("keep a copy of the books: %w", err)
	}
	return nil
}

// write writes the books into a zip file that bears a comment.
func write(path string, fsys fs.FS, comment string) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
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

// Gone reports the books that the copy has rows of and that the workspace, whose root fsys is, lacks: an optional book
// that is missing reads as an empty one, and what it said would be taken back without a word (CHANGE-5). A copy that is
// missing or damaged reports none.
func Gone(path string, fsys fs.FS) problem.Problems {
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

// hasRows reports whether a book says anything: a CSV file more than its header, a YAML file more than comments.
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

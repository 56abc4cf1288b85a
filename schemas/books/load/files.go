package load

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/schemas/visible"
)

// Dir is the folder of the books in a workspace.
const Dir = "books"

// Files holds the files of the books during one reading, and the problems found in them.
type Files struct {
	zone     *period.Zone
	Problems problem.Collector       // errors
	Notes    problem.Collector       // remarks that are no errors
	Formats  map[string]books.Format // file name → its format
	Data     map[string]string       // file name → text, of existing files that Each has not read yet
	Broken   map[string]bool         // books that could not be read: references to them are not checked
}

// NewSheet returns Files that have read nothing yet. Dates without an offset are in the zone.
func NewSheet(zone *period.Zone) *Files {
	f := &Files{zone: zone, Formats: map[string]books.Format{}, Data: map[string]string{}, Broken: map[string]bool{}}
	for _, format := range books.Formats() {
		f.Formats[format.File] = format
	}
	return f
}

// Read reads every book, returns the hash of their names and contents, and adds a note for files that are not books.
func (f *Files) Read(fsys fs.FS) (hash [32]byte, err error) {
	names := SheetNames()
	keep := func(name, data string) { f.Data[name] = visible.Unmarked(data) }
	if hash, err = hashFiles(fsys, names, keep); err != nil {
		return hash, err
	}
	entries, err := fs.ReadDir(fsys, Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return hash, fmt.Errorf("read books: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			f.Notes.Add(books.Pos{File: Dir + "/" + e.Name()}, "books: "+strings.Join(names, ", "),
				"not a book: it is not read")
		}
	}
	return hash, nil
}

// SheetNames are the names of all books, in order.
func SheetNames() []string {
	var names []string
	for _, f := range books.Formats() {
		names = append(names, f.File)
	}
	slices.Sort(names)
	return names
}

// hashFiles reads the books that exist, in the order of their names, and hashes names, sizes and bytes.
func hashFiles(fsys fs.FS, names []string, each func(name, data string)) (sum [32]byte, err error) {
	hash := sha256.New()
	buffer := make([]byte, 64<<10)
	for _, name := range names {
		data, err := readText(fsys, Dir+"/"+name, buffer)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return sum, fmt.Errorf("read books: %w", err)
		}
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(data)))
		hash.Write([]byte(name + "\x00"))
		hash.Write(size[:])
		for rest := data; rest != ""; {
			n := copy(buffer, rest)
			hash.Write(buffer[:n])
			rest = rest[n:]
		}
		each(name, data)
	}
	hash.Sum(sum[:0])
	return sum, nil
}

// readText reads a file as a string. Books can be large, so the bytes are not copied a second time.
func readText(fsys fs.FS, name string, buffer []byte) (string, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if info, err := file.Stat(); err == nil {
		text.Grow(int(max(0, info.Size())))
	}
	_, err = io.CopyBuffer(&text, struct{ io.Reader }{file}, buffer)
	return text.String(), errors.Join(err, file.Close())
}

// text returns the text of a book. ok is false if the book does not exist or is not UTF-8; if that is a problem, it is
// reported.
func (f *Files) text(format books.Format) (string, bool) {
	file := Dir + "/" + format.File
	data, ok := f.Data[format.File]
	if !ok {
		if format.Required {
			f.Problems.Add(books.Pos{File: file}, "put the file back; `tollbook init` makes an empty one with its "+
				"header row in a new folder", "not there")
			f.Broken[format.File] = true
		}
		return "", false
	}
	if wrong := visible.NotUTF8(data); wrong != "" {
		f.Problems.Add(invalidAt(file, data), "save the file as UTF-8", "%s", wrong)
		f.Broken[format.File] = true
		return "", false
	}
	return data, true
}

// invalidAt returns the place of the first byte that is not UTF-8.
func invalidAt(file, data string) books.Pos {
	at := books.Pos{File: file, Line: 1, Column: 1}
	if visible.UTF16(data) != "" {
		return at
	}
	for line := range strings.Lines(data) {
		if utf8.ValidString(line) {
			at.Line++
			continue
		}
		for {
			r, n := utf8.DecodeRuneInString(line)
			if r == utf8.RuneError && n <= 1 {
				return at
			}
			at.Column += n
			line = line[n:]
		}
	}
	return at
}

// Document reads a YAML book. ok is false if it does not exist or cannot be read.
func (f *Files) Document(file string) (root settings.YAMLNode, ok bool) {
	data, there := f.Data[file]
	if !there {
		return settings.YAMLNode{}, false
	}
	root, ok = settings.ParseYAML(Dir+"/"+file, []byte(data), &f.Problems)
	if !ok {
		f.Broken[file] = true
	}
	return root, ok && root.Kind != settings.Null
}

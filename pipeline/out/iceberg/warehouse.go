package iceberg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Warehouse is the place of the tables.
type Warehouse struct {
	st    storage.Storage
	chain storage.Chain // nil = a folder
	root  string        // URI, without a trailing slash
	dir   string        // path, if in a folder
	lake  string        // the lake's folder if in a folder, else the URI of the lake
}

// InFolder returns a warehouse in a folder, for a lake in a folder. Both paths are absolute.
func InFolder(dir, lakeDir string) *Warehouse {
	root := url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}
	return &Warehouse{st: storage.Dir(dir), root: root.Scheme + "://" + root.Path, dir: dir, lake: lakeDir}
}

// InStore returns a warehouse in an object store, for a lake in the same store. root and lakeRoot are their URIs.
func InStore(chain storage.Chain, root, lakeRoot string) *Warehouse {
	return &Warehouse{st: chain, chain: chain, root: strings.TrimSuffix(root, "/"),
		lake: strings.TrimSuffix(lakeRoot, "/")}
}

// Root returns the URI of the warehouse.
func (w *Warehouse) Root() string { return w.root }

// uri returns the URI of a name.
func (w *Warehouse) uri(name string) string { return w.root + "/" + name }

// name is the inverse of uri.
func (w *Warehouse) name(uri string) (string, error) {
	name, ours := strings.CutPrefix(uri, w.root+"/")
	if !ours {
		return "", fmt.Errorf("%s is not in the warehouse %s", uri, w.root)
	}
	return name, nil
}

// dataName returns the name of the link to a file of the lake.
func dataName(folder string, e *lake.FileEntry) string {
	_, rest, _ := strings.Cut(e.Path, "/")
	return folder + "/data/" + rest
}

// dataURI returns the URI by which a table names a file of the lake (ICE-2).
func (w *Warehouse) dataURI(folder string, e *lake.FileEntry) string {
	if w.chain != nil {
		return w.lake + "/" + e.Path
	}
	return w.uri(dataName(folder, e))
}

// readURI reads the object of a URI.
func (w *Warehouse) readURI(uri string) ([]byte, error) {
	name, err := w.name(uri)
	if err != nil {
		return nil, err
	}
	return w.read(name)
}

// read returns the content of a file.
func (w *Warehouse) read(name string) ([]byte, error) {
	f, err := w.st.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	return content, errors.Join(err, f.Close())
}

// create creates a file, durably and in one step. It returns fs.ErrExist if the name is taken (ICE-3). In a folder the
// caller must hold the lock.
func (w *Warehouse) create(name string, content []byte) error {
	if w.chain != nil {
		err := w.chain.CreateOnly(name, content)
		if errors.Is(err, fs.ErrExist) { // perhaps an earlier attempt of this publish
			if there, readErr := w.read(name); readErr == nil && bytes.Equal(there, content) {
				return nil
			}
		}
		return err
	}
	if _, err := os.Lstat(filepath.Join(w.dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
		}
		return err
	}
	return w.replace(name, content)
}

// replace creates or replaces a file, durably and in one step.
func (w *Warehouse) replace(name string, content []byte) error {
	temporary := path.Dir(name) + "/" + temporaryPrefix + path.Base(name)
	if w.chain != nil {
		temporary = "tmp/" + temporaryPrefix + strings.ReplaceAll(name, "/", "-")
	}
	if err := w.st.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // remove what a killed publish left
	}
	if err := storage.WriteText(w.st, temporary, content); err != nil {
		return err
	}
	if err := w.st.Rename(temporary, name); err != nil {
		return err
	}
	return storage.SyncTree(w.st, path.Dir(name))
}

// temporaryPrefix is the prefix of the name of a file that is being written.
const temporaryPrefix = ".unfinished-"

// metadataName matches the name of a version of the metadata file.
var metadataName = regexp.MustCompile(`^v([1-9][0-9]*)\.metadata\.json$`)

// version returns the number of a metadata file, or 0.
func version(name string) int {
	match := metadataName.FindStringSubmatch(path.Base(name))
	if match == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return n
}

func metadataFile(folder string, version int) string {
	return fmt.Sprintf("%s/metadata/v%d.metadata.json", folder, version)
}

// hintFile is the name of the file that has the number of the newest version.
const hintFile = "version-hint.text"

func hintOf(folder string) string { return folder + "/metadata/" + hintFile }

// replaceHint writes the number of a table's newest version.
func (w *Warehouse) replaceHint(folder string, version int) error {
	if err := w.replace(hintOf(folder), []byte(strconv.Itoa(version))); err != nil {
		return fmt.Errorf("write %s: %w", w.uri(hintOf(folder)), err)
	}
	return nil
}

// load reads the newest version of a table's metadata; 0 and nil if there is no table. It rejects a table that a
// catalog has (ICE-11).
func (w *Warehouse) load(folder string) (newest int, m *metadata, err error) {
	noted, err := w.registration(folder)
	switch {
	case err != nil:
		return 0, nil, err
	case noted != nil:
		return 0, nil, &ElsewhereError{Table: w.uri(folder), Catalog: noted.Catalog}
	}
	return w.newest(folder)
}

// newest reads the newest version of a table's metadata in the warehouse; 0 and nil if there is none.
func (w *Warehouse) newest(folder string) (newest int, m *metadata, err error) {
	seen, err := w.st.List(folder + "/metadata/")
	if err != nil {
		return 0, nil, fmt.Errorf("list Iceberg table %s: %w", w.uri(folder), err)
	}
	for _, e := range seen {
		newest = max(newest, version(e.Name))
	}
	if newest == 0 {
		return 0, nil, nil
	}
	name := metadataFile(folder, newest)
	text, err := w.read(name)
	if err == nil {
		m, err = parseMetadata(text)
	}
	if err != nil {
		return 0, nil, &TableError{Table: w.uri(folder), What: "read " + path.Base(name), Err: err}
	}
	return newest, m, nil
}

// TableError reports that a table cannot be read or changed.
type TableError struct {
	Table, What string
	Err         error
	InCatalog   bool // a catalog has it
}

// Error names the table, the operation and the reason.
func (e *TableError) Error() string {
	return fmt.Sprintf("Iceberg table %s: %s: %v", e.Table, e.What, e.Err)
}

// Unwrap returns the reason.
func (e *TableError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *TableError) Diagnosis() (problem.Class, string) {
	if e.InCatalog {
		return problem.ClassOf(e.Err),
			"if it is damaged, drop the table from the catalog without deleting its files, and delete its folder: " +
				"`tollbook publish` makes the table again"
	}
	return problem.ClassOf(e.Err),
		"if it is damaged, delete the table's folder: `tollbook publish` makes the table again"
}

// hold ensures, before a table names them, that the files of a state exist and are kept (ICE-2, ICE-4). It returns the
// number of links that were created.
func (w *Warehouse) hold(folder string, snap *lake.Snapshot, entries []*lake.FileEntry) (made int, err error) {
	if w.chain != nil {
		return 0, nil // Publish pins the state
	}
	there := make(map[string]int64)
	seen, err := w.st.List(folder + "/data/")
	if err != nil {
		return 0, fmt.Errorf("list Iceberg table %s: %w", w.uri(folder), err)
	}
	for _, e := range seen {
		there[e.Name] = e.Size
	}
	dirs := make(map[string]bool)
	for _, e := range entries {
		name := dataName(folder, e)
		if size, found := there[name]; found && size == e.Bytes {
			continue
		} else if found {
			if err := w.st.Remove(name); err != nil {
				return made, fmt.Errorf("replace damaged file of Iceberg table: %w", err)
			}
		}
		if err := w.link(name, snap, e); err != nil {
			return made, err
		}
		made++
		dirs[path.Dir(name)] = true
	}
	if err := storage.SyncTree(w.st, slices.Collect(maps.Keys(dirs))...); err != nil {
		return made, fmt.Errorf("sync Iceberg table %s: %w", w.uri(folder), err)
	}
	return made, nil
}

// link creates a hard link to a file of the lake.
func (w *Warehouse) link(name string, snap *lake.Snapshot, e *lake.FileEntry) error {
	target := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := storage.MakeDir(filepath.Dir(target), 0o777, storage.Unsynced); err != nil {
		return fmt.Errorf("make folder of Iceberg table: %w", err)
	}
	err := os.Link(filepath.Join(w.lake, filepath.FromSlash(e.Path)), target)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist): // there is a newer state, or the lake is damaged: the lake reports which
		f, openErr := snap.Open(*e)
		if openErr != nil {
			return openErr
		}
		return errors.Join(err, f.Close())
	}
	return &LinkError{Warehouse: w.dir, Lake: w.lake, Err: err}
}

// LinkError reports that a file of the lake cannot be linked into the warehouse.
type LinkError struct {
	Warehouse, Lake string
	Err             error
}

// Error names the lake, the warehouse and the reason.
func (e *LinkError) Error() string {
	return fmt.Sprintf("link a file of the lake %s into the Iceberg warehouse %s: %v", e.Lake, e.Warehouse, e.Err)
}

// Unwrap returns the reason.
func (e *LinkError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *LinkError) Diagnosis() (problem.Class, string) {
	return problem.ClassOf(e.Err),
		"set iceberg.warehouse to a folder on the lake's file system, one that has hard links"
}

// remove deletes a file that nothing names.
func (w *Warehouse) remove(ctx context.Context, name string) error {
	if w.chain != nil {
		return w.chain.Delete(ctx, name)
	}
	return w.st.Remove(name)
}

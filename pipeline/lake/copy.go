package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Copied counts the files of a copy.
type Copied struct {
	Files int   `json:"files"` // copied files, without those that existed
	Bytes int64 `json:"bytes"` // their bytes
	Kept  int   `json:"kept"`  // files that existed
}

// Copy copies a state to another storage: data files and lists, the chain of manifests, and HEAD last, each durable
// before the file that names it. A data file with the same name and size is kept, and a list with the same name. Their
// names are made durable, because a killed copy may not have synced the folder. Content is hashed while it is copied.
// Nothing is deleted: Sweep does that. Errors: *CorruptError for a file that differs from the manifest,
// *MovedError if a run removed a file meanwhile: start over then.
func Copy(ctx context.Context, s *Snapshot, to storage.Storage) (Copied, error) {
	c := &copying{from: s, to: to, has: make(map[string]int64), buf: make([]byte, storage.CopyBytes)}
	entries, err := to.List("")
	if err != nil {
		return c.done, fmt.Errorf("list the copy: %w", err)
	}
	for _, e := range entries {
		if kind, _ := Classify(e.Name); kind == TempFile && e.Name != IntentName {
			if err := to.Remove(e.Name); err != nil {
				return c.done, fmt.Errorf("clear up the copy: %w", err)
			}
			continue
		}
		c.has[e.Name] = e.Size
	}
	if s.Manifest.Number == 0 {
		return c.done, nil
	}
	for _, step := range []func(context.Context) error{c.files, c.manifests, c.head} {
		if err := step(ctx); err != nil {
			return c.done, err
		}
	}
	return c.done, nil
}

// SweepCopy deletes the lake's own files from a copy that the state does not name.
func SweepCopy(s *Snapshot, to storage.Storage) error {
	files, lists, err := s.All()
	if err != nil {
		return err
	}
	named := make(map[string]bool, len(files)+len(lists))
	for _, e := range files {
		named[e.Path] = true
	}
	for _, name := range lists {
		named[name] = true
	}
	entries, err := to.List("")
	if err != nil {
		return fmt.Errorf("list the copy: %w", err)
	}
	old := Replaced(to, entries)
	for _, e := range entries {
		kind, number := Classify(e.Name)
		if (kind == DataFile || kind == ListFile) && !named[e.Name] && old(e) ||
			kind == ManifestFile && number > s.Manifest.Number || kind == TempFile {
			if err := to.Remove(e.Name); err != nil {
				return fmt.Errorf("clear up the copy: %w", err)
			}
		}
	}
	return nil
}

// CheckCopy checks that a copy in an object store has every file that the state names. It returns the error of the
// first missing file.
func CheckCopy(s *Snapshot, to storage.Storage) error {
	chain := storage.AsChain(to)
	if chain == nil {
		return nil
	}
	entries, err := to.List("")
	if err != nil {
		return fmt.Errorf("list the copy: %w", err)
	}
	has := make(map[string]bool, len(entries))
	for _, e := range entries {
		has[e.Name] = true
	}
	files, lists, err := s.All()
	if err != nil {
		return err
	}
	for _, e := range files {
		lists = append(lists, e.Path)
	}
	for _, name := range append(lists, s.Name()) {
		if has[name] {
			continue
		}
		if _, err := chain.Stat(name); err != nil { // a listing may be late
			return fmt.Errorf("check the copy of the lake: %w; copy again", err)
		}
	}
	return nil
}

// copying is the state of one Copy.
type copying struct {
	from     *Snapshot
	to       storage.Storage
	has      map[string]int64 // bytes by name
	sequence int64
	touched  []string // folders
	done     Copied
	buf      []byte // shared by all files
}

// files copies data files and lists.
func (c *copying) files(ctx context.Context) error {
	files, _, err := c.from.All()
	if err != nil {
		return err
	}
	for _, e := range files {
		if size, there := c.has[e.Path]; there && size == e.Bytes {
			c.keep(e.Path)
			continue
		}
		f, err := c.from.Open(e)
		if err != nil {
			return err
		}
		if err := errors.Join(c.put(ctx, e.Path, e.Hash, f), f.Close()); err != nil {
			return err
		}
	}
	lists, err := c.from.Lists()
	if err != nil {
		return err
	}
	for _, l := range lists {
		if err := c.small(ctx, l.Name, l.Hash, l.By); err != nil {
			return err
		}
	}
	return c.sync()
}

// manifests copies the missing manifests of the chain. After a power failure a manifest can exist although the one
// before it is lost, so all are checked.
func (c *copying) manifests(ctx context.Context) error {
	type link struct {
		number int64
		hash   Hash
	}
	var missing []link
	chain, err := c.from.History()
	if err != nil {
		return err
	}
	hash := c.from.Hash
	c.touched = append(c.touched, ManifestsDir) // of manifests that are there too
	for _, m := range chain {
		b, err := storage.ReadAll(c.to, NameOf(m.Number))
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("read the copy: %w", err)
		case err == nil && HashBytes(b) == hash:
		case err == nil && m.Number == 1:
			return fmt.Errorf("copy the lake: %s there is of another lake; use another folder", NameOf(1))
		default:
			missing = append(missing, link{m.Number, hash})
		}
		hash = m.Parent
	}
	if len(missing) > 0 {
		if err := c.announce(ctx); err != nil {
			return err
		}
	}
	for _, l := range slices.Backward(missing) {
		delete(c.has, NameOf(l.number)) // a manifest of an abandoned state
		if err := c.small(ctx, NameOf(l.number), l.hash, NameOf(l.number+1)); err != nil {
			return Unmoved(err, NameOf(l.number+1))
		}
	}
	return c.sync()
}

// announce announces the manifest that HEAD will name: until then, readers of the copy take newer manifests for
// uncommitted ones (LAKE-14).
func (c *copying) announce(ctx context.Context) error {
	b := EncodeHead(c.from.Manifest.Number, c.from.Hash)
	if err := c.write(ctx, IntentName, HashBytes(b), bytes.NewReader(b)); err != nil {
		return err
	}
	return c.sync()
}

// head makes HEAD name the state in the copy.
func (c *copying) head(ctx context.Context) error {
	b := EncodeHead(c.from.Manifest.Number, c.from.Hash)
	if old, err := storage.ReadAll(c.to, HeadName); err != nil || string(old) != string(b) {
		if err := c.write(ctx, HeadName, HashBytes(b), bytes.NewReader(b)); err != nil {
			return err
		}
		if err := c.sync(); err != nil {
			return err
		}
	}
	if err := c.to.Remove(IntentName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear up the copy: %w", err)
	}
	c.touched = append(c.touched, TempDir)
	return c.sync()
}

// small copies a list or a manifest.
func (c *copying) small(ctx context.Context, name string, hash Hash, by string) error {
	if _, there := c.has[name]; there {
		c.keep(name)
		return nil
	}
	b, err := c.from.ReadNamed(name, hash, by)
	if err != nil {
		return err
	}
	return c.put(ctx, name, hash, bytes.NewReader(b))
}

// keep counts a file that exists in the copy. Its name may not be durable yet.
func (c *copying) keep(name string) {
	c.done.Kept++
	c.touched = append(c.touched, path.Dir(name))
}

// put copies one file and counts it.
func (c *copying) put(ctx context.Context, name string, hash Hash, from io.Reader) error {
	c.done.Files++
	return c.write(ctx, name, hash, from)
}

// write writes a file under a temporary name, checks the hash, makes the file durable and renames it.
func (c *copying) write(ctx context.Context, name string, hash Hash, from io.Reader) error {
	c.sequence++
	temporary := TempName(c.sequence, "copy")
	sum := sha256.New()
	var n int64
	err := storage.WriteNew(c.to, temporary, func(f io.Writer) (err error) {
		n, err = io.CopyBuffer(f, io.TeeReader(storage.Until(ctx, from), sum), c.buf)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	if got := HashSum([sha256.Size]byte(sum.Sum(nil))); got != hash {
		return &CorruptError{Name: name, Detail: fmt.Sprintf("hash is %s, %s says %s", got, c.from.Name(),
			hash), Hint: HintRestore}
	}
	if err := c.to.Rename(temporary, name); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	if name != HeadName && name != IntentName {
		c.done.Bytes += n
	}
	c.touched = append(c.touched, path.Dir(name))
	return nil
}

// sync makes the new names durable.
func (c *copying) sync() error {
	if err := storage.SyncTree(c.to, c.touched...); err != nil {
		return &SyncError{Name: "the folders of the copy", Err: err}
	}
	c.touched = nil
	return nil
}

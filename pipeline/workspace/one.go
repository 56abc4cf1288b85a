package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/settings"
)

// BooksCache says where OpenOne stores books that were read without a problem. A cache that is lost, damaged or not
// writable costs only time.
type BooksCache struct {
	Program string // identifies the build
	Books   string // the file with the books
	Stamps  string // the file with the stamps of their files
	// Failed is called with the reason if the books cannot be stored.
	Failed func(error)
}

// OpenOne is Open for a reader that needs one customer: Books can lack rows of other customers and prices (load.OneOf),
// if the cache has books of these settings and this build whose files have the same stamps, or the same contents.
// Errors: as for Open.
func OpenOne(dir, customer string, cache BooksCache) (*Workspace, error) {
	s, err := settings.Load(SettingsFile(dir))
	if err != nil {
		return nil, err
	}
	root, err := BooksRoot(dir, &s)
	if err != nil {
		return nil, err
	}
	o := oneReading{cache: cache, dir: dir, root: root, s: s, stamped: !s.Resolve(s.Books).InStore()}
	b, err := o.books(customer)
	if err != nil {
		return nil, err
	}
	return &Workspace{Dir: dir, Settings: s, Books: b}, nil
}

// oneReading is one call of OpenOne.
type oneReading struct {
	cache   BooksCache
	dir     string
	root    fs.FS
	s       settings.Settings
	stamped bool // the stamps show when a file of the books changed
	stamps  *inbox.Hashes
	kept    load.Names // of the cache's file
}

// books returns the books for a reader that needs one customer.
func (o *oneReading) books(customer string) (*books.Books, error) {
	o.stamps, _ = inbox.LoadHashes(o.cache.Stamps) // a damaged file gives none
	if b, ok := o.fromCache(customer); ok {
		return b, nil
	}
	return o.fromFiles(customer)
}

// fromCache returns the books in the cache; ok is false if they are not certain to be those of the workspace.
func (o *oneReading) fromCache(customer string) (b *books.Books, ok bool) {
	f, err := os.Open(o.cache.Books)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	file, err := load.OpenPacked(f)
	if err != nil {
		return nil, false
	}
	o.kept = file.Names
	if file.Key == "" || !o.stamped || o.key() != file.Key {
		return nil, false
	}
	texts, err := file.Of(customer)
	if err != nil {
		o.kept.Key = "" // the file is then written again
		return nil, false
	}
	return load.OneOf(texts, o.s)
}

// key identifies build, settings and the hashes of the books' files; "" if a file has another stamp than in the cache.
func (o *oneReading) key() string {
	text := fmt.Appendf(nil, "packed %q %x", o.cache.Program, o.s.Hash)
	for _, book := range load.SheetNames() {
		name := load.Dir + "/" + book
		if _, err := fs.Stat(o.root, name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		hash, ok := o.stamps.Known(o.root, name)
		if !ok {
			return ""
		}
		text = fmt.Appendf(text, " %s %s", book, hash)
	}
	return string(lake.HashBytes(text))
}

// fromFiles reads the books and stores them in the cache. It reads all customers unless books with these contents were
// already read without a problem.
func (o *oneReading) fromFiles(customer string) (*books.Books, error) {
	var note string
	b, texts, err := load.One(o.root, o.s, customer, func(hash [32]byte) bool {
		note = string(lake.HashBytes(fmt.Appendf(nil, "books %q %x %x", o.cache.Program, o.s.Hash, hash)))
		return note == o.kept.Note
	})
	if note != o.kept.Note {
		b, err = withGone(&Workspace{Dir: o.dir, Settings: o.s}, o.root, b, err)
	}
	if err != nil {
		return nil, err
	}
	if err := o.remember(load.Names{Note: note}, texts); err != nil {
		o.cache.Failed(err)
	}
	return b, nil
}

// remember writes the cache. It includes the books only if any later change of their files would change the stamps.
func (o *oneReading) remember(n load.Names, texts map[string]string) error {
	if err := storage.MakeDir(filepath.Dir(o.cache.Books), 0o700, storage.Unsynced); err != nil {
		return err
	}
	if o.stamped {
		if err := o.stamp(texts); err != nil {
			return err
		}
		n.Key = o.key()
	}
	if n == o.kept {
		return nil
	}
	file, err := load.Pack(n, texts, load.PerCustomer())
	if err != nil {
		return err
	}
	return inbox.ReplaceFile(o.cache.Books, string(file))
}

// stamp stores the stamps of the books that were read.
func (o *oneReading) stamp(texts map[string]string) error {
	for name, text := range texts {
		hash, _, err := o.stamps.Hash(o.root, load.Dir+"/"+name)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256([]byte(text)); hash != hex.EncodeToString(sum[:])[:len(hash)] {
			return fmt.Errorf("book %s changed while it was read", name)
		}
	}
	return o.stamps.Save()
}

package workspace

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/settings"
)

// OpenOne is Open for a reader that asks about one customer. note names the program, the settings and the books, which
// were read without a problem; the caller keeps it for the next time. If it is equal to noted, Books has no rows of
// other customers (load.One). Errors: as of Open.
func OpenOne(dir, program, customer, noted string) (w *Workspace, note string, err error) {
	s, err := settings.Load(SettingsFile(dir))
	if err != nil {
		return nil, "", err
	}
	root, err := BooksRoot(dir, &s)
	if err != nil {
		return nil, "", err
	}
	b, err := load.One(root, s, customer, func(hash [32]byte) bool {
		note = string(manifest.HashBytes(fmt.Appendf(nil, "books %q %x %x", program, s.Hash, hash)))
		return note == noted
	})
	if note != noted {
		b, err = withGone(dir, root, b, err)
	}
	if err != nil {
		return nil, "", err
	}
	return &Workspace{Dir: dir, Settings: s, Books: b}, note, nil
}

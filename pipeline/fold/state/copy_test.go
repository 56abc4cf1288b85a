package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/pipeline/fold/state"
)

// TestGone tests CHANGE-5: a book is reported if it is missing and the copy has rows of it. A book without rows may be
// missing, and without a copy any book may be missing.
func TestGone(t *testing.T) {
	t.Parallel()
	const header = "package_id,customer_id,skus,quota,reset,valid_from\n"
	all := fstest.MapFS{
		"books/packages.csv":    {Data: []byte(header + "p,acme,gb,5,cycle,2026-01-01\n")},
		"books/discounts.csv":   {Data: []byte("discount_id\n\n")},
		"books/policies.yaml":   {Data: []byte("# percentiles\np95: {method: monthly_p95}\n")},
		"books/incentives.yaml": {Data: []byte("# none\n")},
		"books/prices.csv":      {Data: []byte("sku\ngb\n")}, // a required book: load.Books reports it if it is missing
	}
	path := filepath.Join(t.TempDir(), "runs", "books.zip")
	if gone := state.GoneFromBooks(path, fstest.MapFS{}); gone != nil {
		t.Errorf("without a copy: %v", gone)
	}
	if err := errors.Join(state.PrepareBooks(path, 1, all, [32]byte{1}), state.KeepBooksFile(path, 1)); err != nil {
		t.Fatal(err)
	}
	if gone := state.GoneFromBooks(path, all); gone != nil {
		t.Errorf("nothing is missing: %v", gone)
	}
	empty := fstest.MapFS{"books/packages.csv": {Data: []byte(header)}, "books/policies.yaml": {Data: []byte("#\n")}}
	if gone := state.GoneFromBooks(path, empty); gone != nil {
		t.Errorf("emptied books: %v", gone)
	}
	gone := state.GoneFromBooks(path, fstest.MapFS{})
	named := make(map[string]bool)
	for _, p := range gone {
		named[p.File] = true
	}
	if len(gone) != 2 || !named["books/packages.csv"] || !named["books/policies.yaml"] {
		t.Errorf("missing books: %v, want books/packages.csv and books/policies.yaml", gone)
	}
}

// TestStoppedBetween tests CHANGE-6.
func TestStoppedBetween(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "runs", "books.zip")
	at := func(newest int64) string {
		return filepath.Base(state.CurrentBooks(path, func() (int64, error) { return newest, nil }))
	}
	same := func(newest int64, want string) {
		t.Helper()
		if got := at(newest); got != want {
			t.Errorf("the newest manifest is %d: %s, want %s", newest, got, want)
		}
	}
	book := func(text string) fstest.MapFS {
		return fstest.MapFS{"books/packages.csv": {Data: []byte("id\n" + text)}}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	same(5, "books.zip")
	must(state.PrepareBooks(path, 5, book("a"), [32]byte{1}))
	same(5, "books.zip") // no run has committed after manifest 5
	same(6, "books-after-000005.zip")
	must(state.PrepareBooks(path, 6, book("b"), [32]byte{2})) // the next run is interrupted too
	same(6, "books-after-000005.zip")
	same(7, "books-after-000006.zip")
	must(state.KeepBooksFile(path, 6))
	same(7, "books.zip")
	must(state.PrepareBooks(path, 7, book(""), [32]byte{3})) // interrupted before its commit; then the book is restored
	must(errors.Join(state.PrepareBooks(path, 7, book("b"), [32]byte{2}), state.KeepBooksFile(path, 7)))
	if gone := state.GoneFromBooks(path, fstest.MapFS{}); len(gone) != 1 {
		t.Errorf("the copy is not of the books that are used: %v", gone)
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("%v, %v; want books.zip alone", list, err)
	}
}
